//! What each operation returns, in one thread.

use crate::{
    receives::{Receive, look, timed, waits},
    sends::SENDS,
};
use futures::FutureExt;
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
use support::{ledger::Ledger, orders::orders, panics::message, waker::Task};

const ZERO: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(3);

/// All sequences of a few sends and receives, by clones of the first handles.
#[test]
fn sends_and_receives_do_to_the_channel_what_they_do_to_an_option() {
    const LENGTH: u32 = if cfg!(miri) { 2 } else { 3 };
    const VALUES: usize = 3;
    for calls in 0..(SENDS.len() + 1).pow(LENGTH) {
        for values in 0..VALUES.pow(LENGTH) {
            let (mut tx, mut rx) = channel();
            assert_eq!(tx.send(1), Ok(None));
            let mut slot = Some(1);
            let mut senders = SENDS.map(|(_, sender, _)| sender(tx.clone()));
            for step in 0..LENGTH {
                let call = calls / (SENDS.len() + 1).pow(step) % (SENDS.len() + 1);
                let value = u32::try_from(values / VALUES.pow(step) % VALUES).unwrap();
                let case = format!("step {step} of calls {calls} with values {values}");
                if let Some((_, _, keeps)) = SENDS.get(call) {
                    let expected = match slot {
                        Some(in_slot) if keeps(in_slot, value) => Some(value),
                        _ => slot.replace(value),
                    };
                    assert_eq!(senders[call](value), Ok(expected), "{case}");
                } else {
                    let received = rx.clone().try_recv();
                    assert_eq!(received, slot.take().ok_or(TryRecvError::Empty), "{case}");
                }
                assert_eq!(rx.is_empty(), slot.is_none(), "{case}");
            }
            assert_eq!(rx.try_recv().ok(), slot);
        }
    }
}

#[test]
fn every_receive_takes_the_value_of_every_send_and_then_says_whether_one_may_come() {
    let try_recv: Receive<u32> = |rx, _| look(rx);
    let give_up = timed().into_iter().chain([("try_recv", try_recv)]);
    let give_up = give_up.map(|(name, receive)| (name, receive, ZERO));
    for (name, receive, timeout) in waits().chain(give_up) {
        for (how, sender, _) in SENDS {
            let case = format!("{how}, {name}, {timeout:?}");
            let (tx, mut rx) = channel();
            let mut send = sender(tx);
            assert_eq!(send(1), Ok(None), "{case}");
            assert_eq!(receive(&mut rx, timeout), Ok(1), "{case}");
            if timeout.is_zero() {
                assert_eq!(receive(&mut rx, timeout), Err(Timeout), "{case}");
            }
            assert_eq!(send(2), Ok(None), "{case}");
            assert!(!rx.is_closed(), "{case}");
            drop(send);
            assert!(rx.is_closed() && !rx.is_empty(), "{case}");
            assert_eq!(receive(&mut rx, timeout), Ok(2), "{case}");
            // Twice: it is for good.
            for _ in 0..2 {
                assert_eq!(receive(&mut rx, timeout), Err(Disconnected), "{case}");
            }
        }
    }
}

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

#[test]
fn without_receivers_every_send_hands_its_value_back() {
    let no_key = |_: &u32| -> u32 { unreachable!("the key of a value that is not sent") };
    for in_slot in [false, true] {
        let (mut tx, rx) = channel();
        if in_slot {
            assert_eq!(tx.send(1), Ok(None));
        }
        let (shared, other_rx) = (tx.clone().into_shared(), rx.clone());
        drop(rx);
        assert!(!tx.is_closed() && !shared.is_closed());
        drop(other_rx);
        assert!(tx.is_closed() && shared.is_closed());
        assert_eq!([tx.closed().now_or_never(), shared.closed().now_or_never()], [Some(()); 2]);
        for (how, sender, _) in SENDS {
            assert_eq!(sender(tx.clone())(2), Err(SendError(2)), "{how}");
        }
        assert_eq!(tx.send_newest_by_key(3, no_key).unwrap_err().into_inner(), 3);
        assert_eq!(shared.send_newest_by_key(3, no_key).unwrap_err().into_inner(), 3);
    }
}

/// Even if there is always another value to look at.
#[test]
fn values_that_are_not_wanted_never_extend_the_deadline() {
    let (mut tx, mut rx) = channel();
    for timeout in [ZERO, SHORT] {
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
    for sent in [[1, 2], [3, 4]] {
        assert_eq!(sent.map(|value| tx.send(value)), [Ok(None), Ok(Some(sent[0]))]);
        assert_eq!([values.next(), values.next()], [Some(sent[1]), None]);
    }
    tx.send(5).unwrap();
    drop(tx);
    assert_eq!(rx.clone().iter().collect::<Vec<_>>(), [5]);
    assert_eq!((rx.try_iter().next(), rx.iter().next(), rx.into_iter().next()), (None, None, None));
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

#[test]
fn the_last_handle_of_a_side_closes_the_channel_in_whatever_order_they_end() {
    #[derive(PartialEq)]
    enum Side {
        Sends,
        Receives,
    }
    /// A side, and whether the other side has ended, by a handle that it owns.
    type Handle = (Side, Box<dyn Fn() -> bool>);
    for (order, sends) in orders::<5>().flat_map(|order| (0..5).map(move |it| (order, it))) {
        let ledger = Ledger::new(sends);
        let (tx, mut rx) = channel();
        let (mut plain, other_rx) = (tx.clone(), rx.clone());
        let shared = tx.into_shared();
        let clone = shared.clone();
        // So that the nodes have changed hands.
        for sent in 0..sends {
            match sent % 3 {
                0 => shared.send(ledger.issue()),
                1 => plain.send(ledger.issue()),
                _ => clone.send(ledger.issue()),
            }
            .unwrap();
            if sent == 2 {
                rx.try_recv().unwrap();
            }
        }
        assert!(plain.same_channel(&plain.clone()) && shared.same_channel(&clone));
        assert!(rx.same_channel(&other_rx));
        let (stranger, strange_rx) = channel();
        assert!(!plain.same_channel(&stranger) && !rx.same_channel(&strange_rx));
        assert!(!shared.same_channel(&stranger.into_shared()));

        let mut handles: [Option<Handle>; 5] = [
            Some((Side::Sends, Box::new(move || shared.is_closed()))),
            Some((Side::Sends, Box::new(move || clone.is_closed()))),
            Some((Side::Sends, Box::new(move || plain.is_closed()))),
            Some((Side::Receives, Box::new(move || rx.is_closed()))),
            Some((Side::Receives, Box::new(move || other_rx.is_closed()))),
        ];
        for next in order {
            handles[next] = None;
            let left = || handles.iter().flatten();
            for (side, is_closed) in left() {
                assert_eq!(is_closed(), left().all(|(other, _)| other == side));
            }
        }
        ledger.assert_each_dropped_once();
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
