//! Every way to receive, as rows of tables.

use futures::executor::block_on;
use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{self, Disconnected, Timeout},
    channel, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{
    future::poll_fn,
    time::{Duration, Instant},
};

/// A timeout whose deadline can be expressed, and that no test lives to see.
pub(crate) const LONG: Duration = Duration::from_secs(3600);

pub(crate) type Received<T> = Result<T, RecvTimeoutError>;
/// Receives. A call that has a timeout waits for so long at most.
pub(crate) type Receive<T> = fn(&mut Receiver<T>, Duration) -> Received<T>;

/// Returns the calls that wait for a value or the end, however long that takes.
pub(crate) fn untimed<T>() -> [(&'static str, Receive<T>); 9] {
    [
        ("recv", |rx, _| Ok(rx.recv()?)),
        ("recv_matching", |rx, _| Ok(rx.recv_matching(|_| true)?)),
        ("iter", |rx, _| rx.iter().next().ok_or(Disconnected)),
        ("into_iter", |rx, _| rx.clone().into_iter().next().ok_or(Disconnected)),
        ("into_iter of a reference", |rx, _| rx.into_iter().next().ok_or(Disconnected)),
        ("wait_any", |rx, _| {
            assert_eq!(wait_any(&mut [rx]), 0);
            look(rx)
        }),
        ("recv_async", |rx, _| Ok(block_on(rx.recv_async())?)),
        ("recv_matching_async", |rx, _| Ok(block_on(rx.recv_matching_async(|_| true))?)),
        ("poll_recv", |rx, _| Ok(block_on(poll_fn(|cx| rx.poll_recv(cx)))?)),
    ]
}

/// Returns the calls that give up when their time is over.
pub(crate) fn timed<T>() -> [(&'static str, Receive<T>); 6] {
    fn after(timeout: Duration) -> Instant {
        Instant::now() + timeout.min(LONG)
    }
    [
        ("recv_timeout", |rx, timeout| rx.recv_timeout(timeout)),
        ("recv_deadline", |rx, timeout| rx.recv_deadline(after(timeout))),
        ("recv_matching_timeout", |rx, timeout| rx.recv_matching_timeout(timeout, |_| true)),
        ("recv_matching_deadline", |rx, timeout| {
            rx.recv_matching_deadline(after(timeout), |_| true)
        }),
        ("wait_any_timeout", |rx, timeout| {
            let (_tx, mut silent) = channel::<()>();
            let ready = wait_any_timeout(&mut [&mut silent, rx], timeout);
            assert_eq!(ready.ok_or(Timeout)?, 1);
            look(rx)
        }),
        ("wait_any_deadline", |rx, timeout| {
            assert_eq!(wait_any_deadline(&mut [rx], after(timeout)).ok_or(Timeout)?, 0);
            look(rx)
        }),
    ]
}

/// Returns every call that waits, each that knows a timeout with three that do not pass.
pub(crate) fn waits<T>() -> impl Iterator<Item = (&'static str, Receive<T>, Duration)> {
    let timeouts = [LONG, Duration::from_secs(u64::MAX / 4), Duration::MAX];
    let timed = timed().into_iter();
    let timed = timed.flat_map(move |(name, wait)| timeouts.map(|timeout| (name, wait, timeout)));
    untimed().into_iter().map(|(name, wait)| (name, wait, LONG)).chain(timed)
}

/// Receives without a wait.
pub(crate) fn look<T>(rx: &mut Receiver<T>) -> Received<T> {
    rx.try_recv().map_err(|error| if error.is_empty() { Timeout } else { Disconnected })
}
