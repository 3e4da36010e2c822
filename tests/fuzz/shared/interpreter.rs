//! What an interpreter is, and the steps that all flavours have.

use super::{Bytes, HeldReceiver, HeldSender, Poller, handles::Closing};
use overwrite_channel::{
    ClosedFuture, Waitable, channel, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{
    fmt, mem,
    task::Poll,
    time::{Duration, Instant},
};
use support::{ledger::Ledger, panics::caught};

/// A crowd apart, a side has at most so many handles.
pub(crate) const MOST_HANDLES: usize = 4;

// The sides of a channel.
pub(crate) const SENDERS: usize = 0;
pub(crate) const RECEIVERS: usize = 1;

/// What a step does with a handle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act {
    // With a sender.
    Send,
    Replace,
    Share,
    Withdraw,
    Subscribe,
    Closed,
    // With a receiver. `Take` receives a value, or marks it as seen.
    Take,
    Block,
    WaitAny,
    Wait,
    EndWait,
    Poll,
    PollOften,
    Mark,
    Unmark,
    // With either.
    Borrow,
    Modify,
    Clone,
    Drop,
}

/// What a receiver in a crowd does that takes no time.
const IN_CROWD: [Act; 6] = {
    use Act::*;
    [Take, Wait, Poll, Poll, EndWait, Drop]
};

/// A channel, its handles, and its model.
pub(crate) trait Interpreter: Sized {
    type Tx: Clone + 'static;
    type Rx: Clone + 'static;
    /// A future that waits in a receiver.
    type Waiting;
    /// What else lies with a handle, and borrows from it or is borrowed by its future.
    type Kept;
    /// What the model knows of a receiver.
    type Known: Copy;

    /// What a step may do with a sender, the more often the likelier.
    const SENDER: &'static [Act];
    const RECEIVER: &'static [Act];

    fn new(ledger: Ledger, bytes: &mut Bytes<'_>) -> Self;
    /// Returns the handles that steps can use.
    fn sides(&mut self) -> (&mut Vec<HeldSender<Self>>, &mut Vec<HeldReceiver<Self>>);
    /// Does with a sender what one flavour alone does, if anything.
    fn sender(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>);
    /// Does with a receiver, in which no future waits, what one flavour alone does, if anything.
    fn receiver(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>);
    /// Polls the future that waits, or else the receiver.
    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>);
    /// Returns what the model knows of a clone.
    fn known(_clone: &Self::Rx, original: Self::Known) -> Self::Known {
        original
    }
    /// Clones a sender. Returns `None` if that panics, or if there is no room for it.
    fn clone_tx(&self, tx: &Self::Tx) -> Option<Self::Tx> {
        caught(|| tx.clone())
    }
    /// As [`clone_tx`](Self::clone_tx).
    fn clone_rx(&self, rx: &Self::Rx) -> Option<Self::Rx> {
        caught(|| rx.clone())
    }
    /// Makes a receiver for a crowd.
    fn enter(&mut self) -> Option<HeldReceiver<Self>>;
    /// Makes a poller whose waker may use a handle of its own.
    fn poller(&mut self, bytes: &mut Bytes<'_>) -> Poller;
    fn closed(tx: &Self::Tx) -> ClosedFuture<'_>;
    /// Returns how many of these can wait at once, beside those that were forgotten.
    fn room_for_closed(&self) -> usize {
        usize::MAX
    }
    fn forget_closed(&mut self, closed: ClosedFuture<'_>) {
        mem::forget(closed);
    }
    /// Does in the model what was done in the middle of a call.
    fn catch_up(&mut self);
    /// Counts handles in the model, if it does not see them.
    fn count(&mut self, _side: usize, _change: isize) {}
    /// Returns the numbers of all senders and receivers, those of wakers too.
    fn counts(&self) -> [usize; 2];
    /// Checks that every waiter that must have been woken was, and what every handle says.
    fn check(&self);

    fn step(&mut self, bytes: &mut Bytes<'_>, note: impl FnOnce(fmt::Arguments<'_>)) {
        let what = bytes.below(Self::SENDER.len() + Self::RECEIVER.len() + 3);
        let (senders, receivers) = self.sides();
        if let Some(&act) = Self::SENDER.get(what) {
            let Some(index) = bytes.index(senders.len()) else { return };
            note(format_args!("sender {index}: {act:?}"));
            self.use_sender(act, index, bytes);
        } else if let Some(&act) = Self::RECEIVER.get(what - Self::SENDER.len()) {
            let Some(index) = bytes.index(receivers.len()) else { return };
            note(format_args!("receiver {index}: {act:?}"));
            self.use_receiver(act, index, bytes);
        } else {
            note(format_args!("a crowd of receivers"));
            self.crowd(bytes);
        }
        self.catch_up();
    }

    fn use_sender(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        let (senders, _) = self.sides();
        match act {
            Act::Clone if senders.len() < MOST_HANDLES => {
                let tx = senders[index].tx();
                let Some(clone) = self.clone_tx(tx) else { return };
                self.sides().0.push(HeldSender::new(clone));
                self.count(SENDERS, 1);
            }
            // Without a sender, or a receiver, little happens any more.
            Act::Drop if senders.len() > 1 || bytes.one_in(4) => self.drop_handle(SENDERS, index),
            Act::Closed => self.wait_for_closed(index, bytes),
            _ => self.sender(act, index, bytes),
        }
    }

    fn use_receiver(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        let (_, receivers) = self.sides();
        let handles = receivers.len();
        let receiver = &mut receivers[index];
        match act {
            Act::Drop if handles > 1 || bytes.one_in(4) => self.drop_handle(RECEIVERS, index),
            Act::Poll => self.poll(index, bytes),
            Act::PollOften if bytes.one_in(4) => self.poll_often(index, bytes),
            Act::EndWait if receiver.wait.is_none() => {}
            Act::EndWait if bytes.one_in(2) => {
                // Its waker stays where it is.
                mem::forget(receiver.wait.take());
                caught(|| receiver.kept.clear());
            }
            Act::EndWait => {
                // A waker that was left behind stays: the future has yielded, or was not polled.
                let last = receiver.asleep.take_if(|last| last.in_call);
                caught(|| drop(receiver.wait.take()));
                if let Some(last) = &last {
                    last.poller.check_released();
                }
                receiver.end_wait(last);
            }
            // It needs no receiver without a future.
            Act::WaitAny => self.receiver(act, index, bytes),
            _ if receiver.wait.is_some() => {}
            Act::Clone if handles < MOST_HANDLES => {
                let (rx, known) = (receiver.idle(), receiver.known);
                let Some(clone) = self.clone_rx(rx) else { return };
                let known = Self::known(&clone, known);
                self.sides().1.push(HeldReceiver::new(clone, known));
                self.count(RECEIVERS, 1);
            }
            _ => self.receiver(act, index, bytes),
        }
    }

    /// Polls about as often as it takes a receiver to yield. Each poll finds a value, or the end.
    fn poll_often(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        for _ in 0..120 + bytes.below(16) {
            let none = &mut Bytes::new(&[]);
            if !self.sides().0.is_empty() {
                self.sender(Act::Send, 0, none);
                self.catch_up();
            }
            self.poll(index, none);
            self.catch_up();
        }
    }

    /// Many receivers come; or each of those that are there waits, or does what takes no time, or goes.
    fn crowd(&mut self, bytes: &mut Bytes<'_>) {
        let mut how = bytes.below(4);
        if self.sides().1.len() <= MOST_HANDLES {
            for _ in 0..bytes.crowd() {
                let Some(receiver) = self.enter() else { break };
                self.sides().1.push(receiver);
                self.count(RECEIVERS, 1);
            }
            how = how.min(1);
        }
        let mut pattern = bytes.pattern();
        for index in (0..self.sides().1.len()).rev() {
            pattern.rotate_left(1);
            let mut bytes = Bytes::new(&pattern);
            let act = match how {
                0 => bytes.pick(&[Act::Wait, Act::Poll]),
                1 | 2 => bytes.pick(&IN_CROWD),
                _ => Act::Drop,
            };
            self.use_receiver(act, index, &mut bytes);
            self.catch_up();
        }
    }

    /// One future or many begin to wait for the receivers' end; or those that are there are polled again. Then each is
    /// kept, dropped or forgotten.
    fn wait_for_closed(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let waiting: usize = self.sides().0.iter().map(|sender| sender.closing.waits.len()).sum();
        let room = self.room_for_closed() - waiting;
        let sender = &mut self.sides().0[index];
        let (Closing { mut waits, mut in_a_row, .. }, tx) =
            (mem::take(&mut sender.closing), sender.tx());
        if waits.is_empty() {
            let size = if bytes.one_in(4) { bytes.crowd() } else { 1 };
            waits.extend((0..size.min(room)).map(|_| (Self::closed(tx), None)));
        }
        // A future that is forgotten sleeps in its place to the end of the channel. Its waker must not have a handle.
        let is_alone = waits.len() == 1;
        let (mut pattern, mut kept) = (bytes.pattern(), Vec::new());
        for (mut closed, last) in waits {
            pattern.rotate_left(1);
            let mut bytes = Bytes::new(&pattern);
            let poller =
                if is_alone { self.poller(&mut bytes) } else { Poller::new(&mut bytes, |_| None) };
            let poll = poller.poll(&mut closed);
            self.catch_up();
            let is_closed = self.counts()[RECEIVERS] == 0;
            let yields = in_a_row.polled(poll.map(|poll| poll.map(|()| true)), 0, &poller);
            let is_ready = poll == Some(Poll::Ready(()));
            if poll.is_some() && !yields {
                poller.check_clones(!is_ready);
            }
            assert!(poll.is_none() || is_closed == (is_ready || yields), "ready or not");
            let mut now = Some(poller);
            match if is_ready { 3 } else { bytes.below(4) } {
                2 if !is_alone => self.forget_closed(closed),
                3 => {
                    caught(|| drop(closed));
                    now.iter().chain(&last).for_each(Poller::check_released);
                }
                // If its poll panicked, it may be polled again, but its waker may be gone.
                _ => kept.push((closed, now.take_if(|_| poll.is_some()))),
            }
            caught(|| drop((last, now)));
            self.catch_up();
        }
        self.sides().0[index].closing = Closing { waits: kept, in_a_row, ..Closing::default() };
    }

    fn drop_handle(&mut self, side: usize, index: usize) {
        let (senders, receivers) = self.sides();
        if side == SENDERS {
            let sender = senders.swap_remove(index);
            self.count(side, -1);
            caught(|| drop(sender));
        } else {
            let mut receiver = receivers.swap_remove(index);
            self.count(side, -1);
            let asleep = receiver.asleep.take();
            caught(|| drop(receiver));
            if let Some(asleep) = &asleep {
                asleep.poller.check_released();
            }
            caught(|| drop(asleep));
        }
        self.catch_up();
    }

    fn end(mut self) {
        (0..self.sides().0.len()).rev().for_each(|index| self.drop_handle(SENDERS, index));
        (0..self.sides().1.len()).rev().for_each(|index| self.drop_handle(RECEIVERS, index));
        assert_eq!(self.counts(), [0, 0], "handles are left");
    }
}

/// Which receiver is ready, if any.
type Ready = Option<usize>;

/// Waits for any of the receivers, among them one of a channel that stays empty. Returns the index of the one that is
/// ready, not counting that; nothing if the call has panicked.
pub(crate) fn wait_any_of(
    rxs: Vec<&mut dyn Waitable>,
    patience: Duration,
    ends: bool,
    bytes: &mut Bytes<'_>,
) -> Option<Ready> {
    let (_tx, mut stranger) = channel::<u8>();
    let mut rxs: Vec<_> = rxs.into_iter().map(|rx| rx as &mut dyn Waitable).collect();
    let (at, how) = (bytes.below(rxs.len() + 1), bytes.below(if ends { 3 } else { 2 }));
    rxs.insert(at, &mut stranger);
    let deadline = Instant::now() + patience;
    let ready = caught(|| match how {
        0 => wait_any_timeout(&mut rxs, patience),
        1 => wait_any_deadline(&mut rxs, deadline),
        _ => Some(wait_any(&mut rxs)),
    })?;
    assert!(ready.is_some() || Instant::now() >= deadline, "it gave up early");
    assert_ne!(ready, Some(at), "it stays empty");
    Some(ready.map(|index| index - usize::from(index > at)))
}

/// Interprets the bytes. Each step is noted before it is taken.
pub(crate) fn run<I: Interpreter>(bytes: &[u8], mut note: impl FnMut(fmt::Arguments<'_>)) {
    // More values than so many bytes can have sent.
    let ledger = Ledger::new(4096 + 256 * bytes.len());
    let mut bytes = Bytes::new(bytes);
    let mut interpreter = I::new(ledger.clone(), &mut bytes);
    while !bytes.is_empty() {
        interpreter.step(&mut bytes, &mut note);
        let is_closed = interpreter.counts()[RECEIVERS] == 0;
        interpreter.sides().0.iter_mut().for_each(|sender| sender.closing.check(is_closed));
        interpreter.check();
    }
    interpreter.end();
    ledger.assert_each_dropped_once();
}
