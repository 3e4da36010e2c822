//! Values of every shape pass, and the handles have the traits that the values allow.
#![cfg(feature = "std")]

use overwrite_channel::{
    IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender,
    TryIter, TryRecvError, channel,
};
use std::{
    cell::Cell,
    error::Error,
    fmt::Debug,
    iter::FusedIterator,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    thread,
    time::Duration,
};

/// Much longer than it takes: a test that is stuck fails.
const LONG: Duration = Duration::from_secs(60);

/// Every path a value can take: displaced, kept as the newer, received by `try_recv` and by `recv`
/// in another thread, handed back by a channel without receivers, left in one.
fn passes<T: Clone + PartialEq + Debug + Send + 'static>(older: &T, newer: &T) {
    let (mut tx, mut rx) = channel();
    assert_eq!(tx.send(older.clone()), Ok(None));
    assert_eq!(tx.send(newer.clone()), Ok(Some(older.clone())));
    // The older one's key is the smaller, whatever the values are.
    let key = |value: &T| value == newer;
    let expected = Ok(Some(older.clone()));
    assert_eq!(tx.send_newest_by_key(older.clone(), key), expected);
    assert_eq!(rx.try_recv().as_ref(), Ok(newer));

    let (mut back_tx, mut back_rx) = channel();
    let echo = thread::spawn({
        let newer = newer.clone();
        move || {
            let end = loop {
                match rx.recv_timeout(LONG) {
                    Ok(value) => {
                        assert_eq!(value, newer);
                        assert_eq!(back_tx.clone().send(value), Ok(None));
                    }
                    Err(error) => break error,
                }
            };
            assert_eq!(end, RecvTimeoutError::Disconnected);
            back_tx.send(newer)
        }
    });
    // A clone's node is not one of the channel's own three.
    let mut clone = tx.clone();
    for _ in 0..20 {
        assert_eq!(tx.send(newer.clone()), Ok(None));
        assert_eq!(back_rx.recv_timeout(LONG).as_ref(), Ok(newer));
        assert_eq!(clone.send(newer.clone()), Ok(None));
        assert_eq!(back_rx.recv_timeout(LONG).as_ref(), Ok(newer));
    }
    drop((tx, clone));
    assert_eq!(echo.join().unwrap(), Ok(None));
    assert_eq!(back_rx.recv_timeout(LONG).as_ref(), Ok(newer));

    let (mut tx, rx) = channel();
    assert_eq!(tx.send(older.clone()), Ok(None));
    drop(rx);
    assert_eq!(tx.send(newer.clone()).unwrap_err().into_inner(), *newer);
}

#[test]
fn plain_values() {
    passes(&1_u8, &2);
    passes(&1_u64, &2);
    passes(&1_u128, &2);
    passes(&(1_u8, 2_u32), &(3, 4));
    passes(&[1_u64; 8], &[2; 8]);
    passes(&[1_u8; 4096], &[2; 4096]);
    passes(&[1_u8; 77], &[2; 77]);
}

#[test]
fn owned_values() {
    passes(&"older".to_owned(), &"newer".to_owned());
    passes(&vec![1; 100], &vec![2; 1000]);
    passes(&Box::new(1), &Box::new(2));
    passes(&None, &Some("some".to_owned()));
}

/// Two zero-sized values do not differ; their number counts.
#[test]
fn values_without_size() {
    #[repr(align(256))]
    #[derive(Clone, Debug, PartialEq)]
    struct Aligned;

    for _ in 0..3 {
        passes(&(), &());
        passes(&Aligned, &Aligned);
        passes::<[u64; 0]>(&[], &[]);
    }
    let (mut tx, mut rx) = channel();
    assert_eq!(tx.send(()), Ok(None));
    assert_eq!(tx.send(()), Ok(Some(())));
    assert_eq!(rx.try_recv(), Ok(()));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

/// Where they lie in the channel is told in `memory_aligned.rs`.
#[test]
fn values_that_are_aligned_further_than_a_line() {
    #[repr(align(256))]
    #[derive(Clone, Debug, PartialEq)]
    struct Aligned(u8);

    #[repr(align(64))]
    #[derive(Clone, Debug, PartialEq)]
    struct Line(u8);

    passes(&Aligned(1), &Aligned(2));
    passes(&Line(1), &Line(2));
}

/// Compilers move such values by instructions that fail where one is not aligned.
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
    let Err(error) = tx.send(Bare(Cell::new(2))) else { panic!("sent to nobody") };
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

#[test]
fn values_that_stay_in_their_thread_may_use_a_channel_there() {
    let (mut tx, mut rx) = channel();
    let value = Rc::new(1);
    tx.send(Rc::clone(&value)).unwrap();
    assert_eq!(rx.recv().as_ref(), Ok(&value));
    tx.send(Rc::clone(&value)).unwrap();
    drop((tx, rx));
    assert_eq!(Rc::strong_count(&value), 1);
}
