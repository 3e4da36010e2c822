//! What is done with senders.

use super::{
    Channel,
    model::{Call, Item},
};
use crate::shared::{Bytes, Interpreter, RANKS, RECEIVERS, Value};
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
/// From here on, by its sink.
const SINK: usize = 3;

impl Channel {
    pub(super) fn send(&mut self, desk: usize, bytes: &mut Bytes<'_>) {
        let how = bytes.below(if cfg!(feature = "sink") { SINK + 2 } else { SINK });
        let mut value = Value::new(&self.model.ledger, bytes.below(RANKS));
        if bytes.one_in(4) {
            value = value.panicking_in(Event::Drop);
        }
        let item = Item::of(&value);
        let look = self.looker(bytes);
        let (strikes_at, mut strikes) =
            (bytes.below(4), bytes.pick(&[Strike::Making, Strike::Comparing, Strike::Dropping]));
        if strikes_at == 0 && strikes == Strike::Comparing {
            // The first key is compared with the second only.
            strikes = Strike::Making;
        }
        // The closure panics as it is dropped.
        let bomb = (how == NEWEST_BY_KEY && bytes.one_in(8)).then(|| Bomb);
        let (is_bomb, mut looks) = (bomb.is_some(), 0);
        let mut key = move |value: &Value| {
            let (_held, strikes) = (&bomb, (looks == strikes_at).then_some(strikes));
            looks += 1;
            look(value, matches!(strikes, Some(Strike::Making | Strike::Comparing)));
            if strikes == Some(Strike::Making) {
                strike();
            }
            Key { rank: value.rank, strikes }
        };
        let burns_at = (strikes == Strike::Dropping).then_some(strikes_at);
        let nests = how == NEWEST_BY_KEY && bytes.one_in(3);
        let mut inner = nests.then(|| Value::new(&self.model.ledger, bytes.below(RANKS)));
        let log = self.log.clone();
        let tx = self.desks[desk].idle();
        // What was done until now, by dropping a future, is done.
        self.catch_up();
        let is_refused = self.model.handles[RECEIVERS] == 0;
        let sent = caught(|| match (how, tx) {
            (NEWEST, tx) => with!(tx => tx.send_newest(value)),
            // While the key looks, the same handle sends.
            (NEWEST_BY_KEY, Handle::Shared(tx)) => {
                let tx = &*tx;
                tx.send_newest_by_key(value, move |value| {
                    if let Some(value) = inner.take() {
                        log.send(value, |value| tx.send(value));
                    }
                    key(value)
                })
            }
            (NEWEST_BY_KEY, Handle::Own(tx)) => tx.send_newest_by_key(value, key),
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
        let (log, model) = (self.log.take(), &mut self.model);
        let not_kept = match how {
            NEWEST => model.send_newest(item, |held, best| held > best, false, None, log),
            NEWEST_BY_KEY => model.send_newest(item, |held, best| held < best, true, burns_at, log),
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
