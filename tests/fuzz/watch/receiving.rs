//! What is done with receivers that wait, and what the model knows of them.

use super::{Look, Register, Setting, setting::wanted};
use crate::shared::{Bytes, Interpreter, POISON, SENDERS, is_wanted, wait_any_of};
use overwrite_channel::{
    RecvTimeoutError::{Disconnected, Timeout},
    Waitable,
    watch::{ChangedFuture, WaitForFuture},
};
use std::{task::Poll, time::Instant};
use support::panics::caught;

/// What a receiver has seen.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    seen: u64,
    pub(super) is_marked: bool,
    pub(super) skipped: u64,
    /// The version at which a poller was answered `Pending`.
    pub(super) asleep_at: u64,
}

impl Known {
    pub(super) fn at(seen: u64) -> Self {
        Self { seen, is_marked: false, skipped: 0, asleep_at: 0 }
    }

    pub(super) fn is_new(&self, version: u64) -> bool {
        self.is_marked || version > self.seen
    }

    pub(super) fn mark_seen(&mut self, version: u64) {
        self.is_marked = false;
        self.skipped += version.saturating_sub(self.seen + 1);
        self.seen = version;
    }
}

pub(crate) enum Waiting {
    Changed(ChangedFuture<'static, Setting>),
    /// And `true` if it has looked.
    For(WaitForFuture<'static, Setting, fn(&Setting) -> bool>, bool),
}

impl Register {
    /// A future begins to wait, and mostly it is polled.
    pub(super) fn wait(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let receiver = &mut self.receivers[index];
        let rx = receiver.idle();
        receiver.wait = Some(if bytes.one_in(2) {
            Waiting::For(rx.wait_for(wanted), false)
        } else {
            Waiting::Changed(rx.changed())
        });
        if !bytes.one_in(4) {
            self.poll(index, bytes);
        }
    }

    /// Calls that block: in vain, or where they need not.
    pub(super) fn block(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present) = (self.version, self.present);
        let no_sender = self.counts()[SENDERS] == 0;
        let receiver = &mut self.receivers[index];
        let (is_new, is_changed) = (receiver.known.is_new(version), bytes.one_in(2));
        let is_poison = !is_changed && present.rank == POISON;
        let is_there = if is_changed { is_new } else { is_wanted(present.rank) };
        let ends = is_there || is_poison || no_sender;
        let (how, patience) = (bytes.below(if ends { 3 } else { 2 }), bytes.patience());
        // If it parks, it drops the waker that was left behind.
        let last = if patience.is_zero() { None } else { receiver.asleep.take() };
        let rx = receiver.idle();
        let deadline = Instant::now() + patience;
        let show = |shown| Some(Look::new(shown, present.id, is_new));
        let result = caught(|| match (is_changed, how) {
            (true, 0) => rx.blocking_changed_timeout(patience).map(|()| None),
            (true, 1) => rx.blocking_changed_deadline(deadline).map(|()| None),
            (true, _) => rx.blocking_changed().map(|()| None).map_err(Into::into),
            (false, 0) => rx.blocking_wait_for_timeout(patience, wanted).map(show),
            (false, 1) => rx.blocking_wait_for_deadline(deadline, wanted).map(show),
            (false, _) => rx.blocking_wait_for(wanted).map(show).map_err(Into::into),
        });
        // A waker that was left behind may have had the last sender, and those that are woken then may panic.
        let end = if self.counts()[SENDERS] == 0 { Disconnected } else { Timeout };
        let receiver = &mut self.receivers[index];
        if is_there || !is_changed {
            receiver.known.mark_seen(version);
        }
        if matches!(result, Some(Err(Timeout))) {
            assert!(Instant::now() >= deadline, "it gave up early");
        }
        match result {
            None => assert!(is_poison || !patience.is_zero(), "it panicked"),
            Some(Err(error)) => assert_eq!((error, is_there || is_poison), (end, false)),
            Some(Ok(look)) => {
                assert!(is_there && look.is_some() != is_changed, "it is not there");
                receiver.kept.extend(look);
            }
        }
        caught(|| drop(last));
    }

    /// Waits for all receivers in which no future waits.
    pub(super) fn wait_any(&mut self, bytes: &mut Bytes<'_>) {
        let (version, is_closed) = (self.version, self.counts()[SENDERS] == 0);
        let receivers: Vec<_> =
            self.receivers.iter_mut().filter(|receiver| receiver.wait.is_none()).collect();
        let ready =
            receivers.iter().position(|receiver| is_closed || receiver.known.is_new(version));
        let patience = bytes.patience();
        // If it parks, it drops the wakers that were left behind.
        let (mut last, mut rxs) = (Vec::new(), Vec::<&mut dyn Waitable>::new());
        for receiver in receivers {
            last.extend(receiver.asleep.take_if(|_| ready.is_none() && !patience.is_zero()));
            rxs.push(receiver.idle());
        }
        let found = wait_any_of(rxs, patience, ready.is_some(), bytes);
        // A waker that went may have had the last sender.
        let is_end = self.counts()[SENDERS] == 0;
        assert!(
            found.is_none() || found == Some(ready) || is_end && found == Some(Some(0)),
            "it is another that is ready"
        );
        caught(|| drop(last));
    }

    /// By its future if there is one, else as a stream or by hand.
    pub(super) fn poll_receiver(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present, is_closed) =
            (self.version, self.present, self.counts()[SENDERS] == 0);
        let now = self.poller(bytes);
        let receiver = &mut self.receivers[index];
        let by_hand = receiver.wait.is_none() && (!cfg!(feature = "stream") || bytes.one_in(2));
        let is_new = receiver.known.is_new(version);
        let mut found = None;
        let show = |shown| found = Some(Look::new(shown, present.id, is_new));
        self.notes.counts();
        // Ready with `false` at the end.
        let poll = match &mut receiver.wait {
            Some(Waiting::Changed(future)) => {
                now.poll(future).map(|poll| poll.map(|end| end.is_ok()))
            }
            Some(Waiting::For(future, _)) => {
                now.poll(future).map(|poll| poll.map(|end| end.map(show).is_ok()))
            }
            None if by_hand => {
                let poll = now.call(|cx| receiver.idle().poll_changed(cx));
                poll.map(|poll| poll.map(|end| end.is_ok()))
            }
            // The clone is a value of its own.
            #[cfg(feature = "stream")]
            None => {
                let rx = std::pin::Pin::new(receiver.idle());
                now.call(|cx| futures::Stream::poll_next(rx, cx).map(|next| next.is_some()))
            }
            #[cfg(not(feature = "stream"))]
            None => unreachable!(),
        };
        let (clones, looks) = self.notes.counts();
        let mut charged = looks;
        let has_looked = match &mut receiver.wait {
            None if by_hand => poll == Some(Poll::Ready(true)),
            Some(Waiting::Changed(_)) => poll == Some(Poll::Ready(true)),
            Some(Waiting::For(_, was_looking)) => {
                // Or a waker has panicked before, one that a stream had left behind; or it yields.
                let may_not = *was_looking || poll.is_none() || now.calls() > 0;
                assert!(looks > 0 || may_not, "it did not look first");
                assert!(looks == 0 || poll.is_none() || present.rank != POISON);
                let is_found = looks > 0 && is_wanted(present.rank);
                assert!(poll.is_none() || found.is_some() == is_found, "wanted or not");
                // The first look of a wait is charged only if it finds what is wanted.
                charged -= usize::from(looks > 0 && !*was_looking && found.is_none());
                *was_looking |= looks > 0;
                looks > 0
            }
            None => {
                assert!(clones == 0 || poll.is_none() == present.is_brittle);
                receiver.has_ended |= poll == Some(Poll::Ready(false));
                clones > 0
            }
        };
        if has_looked {
            assert!(is_new || looks > 0, "it was not new");
            receiver.known.mark_seen(version);
        }
        if !by_hand && receiver.in_a_row.polled(poll, charged, &now) {
            caught(|| drop(now));
            return;
        }
        assert!(poll != Some(Poll::Ready(true)) || has_looked, "it is there, and was not seen");
        if poll == Some(Poll::Pending) {
            assert!(!receiver.known.is_new(version) && !is_closed, "it waits, at {version}");
            receiver.known.asleep_at = version;
        }
        // A waker that went may have had the last sender.
        let is_end = !receiver.known.is_new(version) && self.counts()[SENDERS] == 0;
        assert!(poll != Some(Poll::Ready(false)) || is_end, "the end");
        let receiver = &mut self.receivers[index];
        let last = receiver.asleep.take();
        receiver.polled(poll, now, last, bytes);
        receiver.kept.extend(found);
    }
}
