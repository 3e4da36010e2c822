//! What is done with receivers that are polled; and what is received, in whatever way.

use super::{Answer, Call, Flavour, Slot};
use crate::shared::{Asleep, Bytes, Interpreter, Lender, POISON, SENDERS, is_wanted};
use overwrite_channel::RecvError;
use std::task::Poll;
use support::panics::caught;

impl<F: Flavour> Slot<F> {
    /// A future begins to wait, and mostly it is polled.
    pub(super) fn wait(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let matches = F::MATCHES && bytes.one_in(2);
        let predicate = matches.then(|| Lender::new(self.predicate(bytes)));
        let receiver = &mut self.receivers[index];
        let rx = receiver.idle();
        // SAFETY: the future is dropped, or forgotten, before the lender is.
        let wanted = predicate.as_ref().map(|predicate| unsafe { predicate.lend() });
        receiver.kept.extend(predicate);
        receiver.wait = Some(F::wait(rx, wanted));
        if !bytes.one_in(4) {
            self.poll(index, bytes);
        }
    }

    /// Receives without a wait.
    pub(super) fn take(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let rx = self.receivers[index].idle();
        let answer = caught(|| F::take(rx, bytes.below(2)));
        self.received(index, answer, false);
    }

    /// By its future if there is one, else as a stream or by hand, and then the waker is left behind.
    pub(super) fn poll_receiver(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let receiver = &mut self.receivers[index];
        let in_call = receiver.wait.is_some();
        let is_matching = !receiver.kept.is_empty();
        let as_stream = !in_call && cfg!(feature = "stream") && !bytes.one_in(2);
        let last = receiver.asleep.take();
        let was_woken = receiver.owes
            || last.as_ref().is_some_and(|last| last.in_call && last.poller.was_woken());
        // With the last waker, or with another one.
        let (now, last, same) = match last {
            Some(Asleep { poller, in_call }) if bytes.one_in(2) => (poller, None, Some(in_call)),
            last => (self.poller(bytes), last, None),
        };
        let receiver = &mut self.receivers[index];
        let poll = match &mut receiver.wait {
            Some(wait) => now.poll(wait),
            None => now.call(|cx| F::poll(receiver.idle(), as_stream, cx)),
        };
        let mut result = None;
        let news = poll.map(|poll| poll.map(|ready| result.insert(ready).is_ok()));
        receiver.has_ended |= as_stream && news == Some(Poll::Ready(false));
        // A wait that matches is charged each value.
        let looks = self.log.looks();
        if (in_call || as_stream) && receiver.in_a_row.polled(news, looks.len(), &now) {
            // It has registered nothing: what was left behind there still is.
            let (left, now) = match same {
                Some(in_call) => (Some(Asleep { poller: now, in_call }), None),
                None => (last, Some(now)),
            };
            receiver.asleep = left;
            // What it had taken before it yielded. What is there, it leaves.
            let takes = looks.iter().map(|item| item.id).collect();
            let mut call = Call { takes, may_lose: false };
            self.model.replay(self.log.take(), &mut call, |_| true);
            caught(|| drop(now));
            return;
        }
        if F::KEEPS && news != Some(Poll::Pending) {
            // The reader shows what it has taken, also if the poll has panicked.
            let wait = receiver.wait.take();
            caught(|| drop(wait));
        }
        let pending = Err(Some(false));
        let answer = result.map_or(pending, |ready| ready.map_err(|RecvError| Some(true)));
        let has_taken = self.received(index, news.map(|_| answer), is_matching);
        let receiver = &mut self.receivers[index];
        receiver.owes = news.is_none() && in_call && was_woken && !has_taken;
        assert!(
            news != Some(Poll::Pending) || !self.model.is_ready(),
            "it waits for what is there"
        );
        receiver.polled(news, now, last, bytes);
    }

    /// Checks what a call has found. Returns `true` if it has taken something.
    pub(super) fn received(
        &mut self,
        index: usize,
        answer: Answer<F::Taken>,
        is_matching: bool,
    ) -> bool {
        let (looks, log) = (self.log.looks(), self.log.take());
        let takes = looks.iter().map(|item| item.id).collect();
        let mut call = Call { takes, may_lose: answer.is_none() };
        let found = F::found(&mut self.receivers[index], answer);
        for item in looks {
            // A predicate that panics is the end.
            let is_found = found == Some(Ok(item.id));
            assert!(found.is_none() || is_wanted(item.rank) == is_found, "wanted or not");
            assert!(found.is_none() || item.rank != POISON);
        }
        match found {
            Some(Ok(id)) if is_matching => assert_eq!(call.takes.back(), Some(&id)),
            Some(Ok(id)) => call.takes.push_back(id),
            _ => {}
        }
        let mut has_taken = !call.takes.is_empty();
        self.model.replay(log, &mut call, |model| match found {
            Some(Err(is_disconnected)) => {
                let at_end = model.handles[SENDERS] == 0;
                model.slot.is_none() && is_disconnected.is_none_or(|claimed| claimed == at_end)
            }
            _ => true,
        });
        has_taken |= found.is_none() && !call.may_lose;
        has_taken
    }
}
