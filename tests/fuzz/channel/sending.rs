//! What is done with senders.

use super::{
    Desk, MOST_HANDLES, RANKS, World,
    handles::Handle,
    model::{Call, Item, Newest},
};
use crate::mishaps::{Bytes, Value, caught};
use futures::{Sink, future::FusedFuture};
use overwrite_channel::{SendError, SharedSender};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

const NEWEST: usize = 1;
const NEWEST_BY_KEY: usize = 2;
/// From here on, by its sink.
const SINK: usize = 3;

impl World {
    pub(super) fn sender(&mut self, what: usize, desk: usize, bytes: &mut Bytes<'_>) {
        match what {
            0..=4 => self.send(what, desk, bytes),
            5 if self.desks.len() < MOST_HANDLES => {
                let clone = self.desks[desk].tx().duplicate();
                self.desks.push(Desk::new(clone));
                self.model.senders += 1;
            }
            6 => {
                let mut old = self.desks.swap_remove(desk);
                let handle = old.idle().duplicate();
                drop(old);
                self.desks.push(Desk::new(match handle {
                    Handle::Own(tx) if bytes.one_in(2) => Handle::Shared(SharedSender::from(tx)),
                    Handle::Own(tx) => Handle::Shared(tx.into_shared()),
                    shared @ Handle::Shared(_) => shared,
                }));
            }
            // Without a sender, or a receiver, little happens any more.
            7 if self.desks.len() > 1 || bytes.one_in(4) => {
                let old = self.desks.swap_remove(desk);
                self.model.senders -= 1;
                caught(|| drop(old));
            }
            _ => self.closed(desk, bytes),
        }
    }

    fn send(&mut self, how: usize, desk: usize, bytes: &mut Bytes<'_>) {
        let value = self.model.ledger.issue(bytes.below(RANKS), bytes.one_in(4));
        let item = Item::of(&value);
        let (looker, mut looks) = (self.looker(bytes), bytes.below(4));
        let key = move |value: &Value| {
            looker.look(value, looks == 0);
            looks -= 1;
            value.rank
        };
        let tx = self.desks[desk].idle();
        // What was done until now, by dropping a future, is done.
        self.catch_up();
        let is_refused = self.model.receivers == 0;
        let sent = caught(|| match (tx, how) {
            (Handle::Own(tx), NEWEST) => tx.send_newest(value),
            (Handle::Own(tx), NEWEST_BY_KEY) => tx.send_newest_by_key(value, key),
            (Handle::Own(tx), SINK..) => by_sink(Pin::new(tx), value),
            (Handle::Shared(tx), NEWEST) => tx.send_newest(value),
            (Handle::Shared(tx), NEWEST_BY_KEY) => tx.send_newest_by_key(value, key),
            (Handle::Shared(tx), SINK) => by_sink(Pin::new(&mut &*tx), value),
            (Handle::Shared(tx), SINK..) => by_sink(Pin::new(tx), value),
            (tx, _) => tx.send(value),
        });
        if is_refused {
            let back = sent.and_then(Result::err).map(|SendError(value)| value.taken());
            assert_eq!(back, Some(item.id), "nobody is there");
            return;
        }
        let not_kept = self.sent(how, item);
        match sent {
            Some(Ok(displaced)) if how < SINK => {
                assert_eq!(displaced.map(Value::taken), not_kept.map(|item| item.id));
            }
            Some(Err(SendError(_))) => panic!("it was refused"),
            // It went with a panic, or by a sink.
            _ => {
                assert!(not_kept.is_none_or(|item| !self.model.ledger.is_alive(item.id)));
            }
        }
    }

    /// Returns what it has not kept. It wakes only after its last exchange.
    fn sent(&mut self, how: usize, item: Item) -> Option<Item> {
        let (log, model) = (self.log.take(), &mut self.model);
        if how != NEWEST && how != NEWEST_BY_KEY {
            let displaced = model.slot.replace(item);
            model.replay(log, &mut Call::default(), |_| true);
            return displaced;
        }
        let mut newest = Newest::new(item);
        while how == NEWEST && !newest.is_over {
            newest.has_looked(false, model);
        }
        newest.replay(log, model);
        assert!(newest.is_over, "it did not look at what it displaced");
        newest.not_kept
    }

    fn closed(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let desk = &mut self.desks[index];
        if bytes.one_in(4) {
            let (tx, is_closed) = (desk.tx(), self.model.receivers == 0);
            return desk.closing.change(bytes, is_closed, &mut desk.in_a_row, || tx.closed());
        }
        if desk.closed.is_none() {
            desk.closed = Some((desk.tx().closed(), None));
            return;
        }
        if bytes.one_in(4) {
            desk.idle();
            return;
        }
        let now = self.sleeper(bytes);
        let (closed, last) = self.desks[index].closed.as_mut().expect("it is there");
        let poll = caught(|| now.poll(|cx| Pin::new(&mut *closed).poll(cx)));
        let (last, is_over) = (last.take(), closed.is_terminated());
        self.catch_up();
        let is_closed = self.model.receivers == 0;
        let desk = &mut self.desks[index];
        let yields = desk.in_a_row.closed(poll, is_closed, &now);
        assert!(poll.is_none() || is_over == (is_closed && !yields));
        assert!(is_closed || !is_over);
        match (poll, &mut desk.closed) {
            (Some(_), Some((_, sleeper))) if !is_over => {
                *sleeper = Some(now);
                caught(|| drop(last));
            }
            _ => {
                // A panic came out of it, and it may be polled again.
                if is_over || bytes.one_in(2) {
                    desk.idle();
                }
                caught(|| drop((last, now)));
            }
        }
    }
}

/// It says nothing of what it displaces.
fn by_sink<S>(mut sink: Pin<&mut S>, value: Value) -> Result<Option<Value>, SendError<Value>>
where
    S: Sink<Value, Error = SendError<Value>>,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(sink.as_mut().poll_ready(&mut cx), Poll::Ready(Ok(()))));
    sink.as_mut().start_send(value)?;
    assert!(matches!(sink.as_mut().poll_flush(&mut cx), Poll::Ready(Ok(()))));
    assert!(matches!(sink.poll_close(&mut cx), Poll::Ready(Ok(()))));
    Ok(None)
}
