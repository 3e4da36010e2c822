//! Every way to receive and to wait, as rows of tables.

use futures::{FutureExt, executor::block_on, future::LocalBoxFuture};
#[cfg(feature = "watch")]
use overwrite_channel::watch;
use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{self, Disconnected, Timeout},
    buffer::Reader,
    channel, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{future::poll_fn, mem, time::Duration};
use support::rounds::{LONG, after};

pub(crate) type Received<T> = Result<T, RecvTimeoutError>;
/// Receives as a thread. A call that has a timeout waits for so long at most.
pub(crate) type Receive<T> = fn(&mut Receiver<T>, Duration) -> Received<T>;

/// Returns the calls that wait for a value or the end, however long that takes.
pub(crate) fn untimed<T>() -> Vec<(&'static str, Receive<T>)> {
    vec![
        ("recv", |rx, _| Ok(rx.recv()?)),
        ("recv_matching", |rx, _| Ok(rx.recv_matching(|_| true)?)),
        ("iter", |rx, _| rx.iter().next().ok_or(Disconnected)),
        ("into_iter", |rx, _| {
            let clone = rx.clone();
            mem::replace(rx, clone).into_iter().next().ok_or(Disconnected)
        }),
        ("into_iter of a reference", |rx, _| rx.into_iter().next().ok_or(Disconnected)),
        ("wait_any", |rx, _| {
            // Two receivers of one channel, between silent ones. A value may come between the looks at the two.
            let [(_tx, mut silent), (_other_tx, mut other)] = [channel::<()>(), channel()];
            let mut clone = rx.clone();
            let ready = wait_any(&mut [&mut silent, rx, &mut clone, &mut other]);
            assert!(ready == 1 || ready == 2, "{ready}");
            look(rx)
        }),
        ("recv_async", |rx, _| Ok(block_on(rx.recv_async())?)),
        ("recv_matching_async", |rx, _| Ok(block_on(rx.recv_matching_async(|_| true))?)),
        ("poll_recv", |rx, _| Ok(block_on(poll_fn(|cx| rx.poll_recv(cx)))?)),
        #[cfg(feature = "stream")]
        ("next", |rx, _| block_on(futures::StreamExt::next(rx)).ok_or(Disconnected)),
    ]
}

/// Returns the calls that give up when their time is over.
pub(crate) fn timed<T>() -> [(&'static str, Receive<T>); 6] {
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
            let (_tx, mut silent) = channel::<()>();
            let ready = wait_any_deadline(&mut [rx, &mut silent], after(timeout));
            assert_eq!(ready.ok_or(Timeout)?, 0);
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

/// Receives until the end, as a thread that parks at once.
pub(crate) fn as_thread<T>(mut rx: Receiver<T>, got: &dyn Fn(T)) {
    rx.set_spin_limit(0);
    rx.into_iter().for_each(got);
}

/// Receives until the end, as a task.
pub(crate) fn as_task<T>(mut rx: Receiver<T>, got: &dyn Fn(T)) {
    block_on(async {
        while let Ok(value) = rx.recv_async().await {
            got(value);
        }
    });
}

pub(crate) type Wait<'a, T> = LocalBoxFuture<'a, Option<T>>;

/// Makes a future of a handle. It returns `None` at the end.
pub(crate) type Way<H, T> = for<'a> fn(&'a mut H) -> Wait<'a, T>;

/// Returns the ways to receive as a task.
pub(crate) fn every_way<T>() -> Vec<(&'static str, Way<Receiver<T>, T>)> {
    vec![
        ("recv_async", |rx| rx.recv_async().map(Result::ok).boxed_local()),
        ("recv_matching_async", |rx| {
            rx.recv_matching_async(|_| true).map(Result::ok).boxed_local()
        }),
        ("poll_recv", |rx| poll_fn(|cx| rx.poll_recv(cx)).map(Result::ok).boxed_local()),
        #[cfg(feature = "stream")]
        ("next", |rx| futures::StreamExt::next(rx).boxed_local()),
    ]
}

/// Returns the ways to take a value of a `buffer` as a task.
pub(crate) fn updates() -> Vec<(&'static str, Way<Reader<usize>, usize>)> {
    vec![
        ("updated", |reader| {
            async { reader.updated().await.ok().map(|()| **reader) }.boxed_local()
        }),
        ("poll_updated", |reader| {
            async { poll_fn(|cx| reader.poll_updated(cx)).await.ok().map(|()| **reader) }
                .boxed_local()
        }),
        #[cfg(feature = "stream")]
        ("buffer's next", |reader| futures::StreamExt::next(reader).boxed_local()),
    ]
}

/// Returns the ways to wait for a change as a task: for any, for a number above 0, or as a stream.
#[cfg(feature = "watch")]
pub(crate) fn changes() -> Vec<(&'static str, Way<watch::Receiver<usize>, usize>)> {
    vec![
        ("changed", |rx| async { rx.changed().await.ok().map(|()| *rx.borrow()) }.boxed_local()),
        ("wait_for", |rx| rx.wait_for(|it| *it > 0).map(|it| it.ok().map(|it| *it)).boxed_local()),
        #[cfg(feature = "stream")]
        ("watch's next", |rx| futures::StreamExt::next(rx).boxed_local()),
    ]
}
