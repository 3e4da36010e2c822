//! Values of every shape pass, and the handles have the traits that the values allow.

use futures::executor::block_on;
use overwrite_channel::{
    ClosedFuture, IntoIter, Iter, Receiver, RecvError, RecvFuture, RecvMatchingFuture,
    RecvTimeoutError, SendError, Sender, SharedSender, TryIter, TryRecvError, channel,
    wait_any_timeout,
};
use std::{
    cell::Cell,
    error::Error,
    fmt::Debug,
    iter::{self, FusedIterator},
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    task::Poll,
    thread,
    time::Duration,
};
use support::{assert_is, threads::on_a_stack_of, waker::Task};

/// Takes two values along every path: displaced, kept as the newer, received in another thread, left in the channel,
/// handed back.
fn passes<T: Clone + PartialEq + Debug + Send + 'static>(older: &T, newer: &T) {
    let (mut tx, mut rx) = channel();
    // A clone's node is not one of the channel's own three.
    let mut clone = tx.clone();
    for _ in 0..5 {
        for tx in [&mut tx, &mut clone] {
            assert_eq!(tx.send(older.clone()), Ok(None));
            assert_eq!(tx.send(newer.clone()), Ok(Some(older.clone())));
            // The older value has the smaller key, whatever the values are.
            let key = |value: &T| value == newer;
            assert_eq!(tx.send_newest_by_key(older.clone(), key), Ok(Some(older.clone())));
            let received = thread::scope(|scope| scope.spawn(|| rx.recv()).join().unwrap());
            assert_eq!(received.as_ref(), Ok(newer));
        }
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(tx.send(older.clone()), Ok(None));
    drop(rx);
    assert_eq!(tx.send(newer.clone()).unwrap_err().into_inner(), *newer);
}

#[test]
fn values_of_every_size_and_alignment_pass() {
    #[repr(align(64))]
    #[derive(Clone, Debug, PartialEq)]
    struct Line(u8);

    #[repr(align(256))]
    #[derive(Clone, Debug, PartialEq)]
    struct Lines<T>(T);

    passes(&1_u8, &2);
    passes(&1_u64, &2);
    passes(&1_u128, &2);
    passes(&(1_u8, 2_u32), &(3, 4));
    passes(&[1_u64; 8], &[2; 8]);
    passes(&[1_u8; 4096], &[2; 4096]);
    passes(&[1_u8; 77], &[2; 77]);
    passes(&Line(1), &Line(2));
    passes(&Lines(1), &Lines(2));

    passes(&"older".to_owned(), &"newer".to_owned());
    passes(&vec![1; 100], &vec![2; 1000]);
    passes(&Box::new(1), &Box::new(2));
    passes(&None, &Some("some".to_owned()));

    // Two values without a size do not differ; their number counts.
    passes(&(), &());
    passes(&Lines(()), &Lines(()));
    passes::<[u64; 0]>(&[], &[]);
}

#[test]
fn values_that_borrow_pass_between_scoped_threads() {
    let text = String::from("borrowed for longer than the channel lives");
    let (mut tx, mut rx) = channel();
    let last = thread::scope(|scope| {
        scope.spawn(|| {
            text.split(' ').for_each(|word| _ = tx.send(word).unwrap());
            drop(tx);
        });
        iter::from_fn(|| block_on(rx.recv_async()).ok()).last()
    });
    assert_eq!(last, Some("lives"));
}

#[test]
fn a_predicate_that_may_not_be_moved_is_no_obstacle() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let pinned = (1, PhantomPinned);
    let future = task.waits(rx.recv_matching_async(move |value| {
        let (wanted, PhantomPinned) = &pinned;
        value == wanted
    }));
    let mut moved = Box::new(future);
    tx.send(1).unwrap();
    assert_eq!(task.poll(&mut *moved), Poll::Ready(Ok(1)));
}

/// Compilers move such values by instructions that fail if the value is not aligned.
#[cfg(target_arch = "x86_64")]
#[test]
fn values_for_vector_registers() {
    use std::{arch::x86_64::__m128i, mem::transmute};

    #[derive(Clone, Debug)]
    struct Vector(__m128i);

    impl Vector {
        fn new(value: u128) -> Self {
            // SAFETY: both are sixteen plain bytes.
            Self(unsafe { transmute::<u128, __m128i>(value) })
        }
    }

    impl PartialEq for Vector {
        fn eq(&self, other: &Self) -> bool {
            format!("{:?}", self.0) == format!("{:?}", other.0)
        }
    }

    passes(&Vector::new(1), &Vector::new(2));
    passes(&(1_u8, Vector::new(1)), &(2, Vector::new(2)));
}

/// No `Debug`, no `Clone`, no `PartialEq`, not unwind safe.
struct Bare(#[expect(dead_code, reason = "makes it not `Sync`")] Cell<u8>);

#[test]
fn handles_and_errors_need_no_debug_of_the_value() {
    let (mut tx, mut rx) = channel();
    tx.send(Bare(Cell::new(1))).unwrap_or_else(|error| panic!("{error:?} {error}"));
    assert_eq!(format!("{tx:?}"), "Sender { .. }");
    assert_eq!(format!("{rx:?}"), "Receiver { .. }");
    assert_eq!(format!("{:?}", rx.iter()), "Iter { .. }");
    assert_eq!(format!("{:?}", rx.try_iter()), "TryIter { .. }");
    assert_eq!(format!("{:?}", rx.recv_async()), "RecvFuture { .. }");
    assert_eq!(format!("{:?}", rx.recv_matching_async(|_| true)), "RecvMatchingFuture { .. }");
    assert_eq!(format!("{:?}", tx.closed()), "ClosedFuture { .. }");
    assert_eq!(format!("{:?}", tx.clone().into_shared()), "SharedSender { .. }");
    assert_eq!(format!("{:?}", rx.into_iter()), "IntoIter { .. }");
    let Err(error) = tx.send(Bare(Cell::new(2))) else { panic!("sent to no receiver") };
    assert_eq!(format!("{error:?}"), "SendError { .. }");
    let error: Box<dyn Error> = Box::new(error);
    assert!(error.source().is_none());
}

#[test]
fn auto_traits_follow_the_value() {
    type Sends = Cell<u8>; // not `Sync`
    type Stays = Rc<u8>;
    type Wanted<T> = fn(&T) -> bool;
    fn error<T: Error + Send + Sync + 'static>() {}
    fn fused<T: FusedIterator>() {}

    assert_is! {
        // `Send` is enough.
        Sender<Sends>: Send = true, Sync = true;
        SharedSender<Sends>: Send = true, Sync = true;
        Receiver<Sends>: Send = true, Sync = true;
        IntoIter<Sends>: Send = true, Sync = true;
        Iter<'_, Sends>: Send = true, Sync = true;
        TryIter<'_, Sends>: Send = true, Sync = true;
        RecvFuture<'_, Sends>: Send = true;
        RecvMatchingFuture<'_, Sends, Wanted<Sends>>: Send = true;
        ClosedFuture<'_>: Send = true, Sync = true, Unpin = true;
        Sender<Stays>: Send = false, Sync = false;
        SharedSender<Stays>: Send = false, Sync = false;
        Receiver<Stays>: Send = false, Sync = false;
        RecvFuture<'_, Stays>: Send = false, Sync = false;
        RecvMatchingFuture<'_, Stays, Wanted<Stays>>: Send = false;
        RecvMatchingFuture<'_, Sends, Stays>: Send = false;
        // Every handle and future may be moved, whatever the value.
        PhantomPinned: Unpin = false;
        Sender<PhantomPinned>: Unpin = true;
        SharedSender<PhantomPinned>: Unpin = true;
        Receiver<PhantomPinned>: Unpin = true;
        RecvFuture<'_, PhantomPinned>: Unpin = true;
        RecvMatchingFuture<'_, Sends, PhantomPinned>: Unpin = true;
        // Whatever the value, no panic leaves the channel half done.
        Sender<Bare>: UnwindSafe = true, RefUnwindSafe = true;
        SharedSender<Bare>: UnwindSafe = true, RefUnwindSafe = true;
        Receiver<Bare>: UnwindSafe = true, RefUnwindSafe = true;
    }
    // These are checked by the compiler.
    error::<SendError<u8>>();
    error::<RecvError>();
    error::<TryRecvError>();
    error::<RecvTimeoutError>();
    fused::<Iter<'_, u8>>();
    fused::<IntoIter<u8>>();
}

/// A handle needs no stack for a value. Only a send and a receive do.
#[test]
#[cfg_attr(miri, ignore = "it has no stack of a size")]
#[expect(clippy::large_stack_arrays, reason = "the stack is larger")]
fn handles_of_values_larger_than_the_stack() {
    type Large = [u8; 1 << 20];
    const SMALL: usize = size_of::<Large>() / 4;
    /// Makes every kind of handle, more of each than have room inside the channel, and drops them again.
    fn use_handles((tx, rx): (Sender<Large>, Receiver<Large>)) {
        let clones = ([tx.clone(), tx.clone()], [rx.clone(), rx.clone()]);
        drop(clones);
        let mut receiver = rx.clone();
        let shared = tx.into_shared();
        let clones = [shared.clone(), shared.clone()];
        drop(rx);
        assert!(!shared.is_closed());
        let ready = (!receiver.is_empty()).then_some(0);
        assert_eq!(wait_any_timeout(&mut [&mut receiver], Duration::from_millis(1)), ready);
        drop((shared, clones, receiver));
    }

    on_a_stack_of(SMALL, || use_handles(channel()));
    // Unoptimised, the value is moved through several functions.
    let handles = on_a_stack_of(256 * SMALL, || {
        let (mut tx, rx) = channel();
        // The room of a clone is not inside the channel.
        let mut clone = tx.clone();
        assert_eq!(tx.send([1; 1 << 20]), Ok(None));
        assert_eq!(clone.send([2; 1 << 20]), Ok(Some([1; 1 << 20])));
        (tx, rx)
    });
    // The last handle drops the value where it lies.
    on_a_stack_of(SMALL, || use_handles(handles));
}
