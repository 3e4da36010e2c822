//! What each operation returns, in one thread.
#![cfg(feature = "std")]

use overwrite_channel::{RecvError, RecvTimeoutError, SendError, TryRecvError, channel};
use std::time::{Duration, Instant};

const ZERO: Duration = Duration::ZERO;

#[test]
fn a_send_hands_back_what_it_displaced() {
    let (mut tx, mut rx) = channel();
    assert_eq!(tx.send(1), Ok(None));
    assert_eq!(tx.send(2), Ok(Some(1)));
    assert_eq!(tx.send(3), Ok(Some(2)));
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(tx.send(4), Ok(None));
    assert_eq!(rx.try_recv(), Ok(4));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn clones_send_to_and_receive_from_the_same_place() {
    let (mut tx, mut rx) = channel();
    let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
    assert_eq!(tx.send(1), Ok(None));
    assert_eq!(other_tx.send(2), Ok(Some(1)));
    assert_eq!(tx.send(3), Ok(Some(2)));
    assert_eq!(other_rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(other_tx.send(4), Ok(None));
    assert_eq!(rx.try_recv(), Ok(4));
}

#[test]
fn every_receive_returns_the_value_that_is_there() {
    let (mut tx, mut rx) = channel();
    let past = Instant::now();
    let mut sent = 0;
    let mut next = || {
        sent += 1;
        assert_eq!(tx.send(sent), Ok(None));
        sent
    };
    assert_eq!(next(), rx.try_recv().unwrap());
    assert_eq!(next(), rx.recv().unwrap());
    assert_eq!(next(), rx.recv_timeout(ZERO).unwrap());
    assert_eq!(next(), rx.recv_timeout(Duration::MAX).unwrap());
    assert_eq!(next(), rx.recv_deadline(past).unwrap());
    assert_eq!(next(), rx.recv_matching(|_| true).unwrap());
    assert_eq!(next(), rx.recv_matching_timeout(ZERO, |_| true).unwrap());
    assert_eq!(next(), rx.recv_matching_timeout(Duration::MAX, |_| true).unwrap());
    assert_eq!(next(), rx.recv_matching_deadline(past, |_| true).unwrap());
    assert_eq!(next(), rx.iter().next().unwrap());
    assert_eq!(next(), rx.try_iter().next().unwrap());
    assert_eq!(next(), (&mut rx).into_iter().next().unwrap());
    assert_eq!(next(), rx.into_iter().next().unwrap());
}

#[test]
fn an_empty_channel_times_out_and_not_too_early() {
    let (_tx, mut rx) = channel::<u8>();
    let timeout = Duration::from_millis(3);
    let start = Instant::now();
    let timed_out = Err(RecvTimeoutError::Timeout);

    assert_eq!(rx.recv_timeout(ZERO), timed_out);
    assert_eq!(rx.recv_deadline(start), timed_out);
    assert_eq!(rx.recv_matching_timeout(ZERO, |_| true), timed_out);
    assert_eq!(rx.recv_matching_deadline(start, |_| true), timed_out);

    for looks in [0, 10, u32::MAX] {
        rx.set_spin_limit(looks);
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(timeout), timed_out);
        assert!(start.elapsed() >= timeout);
        let deadline = Instant::now() + timeout;
        assert_eq!(rx.recv_deadline(deadline), timed_out);
        assert!(Instant::now() >= deadline);
        let start = Instant::now();
        assert_eq!(rx.recv_matching_timeout(timeout, |_| true), timed_out);
        assert!(start.elapsed() >= timeout);
        let deadline = Instant::now() + timeout;
        assert_eq!(rx.recv_matching_deadline(deadline, |_| true), timed_out);
        assert!(Instant::now() >= deadline);
    }
}

#[test]
fn the_last_value_survives_the_senders() {
    let (mut tx, mut rx) = channel();
    let other_tx = tx.clone();
    tx.send("last").unwrap();
    drop(tx);
    assert!(!rx.is_closed());
    drop(other_tx);
    assert!(rx.is_closed());
    assert!(!rx.is_empty());

    assert_eq!(rx.recv(), Ok("last"));
    assert_eq!(rx.recv(), Err(RecvError));
}

#[test]
fn every_receive_says_that_no_value_will_come() {
    let (tx, mut rx) = channel::<u8>();
    drop(tx);
    let disconnected = Err(RecvTimeoutError::Disconnected);
    let (past, future) = (Instant::now(), Duration::from_secs(600));

    // Twice: it is for good.
    for _ in 0..2 {
        assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(rx.recv(), Err(RecvError));
        assert_eq!(rx.recv_timeout(ZERO), disconnected);
        assert_eq!(rx.recv_timeout(future), disconnected);
        assert_eq!(rx.recv_timeout(Duration::MAX), disconnected);
        assert_eq!(rx.recv_deadline(past), disconnected);
        assert_eq!(rx.recv_deadline(past + future), disconnected);
        assert_eq!(rx.recv_matching(|_| true), Err(RecvError));
        assert_eq!(rx.recv_matching_timeout(ZERO, |_| true), disconnected);
        assert_eq!(rx.recv_matching_deadline(past + future, |_| true), disconnected);
        assert_eq!(rx.iter().next(), None);
        assert_eq!(rx.try_iter().next(), None);
    }
    assert_eq!(rx.into_iter().next(), None);
}

#[test]
fn without_receivers_every_send_hands_its_value_back() {
    let (mut tx, rx) = channel();
    let other_rx = rx.clone();
    assert_eq!(tx.send(1), Ok(None));
    drop(rx);
    assert!(!tx.is_closed());
    assert_eq!(tx.send(2), Ok(Some(1)));
    drop(other_rx);
    assert!(tx.is_closed());

    assert_eq!(tx.send(3), Err(SendError(3)));
    assert_eq!(tx.send_newest(4), Err(SendError(4)));
    let never = |_: &i32| -> i32 { unreachable!("nobody asks for the key of a value not sent") };
    assert_eq!(tx.send_newest_by_key(5, never).unwrap_err().into_inner(), 5);
    assert_eq!(tx.clone().send(6), Err(SendError(6)));
}

#[test]
fn send_newest_keeps_the_newer_and_hands_back_the_other() {
    let (mut tx, mut rx) = channel();
    assert_eq!(tx.send_newest(2), Ok(None));
    assert_eq!(tx.send_newest(1), Ok(Some(1)));
    assert_eq!(tx.send_newest(3), Ok(Some(2)));
    assert_eq!(tx.clone().send_newest(1), Ok(Some(1)));
    assert_eq!(rx.try_recv(), Ok(3));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    // What was received does not count any more.
    assert_eq!(tx.send_newest(1), Ok(None));
    // Nor does `send` ask.
    assert_eq!(tx.send(0), Ok(Some(1)));
    assert_eq!(rx.try_recv(), Ok(0));
}

#[test]
fn send_newest_by_key_compares_keys_only_and_keeps_the_later_of_two_equal_ones() {
    let (mut tx, mut rx) = channel();
    let attempt = |sentinel: &(u32, &str)| sentinel.0;
    assert_eq!(tx.send_newest_by_key((1, "z"), attempt), Ok(None));
    assert_eq!(tx.send_newest_by_key((1, "a"), attempt), Ok(Some((1, "z"))));
    assert_eq!(tx.send_newest_by_key((0, "zz"), attempt), Ok(Some((0, "zz"))));
    assert_eq!(rx.try_recv(), Ok((1, "a")));
}

#[test]
fn matching_receives_drop_what_is_not_wanted() {
    let (mut tx, mut rx) = channel();
    let mut looked_at = Vec::new();
    for value in 1..=3 {
        tx.send(value).unwrap();
        let found = rx.recv_matching_timeout(ZERO, |value| {
            looked_at.push(*value);
            *value == 3
        });
        assert_eq!(found, if value == 3 { Ok(3) } else { Err(RecvTimeoutError::Timeout) });
        assert!(rx.is_empty());
    }
    assert_eq!(looked_at, [1, 2, 3]);

    tx.send(4).unwrap();
    drop(tx);
    assert_eq!(rx.recv_matching(|_| false), Err(RecvError));
}

/// The deadline is absolute: a receive that never wants what it finds ends with it, even if there
/// is always something to look at.
#[test]
fn values_that_are_not_wanted_never_extend_the_deadline() {
    let (mut tx, mut rx) = channel();
    tx.send(0).unwrap();
    for timeout in [ZERO, Duration::from_millis(3)] {
        let deadline = Instant::now() + timeout;
        let mut late = 0;
        let received = rx.recv_matching_deadline(deadline, |_| {
            // One found in time but looked at late, and one that came with the deadline.
            late += u32::from(Instant::now() >= deadline);
            assert!(late <= 2, "looks on after the deadline");
            assert_eq!(tx.send(0), Ok(None));
            false
        });
        assert_eq!(received, Err(RecvTimeoutError::Timeout));
        assert!(Instant::now() >= deadline);
    }
}

#[test]
fn iterators_yield_the_freshest_and_end() {
    let (mut tx, mut rx) = channel();
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [2]);
    assert_eq!(rx.try_iter().next(), None);

    // One that ended for want of a value goes on with the next one.
    tx.send(3).unwrap();
    let mut values = rx.try_iter();
    assert_eq!(values.next(), Some(3));
    assert_eq!(values.next(), None);
    tx.send(4).unwrap();
    assert_eq!(values.next(), Some(4));

    tx.send(5).unwrap();
    drop(tx);
    assert_eq!(rx.clone().iter().collect::<Vec<_>>(), [5]);
    assert_eq!(rx.into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn predicates_tell_the_state() {
    let (mut tx, mut rx) = channel();
    assert!(rx.is_empty() && !rx.is_closed() && !tx.is_closed());
    tx.send(1).unwrap();
    assert!(!rx.is_empty());
    tx.send(2).unwrap();
    assert!(!rx.is_empty() && !rx.clone().is_empty());
    rx.try_recv().unwrap();
    assert!(rx.is_empty());
    drop(tx);
    assert!(rx.is_empty() && rx.is_closed());
}

#[test]
fn same_channel_is_about_the_channel_not_the_handle() {
    let (tx, rx) = channel::<u8>();
    let (other_tx, other_rx) = channel::<u8>();
    assert!(tx.same_channel(&tx) && tx.same_channel(&tx.clone()));
    assert!(rx.same_channel(&rx) && rx.same_channel(&rx.clone()));
    assert!(!tx.same_channel(&other_tx) && !rx.same_channel(&other_rx));
}

#[test]
fn errors_say_which_they_are() {
    assert!(TryRecvError::Empty.is_empty() && !TryRecvError::Empty.is_disconnected());
    assert!(TryRecvError::Disconnected.is_disconnected() && !TryRecvError::Disconnected.is_empty());
    let timeout = RecvTimeoutError::Timeout;
    assert!(timeout.is_timeout() && !timeout.is_disconnected());
    let disconnected = RecvTimeoutError::Disconnected;
    assert!(disconnected.is_disconnected() && !disconnected.is_timeout());
    assert_eq!(TryRecvError::from(RecvError), TryRecvError::Disconnected);
    assert_eq!(RecvTimeoutError::from(RecvError), RecvTimeoutError::Disconnected);

    let texts = [
        SendError(1).to_string(),
        RecvError.to_string(),
        TryRecvError::Empty.to_string(),
        TryRecvError::Disconnected.to_string(),
        timeout.to_string(),
        disconnected.to_string(),
    ];
    for text in texts {
        assert!(text.starts_with(|c: char| c.is_lowercase()) && !text.ends_with('.'), "{text}");
    }
}
