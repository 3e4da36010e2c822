//! What is done with receivers that are polled; and what is received, in whatever way.

use super::{Channel, model::Call};
use crate::shared::{Asleep, Bytes, Interpreter, Lender, POISON, SENDERS, Value, is_wanted};
use futures::future::Either;
use overwrite_channel::RecvError;
use std::task::Poll;
use support::panics::caught;

/// A value, or that there is none, and, if the call says that, whether every sender is gone; nothing if the call has
/// panicked.
type Answer = Option<Result<Value, Option<bool>>>;

impl Channel {
    /// A future begins to wait, and is polled.
    pub(super) fn wait(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let predicate = bytes.one_in(2).then(|| Lender::new(self.predicate(bytes)));
        let seat = &mut self.seats[index];
        let rx = seat.idle();
        seat.wait = Some(match predicate {
            Some(predicate) => {
                // SAFETY: the future is dropped, or forgotten, before the lender is.
                let wanted = unsafe { predicate.lend() };
                seat.kept.push(predicate);
                Either::Right(rx.recv_matching_async(wanted))
            }
            None => Either::Left(rx.recv_async()),
        });
        self.poll(index, bytes);
    }

    /// Receives without a wait.
    pub(super) fn take(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let rx = self.seats[index].idle();
        let answer = caught(|| match bytes.below(2) {
            0 => rx.try_recv().map_err(|error| Some(error.is_disconnected())),
            _ => rx.try_iter().next().ok_or(None),
        });
        self.received(answer, false);
    }

    /// By its future if there is one, else as a stream or by hand, and then the waker is left behind.
    pub(super) fn poll_receiver(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let seat = &mut self.seats[index];
        let in_call = seat.wait.is_some();
        let is_matching = matches!(seat.wait, Some(Either::Right(_)));
        let as_stream = !in_call && cfg!(feature = "stream") && !bytes.one_in(2);
        let last = seat.asleep.take();
        let was_woken =
            seat.owes || last.as_ref().is_some_and(|last| last.in_call && last.poller.was_woken());
        let (now, last, is_same) = match last {
            Some(last) if bytes.one_in(2) => (last.poller, None, true),
            last => (self.poller(bytes), last, false),
        };
        let seat = &mut self.seats[index];
        let poll = match &mut seat.wait {
            Some(wait) => now.poll(wait),
            #[cfg(feature = "stream")]
            None if as_stream => {
                use futures::Stream;
                let rx = std::pin::Pin::new(seat.idle());
                now.call(|cx| rx.poll_next(cx).map(|next| next.ok_or(RecvError)))
            }
            None => now.call(|cx| seat.idle().poll_recv(cx)),
        };
        let mut result = None;
        let news = poll.map(|poll| poll.map(|ready| result.insert(ready).is_ok()));
        seat.has_ended |= as_stream && news == Some(Poll::Ready(false));
        // A wait that matches is charged each value.
        let looks = self.log.looks();
        if (in_call || as_stream) && seat.in_a_row.polled(news, looks.len(), &now) {
            // It has registered nothing: what was left behind there still is.
            self.seats[index].asleep = match last {
                None if is_same => Some(Asleep { poller: now, in_call: false }),
                last => last,
            };
            // What it had taken before it yielded. What is there, it leaves.
            let takes = looks.iter().map(|item| item.id).collect();
            let mut call = Call { takes, may_lose: false };
            return self.model.replay(self.log.take(), &mut call, |_| true);
        }
        let pending = Err(Some(false));
        let answer = result.map_or(pending, |ready| ready.map_err(|RecvError| Some(true)));
        let has_taken = self.received(news.map(|_| answer), is_matching);
        let seat = &mut self.seats[index];
        seat.owes = news.is_none() && in_call && was_woken && !has_taken;
        assert!(
            news != Some(Poll::Pending) || !self.model.is_ready(),
            "it waits for what is there"
        );
        seat.polled(news, now, last, bytes);
    }

    /// Checks what a call has found. Returns `true` if it has taken something.
    pub(super) fn received(&mut self, answer: Answer, is_matching: bool) -> bool {
        let (looks, log) = (self.log.looks(), self.log.take());
        let takes = looks.iter().map(|item| item.id).collect();
        let mut call = Call { takes, may_lose: answer.is_none() };
        let found = answer.map(|answer| answer.map(Value::taken));
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
