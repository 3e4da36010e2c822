//! What is done with senders.

use super::Channel;
use crate::{
    shared::{Bytes, Interpreter, RANKS, RECEIVERS, Value},
    slot::{Call, Did, Item, Log, Slot},
};
use overwrite_channel::{SendError, Sender, SharedSender};
use std::cmp::Ordering;
use support::{
    panics::{Bomb, caught, strike},
    waker::Event,
};

/// Either kind of sender.
#[derive(Clone)]
pub(crate) enum Handle {
    Own(Sender<Value>),
    Shared(SharedSender<Value>),
}

/// Calls what both kinds of sender have.
macro_rules! with {
    ($tx:ident => $call:expr) => {
        match $tx {
            Handle::Own($tx) => $call,
            Handle::Shared($tx) => $call,
        }
    };
}
pub(super) use with;

/// Where a key panics.
#[derive(Clone, Copy, PartialEq)]
enum Strike {
    Making,
    Comparing,
    Dropping,
}

/// The smallest rank counts as the newest.
struct Key {
    rank: usize,
    strikes: Option<Strike>,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if [self.strikes, other.strikes].contains(&Some(Strike::Comparing)) {
            strike();
        }
        other.rank.cmp(&self.rank)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Key {}

impl Drop for Key {
    fn drop(&mut self) {
        if self.strikes == Some(Strike::Dropping) {
            strike();
        }
    }
}

const NEWEST: usize = 1;
/// The smallest rank counts as the newest.
const NEWEST_BY_KEY: usize = 2;
/// Merged with the unread one: their ranks are added.
const MERGED: usize = 3;
/// From here on, by its sink.
const SINK: usize = 4;

impl Log {
    /// Sends in the middle of a call, with any sender.
    pub(super) fn send_by(
        &self,
        value: Value,
        send: impl FnOnce(Value) -> Result<Option<Value>, SendError<Value>>,
    ) {
        self.send(Item::of(&value), || {
            let outcome = send(value).map(|displaced| displaced.map(Value::taken));
            outcome.map_err(|refused| refused.into_inner().taken())
        });
    }
}

/// Returns a closure that looks at the unread value, which ends there, and adds its rank.
fn merging(sent: usize, mut key: impl FnMut(&Value) -> Key) -> impl FnMut(Value, Value) -> Value {
    let mut sum = sent;
    move |unread, mut value| {
        assert_eq!(value.rank, sum, "not what was sent, or merged");
        drop(key(&unread));
        sum = (unread.rank + sum) % RANKS;
        unread.taken();
        value.rank = sum;
        value
    }
}

impl Handle {
    pub(super) fn into_shared(self) -> Self {
        match self {
            Self::Own(tx) => Self::Shared(tx.into_shared()),
            shared @ Self::Shared(_) => shared,
        }
    }

    pub(super) fn try_clone(&self) -> Option<Self> {
        match self {
            Self::Own(tx) => tx.try_clone().map(Self::Own),
            Self::Shared(tx) => tx.try_clone().map(Self::Shared),
        }
    }

    /// Returns nothing if they are of different kinds.
    pub(super) fn is_same_channel(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Own(tx), Self::Own(other)) => Some(tx.same_channel(other)),
            (Self::Shared(tx), Self::Shared(other)) => Some(tx.same_channel(other)),
            _ => None,
        }
    }
}

impl Slot<Channel> {
    pub(super) fn send(&mut self, sender: usize, bytes: &mut Bytes<'_>) {
        let how = bytes.below(if cfg!(feature = "sink") { SINK + 2 } else { SINK });
        let mut value = Value::new(&self.model.ledger, bytes.below(RANKS));
        if bytes.one_in(4) {
            value = value.panicking_in(Event::Drop);
        }
        let item = Item::of(&value);
        let look = self.looker(bytes);
        let (strikes_at, mut strikes) =
            (bytes.below(4), bytes.pick(&[Strike::Making, Strike::Comparing, Strike::Dropping]));
        if strikes_at == 0 && strikes == Strike::Comparing || how == MERGED {
            // The first key is compared with the second only. Unread values are merged, and not compared.
            strikes = Strike::Making;
        }
        let has_closure = [NEWEST_BY_KEY, MERGED].contains(&how);
        // The closure panics as it is dropped.
        let bomb = (has_closure && bytes.one_in(8)).then(|| Bomb);
        let nests = has_closure && bytes.one_in(3) && self.model.has_room();
        let mut inner = nests.then(|| Value::new(&self.model.ledger, bytes.below(RANKS)));
        let (log, is_bomb, mut looks) = (self.log.clone(), bomb.is_some(), 0);
        let mut key = move |tx: Option<&SharedSender<Value>>, value: &Value| {
            // While it looks, the same handle sends.
            if let (Some(tx), Some(value)) = (tx, inner.take()) {
                log.send_by(value, |value| tx.send(value));
            }
            let (_held, strikes) = (&bomb, (looks == strikes_at).then_some(strikes));
            looks += 1;
            look(value, matches!(strikes, Some(Strike::Making | Strike::Comparing)));
            if strikes == Some(Strike::Making) {
                strike();
            }
            Key { rank: value.rank, strikes }
        };
        let burns_at = (strikes == Strike::Dropping).then_some(strikes_at);
        let mut was_merged = None;
        let merged = |merged| {
            was_merged = Some(merged);
            None
        };
        let tx = self.senders[sender].idle();
        // What was done until now, by dropping a future, is done.
        self.catch_up();
        let is_refused = self.model.handles[RECEIVERS] == 0;
        let before = self.futures();
        let sent = caught(|| match (how, tx) {
            (NEWEST, tx) => with!(tx => tx.send_newest(value)),
            (NEWEST_BY_KEY, Handle::Own(tx)) => {
                tx.send_newest_by_key(value, move |value| key(None, value))
            }
            (NEWEST_BY_KEY, Handle::Shared(tx)) => {
                let tx = &*tx;
                tx.send_newest_by_key(value, move |value| key(Some(tx), value))
            }
            (MERGED, Handle::Own(tx)) => {
                let key = move |unread: &Value| key(None, unread);
                tx.send_merged(value, merging(item.rank, key)).map(merged)
            }
            (MERGED, Handle::Shared(tx)) => {
                let tx = &*tx;
                let key = move |unread: &Value| key(Some(tx), unread);
                tx.send_merged(value, merging(item.rank, key)).map(merged)
            }
            #[cfg(feature = "sink")]
            (SINK, Handle::Shared(tx)) => by_sink(&mut &*tx, value),
            #[cfg(feature = "sink")]
            (SINK.., tx) => with!(tx => by_sink(tx, value)),
            (_, tx) => with!(tx => tx.send(value)),
        });
        if is_refused {
            let back = sent.and_then(Result::err).map(|refused| refused.into_inner().taken());
            assert_eq!(back, (!is_bomb).then_some(item.id), "no receiver is left");
            assert!(self.log.looks().is_empty(), "the key of a value that is not sent");
            return;
        }
        // It wakes only after its last exchange.
        let log = self.log.take();
        let strikes = log.iter().any(|did| matches!(did, Did::Look { strikes: true, .. }));
        assert!(!strikes || sent.is_none(), "a panic is swallowed");
        let has_displaced = how != MERGED && self.model.slot.is_some();
        let is_alone = log.iter().all(|did| matches!(did, Did::Look { .. }));
        if sent.is_some() && is_alone && (has_displaced || was_merged == Some(true)) {
            self.check_past_stalled(before);
        }
        let model = &mut self.model;
        let not_kept = match how {
            NEWEST => model.send_newest(item, |held, best| held > best, false, None, log),
            NEWEST_BY_KEY => model.send_newest(item, |held, best| held < best, true, burns_at, log),
            MERGED => {
                let merged = model.send_merged(item, log);
                assert!(was_merged.is_none_or(|was| was == merged), "merged or not");
                None
            }
            _ => {
                let displaced = model.slot.replace(item);
                model.replay(log, &mut Call::default(), |_| true);
                displaced
            }
        };
        match sent {
            Some(Ok(displaced)) if how < SINK => {
                assert_eq!(displaced.map(Value::taken), not_kept.map(|item| item.id));
            }
            Some(Err(SendError(_))) => panic!("it was refused"),
            // It went with a panic, or by a sink.
            _ => assert!(not_kept.is_none_or(|item| !model.ledger.is_alive(item.id))),
        }
    }
}

/// Sends through a sink, which drops what is displaced.
#[cfg(feature = "sink")]
fn by_sink<S>(sink: &mut S, value: Value) -> Result<Option<Value>, SendError<Value>>
where
    S: futures::Sink<Value, Error = SendError<Value>> + Unpin,
{
    use futures::SinkExt;
    use std::task::{Context, Poll, Waker};

    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(sink.poll_ready_unpin(&mut cx), Poll::Ready(Ok(()))));
    sink.start_send_unpin(value)?;
    assert!(matches!(sink.poll_flush_unpin(&mut cx), Poll::Ready(Ok(()))));
    assert!(matches!(sink.poll_close_unpin(&mut cx), Poll::Ready(Ok(()))));
    Ok(None)
}
