//! Futures that are forgotten, dropped unpolled, or busy with a value: none keeps a wake that is another's.

use overwrite_channel::{Receiver, Sender, channel};
use std::{
    future::Future,
    mem,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>, woken: &Arc<Woken>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&woken.clone().into()))
}

/// A call that takes one value, which is there.
type Receive = fn(&mut Receiver<i32>) -> i32;

/// A future is woken and forgotten. The next wait on its receiver finds a value at once, and what the
/// future owed is made up for all the same.
#[test]
fn a_wait_that_finds_a_value_makes_up_for_a_forgotten_future() {
    let receive: [(&str, Receive); 2] = [
        ("recv", |rx| rx.recv().unwrap()),
        ("recv_async", |rx| futures::executor::block_on(rx.recv_async()).unwrap()),
    ];
    for (name, receive) in receive {
        // The receiver that was made first has the first turn.
        let (mut tx, mut forgets) = channel();
        let mut waits = forgets.clone();
        let (waiting, forgotten) = (Arc::default(), Arc::default());
        let mut future = pin!(waits.recv_async());
        assert!(poll(future.as_mut(), &waiting).is_pending());
        let mut kept = forgets.recv_async();
        assert!(poll(Pin::new(&mut kept), &forgotten).is_pending());
        mem::forget(kept);

        tx.send(1).unwrap();
        assert_eq!((forgotten.times(), waiting.times()), (1, 0), "{name}");
        assert_eq!(receive(&mut forgets), 1);
        tx.send(2).unwrap();
        assert_eq!(waiting.times(), 1, "{name}");
        assert_eq!(poll(future.as_mut(), &waiting), Poll::Ready(Ok(2)), "{name}");
    }
}

/// A future that was never polled leaves alone what a poll left behind.
#[test]
fn a_future_that_was_never_polled_changes_nothing() {
    let (mut tx, mut rx) = channel();
    let left = Arc::default();
    assert!(poll(pin!(std::future::poll_fn(|cx| rx.poll_recv(cx))), &left).is_pending());
    drop(rx.recv_async());
    drop(rx.recv_matching_async(|_| true));
    tx.send(1).unwrap();
    assert_eq!(left.times(), 1);
}

/// While a predicate looks at a value, its receiver does not wait: a send wakes somebody who does.
///
/// The value comes between the future's look and its announcement: the waker's clone sends it.
#[test]
fn a_send_during_a_predicate_wakes_another() {
    let (mut tx, mut waits) = channel();
    let mut matches = waits.clone();
    let waker = Waker::from(Arc::new(Woken::default()));
    let waiting = Arc::default();
    let mut future = pin!(waits.recv_async());

    let sends = SendsWhenCloned { tx: Mutex::new(Some(tx.clone())), then: waker };
    let mut woken_meanwhile = None;
    let mut matching = matches.recv_matching_async(|value| {
        if *value == 1 {
            assert!(poll(future.as_mut(), &waiting).is_pending());
            tx.send(2).unwrap();
            woken_meanwhile = Some(waiting.times());
        }
        true
    });
    let polled = Pin::new(&mut matching).poll(&mut Context::from_waker(&sends.waker()));
    assert_eq!(polled, Poll::Ready(Ok(1)));
    drop(matching);
    assert_eq!(woken_meanwhile, Some(1));
}

/// Behind a waker: the first clone sends 1, and is a clone of `then`.
struct SendsWhenCloned {
    tx: Mutex<Option<Sender<i32>>>,
    then: Waker,
}

mod vtable {
    use super::SendsWhenCloned;
    use std::{
        mem::ManuallyDrop,
        task::{RawWaker, RawWakerVTable, Waker},
    };

    const VTABLE: RawWakerVTable = RawWakerVTable::new(clone, nothing, nothing, nothing);

    impl SendsWhenCloned {
        pub(super) fn waker(&self) -> Waker {
            // SAFETY: only `clone` uses the data, and the test keeps `self` for as long as it polls.
            unsafe { Waker::new(std::ptr::from_ref(self).cast(), &VTABLE) }
        }
    }

    fn clone(data: *const ()) -> RawWaker {
        // SAFETY: see `waker`.
        let this = unsafe { &*data.cast::<SendsWhenCloned>() };
        if let Some(mut tx) = this.tx.lock().unwrap().take() {
            tx.send(1).unwrap();
        }
        let then = ManuallyDrop::new(this.then.clone());
        RawWaker::new(then.data(), then.vtable())
    }

    fn nothing(_: *const ()) {}
}
