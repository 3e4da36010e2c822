//! What a sender does, as a thread or as a task: one send, or whatever else, and then a pause.

use super::{
    MOST_NUDGES, MOST_SENDERS, Sends, Value, World,
    ledger::{Fate, in_sink},
};
use crate::{dice::Dice, mishaps, posts::Post, tally::cancelled};
use futures::{FutureExt, Sink, future::join_all};
use overwrite_channel::{ClosedFuture, SendError, Sender, SharedSender};
use std::{
    future::Future,
    hint, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

pub(super) const WAITS: &str = "waits until its value is taken";

pub(super) enum Handle {
    Own(Sender<Value>),
    Shared(Arc<SharedSender<Value>>),
}

impl Handle {
    fn closed(&self) -> ClosedFuture<'_> {
        match self {
            Self::Own(tx) => tx.closed(),
            Self::Shared(tx) => tx.closed(),
        }
    }
}

pub(super) struct Writer {
    pub(super) world: Arc<World>,
    pub(super) post: Post,
    pub(super) dice: Dice,
    index: usize,
    quota: usize,
    nudges: usize,
    /// One for each channel.
    pub(super) handles: Vec<Handle>,
}

/// What comes after a step.
pub(super) enum Next {
    Go,
    Yield,
    Nap(Duration),
    /// Until the value with that number is taken, or displaced.
    UntilTaken(usize),
    /// Until every receiver of that channel is gone; or only for a moment, if there is a limit.
    UntilClosed(usize, Option<Duration>),
    End,
}

impl Writer {
    pub(super) fn new(
        world: &Arc<World>,
        index: usize,
        quota: usize,
        handles: Vec<Handle>,
        dice: Dice,
    ) -> Self {
        debug_assert!(index < MOST_SENDERS);
        let name = ["sender 1", "sender 2", "sender 3"][index];
        let post = Post::new(world.number, name);
        let nudges = MOST_NUDGES;
        Self { world: Arc::clone(world), post, dice, index, quota, nudges, handles }
    }

    pub(super) fn step(&mut self) -> Next {
        let world = Arc::clone(&self.world);
        let channel = self.dice.below(self.handles.len());
        if self.dice.one_in(20) {
            world.mishaps.catch(|| self.change(channel));
        }
        if self.quota == 0 {
            // Where the receivers go first, it is by their end that this one is woken, or by nobody.
            let mut channels = 0..self.handles.len();
            let open = channels.find(|channel| !self.is_closed(*channel));
            return match open {
                Some(channel) if !world.senders_first => Next::UntilClosed(channel, None),
                _ => Next::End,
            };
        }
        self.quota -= 1;
        let bomb = world.rough && self.dice.one_in(50);
        let value = world.ledger.issue(self.index, bomb);
        let number = value.number();
        let sent = world.mishaps.catch(|| self.send(channel, value));
        if sent == Some(false) {
            assert!(!world.senders_first, "refused, and a receiver is left");
            return Next::UntilClosed(channel, None);
        }
        if world.senders_first && self.dice.one_in(world.wait_one_in) {
            return Next::UntilTaken(number);
        }
        if !self.dice.one_in(world.pause_one_in) {
            return Next::Go;
        }
        match self.dice.below(20) {
            0 => Next::Nap(self.dice.moment()),
            1 => Next::UntilClosed(channel, Some(self.dice.moment())),
            2..6 => {
                for _ in 0..self.dice.below(200) {
                    hint::spin_loop();
                }
                Next::Go
            }
            _ => Next::Yield,
        }
    }

    /// One send of any kind; false if no receiver is left.
    fn send(&mut self, channel: usize, value: Value) -> bool {
        let number = value.number();
        let kinds = match self.world.sends {
            Sends::Plain => 0..2,
            Sends::Newest => 2..4,
            Sends::All => 0..4,
        };
        let kind = self.dice.within(kinds.start, kinds.end - 1);
        let mut panics = self.world.rough && self.dice.one_in(20);
        // On the second look only, which is the one at a displaced value, or on the first.
        let mut looks = self.dice.below(2);
        let key = |value: &Value| {
            if panics && looks == 0 {
                panics = false;
                mishaps::strike();
            }
            looks = looks.saturating_sub(1);
            value.number()
        };
        let result = match (&mut self.handles[channel], kind) {
            (Handle::Own(tx), 0) => {
                self.post.doing("Sender::send");
                tx.send(value)
            }
            (Handle::Own(tx), 1) => {
                self.post.doing("Sender as Sink");
                sink(tx, value)
            }
            (Handle::Own(tx), 2) => {
                self.post.doing("Sender::send_newest");
                tx.send_newest(value)
            }
            (Handle::Own(tx), _) => {
                self.post.doing("Sender::send_newest_by_key");
                tx.send_newest_by_key(value, key)
            }
            (Handle::Shared(tx), 0) => {
                self.post.doing("SharedSender::send");
                tx.send(value)
            }
            (Handle::Shared(tx), 1) => {
                self.post.doing("SharedSender as Sink");
                sink(&mut &**tx, value)
            }
            (Handle::Shared(tx), 2) => {
                self.post.doing("SharedSender::send_newest");
                tx.send_newest(value)
            }
            (Handle::Shared(tx), _) => {
                self.post.doing("SharedSender::send_newest_by_key");
                tx.send_newest_by_key(value, key)
            }
        };
        match result {
            Ok(stale) => {
                if let Some(stale) = stale {
                    stale.settle(Fate::Displaced);
                }
                true
            }
            Err(SendError(value)) => {
                assert_eq!(value.number(), number, "another value was refused");
                value.settle(Fate::Refused);
                assert!(self.is_closed(channel), "refused, but not disconnected");
                false
            }
        }
    }

    /// The value with that number is not taken: a receiver that would take it may be held up by futures that stall, until
    /// another value displaces it. Returns the number to wait for.
    pub(super) fn nudge(&mut self, number: usize) -> usize {
        if !self.world.stalls || self.nudges == 0 {
            return number;
        }
        self.nudges -= 1;
        let world = Arc::clone(&self.world);
        let value = world.ledger.issue(self.index, false);
        let number = value.number();
        world.mishaps.catch(|| self.send(0, value));
        self.post.doing(WAITS);
        number
    }

    /// Looks for a moment whether the value with that number is taken: then the next one comes while
    /// whoever took it is about to fall asleep again.
    pub(super) fn is_taken_soon(&mut self, number: usize) -> bool {
        let is_taken = (0..1000).any(|_| {
            hint::spin_loop();
            self.world.ledger.is_settled(number)
        });
        for _ in 0..self.dice.below(50) {
            hint::spin_loop();
        }
        is_taken
    }

    /// Waits for the receivers' end, in one future, or in many at once.
    pub(super) fn closed(&mut self, channel: usize) -> impl Future<Output = ()> {
        let futures = if self.dice.one_in(4) { self.dice.crowd() } else { 1 };
        let handle = &self.handles[channel];
        join_all((0..futures).map(|_| handle.closed())).map(drop)
    }

    pub(super) fn is_closed(&self, channel: usize) -> bool {
        match &self.handles[channel] {
            Handle::Own(tx) => tx.is_closed(),
            Handle::Shared(tx) => tx.is_closed(),
        }
    }

    /// Does something to the handle: a clone takes its place, or is dropped, or it becomes a shared one.
    fn change(&mut self, channel: usize) {
        self.post.doing("a sender is cloned and dropped");
        let closed_later = !self.world.senders_first;
        let handle = &mut self.handles[channel];
        match handle {
            Handle::Own(tx) => match self.dice.below(4) {
                0 => *handle = Handle::Shared(Arc::new(tx.clone().into_shared())),
                1 => *tx = tx.clone(),
                2 => {
                    let clone = tx.clone();
                    assert!(clone.same_channel(tx));
                }
                _ => poll_and_leave(handle.closed(), closed_later, self.dice.one_in(2)),
            },
            Handle::Shared(tx) => match self.dice.below(3) {
                0 => *handle = Handle::Shared(Arc::new(SharedSender::clone(tx))),
                1 => {
                    let clone = SharedSender::clone(tx);
                    assert!(clone.same_channel(tx));
                }
                _ => poll_and_leave(handle.closed(), closed_later, self.dice.one_in(2)),
            },
        }
    }

    /// The handles go one by one.
    pub(super) fn leave(&mut self) {
        self.post.doing("a sender is dropped");
        for handle in self.handles.drain(..) {
            self.world.mishaps.catch(|| drop(handle));
        }
    }
}

fn poll_and_leave(mut closed: ClosedFuture<'_>, may_end: bool, forgets: bool) {
    let poll = Pin::new(&mut closed).poll(&mut Context::from_waker(Waker::noop()));
    assert!(may_end || poll.is_pending(), "closed, and a receiver is left");
    if forgets {
        mem::forget(closed);
    }
    cancelled();
}

/// A `Sink` says only whether the value was refused.
fn sink<S>(sink: &mut S, value: Value) -> Result<Option<Value>, SendError<Value>>
where
    S: Sink<Value, Error = SendError<Value>> + Unpin,
{
    in_sink(|| {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut sink = Pin::new(sink);
        let Poll::Ready(Ok(())) = sink.as_mut().poll_ready(cx) else {
            panic!("a sink that is not ready");
        };
        sink.as_mut().start_send(value)?;
        assert!(sink.poll_flush(cx).is_ready());
        Ok(None)
    })
}
