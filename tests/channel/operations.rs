//! What the random programs of `tests/fuzz` do not meet: times, texts, and futures that have finished.

use crate::receives::timed;
use overwrite_channel::{
    RecvError,
    RecvTimeoutError::{self, Disconnected, Timeout},
    SendError, TryRecvError, channel,
};
use std::{
    error::Error,
    future::Future,
    thread,
    time::{Duration, Instant},
};
use support::{panics::message, waker::Task};

const SHORT: Duration = Duration::from_millis(3);

#[test]
fn an_empty_channel_times_out_and_not_too_early() {
    let (_tx, mut rx) = channel::<u8>();
    for (name, receive) in timed() {
        for looks in [0, 10, u32::MAX] {
            rx.set_spin_limit(looks);
            let start = Instant::now();
            assert_eq!(receive(&mut rx, SHORT), Err(Timeout), "{name}");
            assert!(start.elapsed() >= SHORT, "{name} after {:?}", start.elapsed());
        }
    }
}

/// Even if there is always another value to look at.
#[test]
fn values_that_are_not_wanted_never_extend_the_deadline() {
    let (mut tx, mut rx) = channel();
    for timeout in [Duration::ZERO, SHORT] {
        let deadline = Instant::now() + timeout;
        let mut late = 0;
        assert_eq!(tx.send(0), Ok(None));
        let received = rx.recv_matching_deadline(deadline, |_| {
            // A value found in time but looked at late, and a value that came with the deadline.
            late += u32::from(Instant::now() >= deadline);
            assert!(late <= 2, "looks on after the deadline");
            assert_eq!(tx.send(0), Ok(None));
            false
        });
        assert_eq!(received, Err(Timeout));
        assert!(Instant::now() >= deadline);

        // The time counts from the first look that found nothing wanted.
        let mut counts_from = None;
        let received = rx.recv_matching_timeout(timeout, |_| {
            if counts_from.is_none() {
                thread::sleep(2 * timeout);
            }
            let start = *counts_from.get_or_insert_with(Instant::now);
            assert!(start.elapsed() < Duration::from_secs(20), "the deadline is not looked at");
            assert_eq!(tx.send(0), Ok(None));
            false
        });
        assert_eq!(received, Err(Timeout));
        assert!(counts_from.unwrap().elapsed() >= timeout);
        rx.try_recv().unwrap();
    }
}

#[test]
fn an_iterator_that_ended_for_want_of_a_value_goes_on_with_the_next_value() {
    let (mut tx, mut rx) = channel();
    let mut values = rx.try_iter();
    for sent in 1..=2 {
        assert_eq!(tx.send(sent), Ok(None));
        assert_eq!([values.next(), values.next()], [Some(sent), None]);
    }
}

#[test]
fn errors_say_which_they_are() {
    use TryRecvError::Empty;
    assert!(Empty.is_empty() && !Empty.is_disconnected());
    assert!(Timeout.is_timeout() && !Timeout.is_disconnected());
    assert!(Disconnected.is_disconnected() && !Disconnected.is_timeout());
    let disconnected = TryRecvError::from(RecvError);
    assert!(disconnected.is_disconnected() && !disconnected.is_empty());
    assert_eq!(RecvTimeoutError::from(RecvError), Disconnected);

    let errors: [&dyn Error; 6] =
        [&SendError(1), &RecvError, &Empty, &disconnected, &Timeout, &Disconnected];
    for text in errors.map(ToString::to_string) {
        assert!(text.starts_with(|c: char| c.is_lowercase()) && !text.ends_with('.'), "{text}");
    }
}

/// Polls a future that is ready, and once more. Returns what the panic of that says.
fn complaint(mut future: impl Future + Unpin) -> String {
    let task = Task::new();
    assert!(task.poll(&mut future).is_ready());
    message(|| task.poll(&mut future).is_ready())
}

#[test]
fn a_future_that_is_polled_after_its_end_says_which_it_is() {
    let (mut tx, mut rx) = channel();
    for end in [false, true] {
        if end {
            (tx, rx) = (channel().0, channel().1);
        }
        assert_eq!(tx.send(1).is_err(), end);
        assert_eq!(complaint(rx.recv_async()), "`RecvFuture` polled after it had finished");
        assert_eq!(tx.send(1).is_err(), end);
        let said = complaint(rx.recv_matching_async(|_| true));
        assert_eq!(said, "`RecvMatchingFuture` polled after it had finished");
    }
    assert_eq!(complaint(tx.closed()), "`ClosedFuture` polled after it had finished");
    // Nothing else is wrong with any of the handles.
    assert_eq!(rx.try_recv(), Err(RecvError.into()));
    assert_eq!(tx.send(2), Err(SendError(2)));
}
