//! The contenders, all behind the trait [`Task`]; tasks that are polled by hand, and threads that park.

pub(super) use crate::tasks::{Overwrite, OverwriteWatch as Watch, Task, Watch as Tokios};

use crate::asleep::Sleeper;
use overwrite_channel::Receiver;
use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

/// [`Overwrite`], [`Watch`] and [`Tokios`].
pub(super) const NAMES: [&str; 3] =
    ["overwrite_channel", "overwrite_channel::watch", "tokio::sync::watch"];

/// Sends, which is ready at once.
pub(super) fn send<C: Task>(tx: &mut C::Tx, value: u64) {
    let poll = pin!(C::send(tx, value)).poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_ready(), "{} sends at once", C::NAME);
}

/// A waker that counts its wakes.
#[derive(Default)]
pub(super) struct Wakes(AtomicU64);

impl Wakes {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Acquire)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Release);
    }
}

pub(super) fn poll<F: Future + ?Sized>(future: Pin<&mut F>, wakes: &Arc<Wakes>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(wakes))))
}

/// A thread that receives until the senders are gone, and parks at once where there is no value.
pub(super) struct Parked {
    pub(super) sleeper: Sleeper,
    received: Arc<AtomicU64>,
}

impl Parked {
    pub(super) fn start(mut rx: Receiver<u64>) -> Self {
        rx.set_spin_limit(0);
        let received = Arc::<AtomicU64>::default();
        let (tell, told) = mpsc::channel();
        let counter = Arc::clone(&received);
        thread::spawn(move || {
            tell.send(Sleeper::this_thread()).expect("the maker waits for it");
            while rx.recv().is_ok() {
                counter.fetch_add(1, Release);
            }
        });
        Self { sleeper: told.recv().expect("the receiver starts"), received }
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Acquire)
    }
}

/// Panics unless each contender's clones wait, are woken once, receive the newest value, and cancel their waits.
pub(super) fn check_all() {
    check::<Overwrite>();
    check::<Watch>();
    check::<Tokios>();
}

fn check<C: Task<Rx: Clone>>() {
    let wakes = Arc::default();
    for value in 1..100 {
        let (mut tx, mut cancelled) = C::open();
        let mut waiting = cancelled.clone();
        assert!(poll(pin!(C::recv(&mut cancelled)), &wakes).is_pending(), "{} waits", C::NAME);
        let mut recv = pin!(C::recv(&mut waiting));
        assert!(poll(recv.as_mut(), &wakes).is_pending(), "{} waits", C::NAME);
        send::<C>(&mut tx, value);
        assert_eq!(wakes.count(), value, "{} wakes one task once", C::NAME);
        assert_eq!(poll(recv, &wakes), Poll::Ready(value), "{} delivers", C::NAME);
    }
}
