//! Values of every shape pass, and the handles have the traits that the values allow.

use overwrite_channel::{
    IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender,
    TryIter, TryRecvError, channel, wait_any_timeout,
};
use std::{
    cell::Cell,
    error::Error,
    fmt::Debug,
    iter::FusedIterator,
    panic::{RefUnwindSafe, UnwindSafe},
    thread,
    time::Duration,
};

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
    assert_eq!(format!("{:?}", rx.into_iter()), "IntoIter { .. }");
    let Err(error) = tx.send(Bare(Cell::new(2))) else { panic!("sent to no receiver") };
    assert_eq!(format!("{error:?}"), "SendError { .. }");
    let error: Box<dyn Error> = Box::new(error);
    assert!(error.source().is_none());
}

/// These are checked by the compiler.
#[test]
fn auto_traits_follow_the_value() {
    fn send_and_sync<T: Send + Sync>() {}
    fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}
    fn error<T: Error + Send + Sync + 'static>() {}
    fn fused<T: FusedIterator>() {}

    // `Cell` is `Send` but not `Sync`: that is enough.
    send_and_sync::<Sender<Cell<u8>>>();
    send_and_sync::<SharedSender<Cell<u8>>>();
    send_and_sync::<Receiver<Cell<u8>>>();
    send_and_sync::<IntoIter<Cell<u8>>>();
    send_and_sync::<Iter<'_, Cell<u8>>>();
    send_and_sync::<TryIter<'_, Cell<u8>>>();
    // Whatever the value, no panic leaves the channel half done.
    unwind_safe::<Sender<Bare>>();
    unwind_safe::<Receiver<Bare>>();
    unwind_safe::<SharedSender<Bare>>();
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
    fn on_a_stack_of<R: Send + 'static>(
        size: usize,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> R {
        thread::Builder::new().stack_size(size).spawn(body).unwrap().join().unwrap()
    }
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
