//! Values of every shape pass, and the handles have the traits that the values allow.

use overwrite_channel::buffer::{Reader, UpdatedFuture, Writer, channel, channel_with};
use std::{
    cell::Cell,
    fmt::Debug,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    sync::{
        MutexGuard,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use support::{assert_is, threads::on_a_stack_of};

/// Publishes two values by every handle, of which one replaces the other, and reads it in another thread.
fn passes<T: Clone + PartialEq + Debug + Send>(older: &T, newer: &T) {
    let (mut writer, mut reader) = channel(older.clone());
    // The nodes of clones are not inside the block.
    let (mut other_writer, mut other_reader) = (writer.clone(), reader.clone());
    for round in 0..6 {
        let writer = if round % 2 == 0 { &mut writer } else { &mut other_writer };
        let (reader, other) = if round % 3 == 0 {
            (&mut reader, &mut other_reader)
        } else {
            (&mut other_reader, &mut reader)
        };
        assert_eq!(writer.write(older.clone()), Ok(false));
        **writer = newer.clone();
        assert_eq!(writer.publish(), Ok(true));
        assert_eq!(**writer, *older, "the replaced value");
        let read = thread::scope(|scope| scope.spawn(|| reader.wait().cloned()).join().unwrap());
        assert_eq!((read.as_ref(), &**reader), (Ok(newer), newer));
        assert!(!other.update());
        **reader = older.clone();
        for value in [&raw const **writer, &raw const **reader, &raw const **other] {
            assert!(value.is_aligned());
        }
    }
    assert_eq!(writer.write(newer.clone()), Ok(false));
    drop((reader, other_reader));
    assert_eq!(writer.write(newer.clone()).unwrap_err().into_inner(), *newer);
}

#[test]
fn values_of_every_size_and_alignment_pass() {
    #[repr(align(128))]
    #[derive(Clone, Debug, PartialEq)]
    struct Lines<T>(T);

    passes(&1_u8, &2);
    passes(&1_u64, &2);
    passes(&(1_u8, 2_u128), &(3, 4));
    passes(&[1_u8; 77], &[2; 77]);
    passes(&[1_u8; 4096], &[2; 4096]);
    passes(&Lines(1), &Lines(2));
    passes(&"older".to_owned(), &"newer".to_owned());
    passes(&None, &Some(Box::new(1)));
    let boxed = |byte| vec![byte; 1 << 20].into_boxed_slice();
    passes(&boxed(1), &boxed(2));

    // Two values without a size do not differ; their number counts.
    passes(&(), &());
    passes(&Lines(()), &Lines(()));
    passes::<[u64; 0]>(&[], &[]);
}

#[test]
fn values_without_a_size_are_each_dropped() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    fn counted() -> Counted {
        ALIVE.fetch_add(1, SeqCst);
        Counted
    }
    impl Clone for Counted {
        fn clone(&self) -> Self {
            counted()
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, SeqCst);
        }
    }
    let (mut writer, reader) = channel_with(counted);
    let mut clones = (writer.clone(), reader.clone());
    assert_eq!((writer.publish(), clones.1.update()), (Ok(false), true));
    assert_eq!(ALIVE.load(SeqCst), 7);
    drop((writer, reader));
    assert_eq!(ALIVE.load(SeqCst), 4);
    drop(clones);
    assert_eq!(ALIVE.load(SeqCst), 0);
}

/// Calls and drops need no stack for a value. Only what makes one does.
#[test]
#[cfg_attr(miri, ignore = "it has no stack of a size")]
#[expect(clippy::large_stack_arrays, reason = "the stack is larger")]
fn values_larger_than_the_stack() {
    const SIZE: usize = 1 << 20;
    let [one, other] = on_a_stack_of(64 * SIZE, || {
        let (writer, reader) = channel_with(|| [0_u8; SIZE]);
        let clones = (writer.clone(), reader.clone());
        [(writer, reader), clones]
    });
    let (mut writer, mut reader) = on_a_stack_of(SIZE / 4, move || {
        let ((mut writer, reader), (mut other, mut other_reader)) = (one, other);
        for byte in 1..10 {
            writer.fill(byte);
            assert_eq!((writer.publish(), other.publish()), (Ok(false), Ok(true)));
            assert!(other_reader.update() && !other_reader.update());
            other.fill(byte);
            assert_eq!(other.publish(), Ok(false));
            assert!(other_reader.wait().unwrap().iter().all(|it| *it == byte));
            other.fill(77);
        }
        drop(reader);
        (other, other_reader)
    });
    on_a_stack_of(SIZE / 4, move || {
        assert_eq!(writer.publish(), Ok(false));
        assert_eq!(reader.read()[SIZE - 1], 77);
    });
}

#[test]
fn auto_traits_follow_the_value() {
    type Sends = Cell<u8>; // not `Sync`
    type Shares = MutexGuard<'static, u8>; // not `Send`
    type Stays = Rc<u8>; // neither
    /// Not unwind safe, but `RefUnwindSafe`.
    type Lent = &'static mut u8;

    assert_is! {
        Writer<u8>: Send = true, Sync = true, UnwindSafe = true, RefUnwindSafe = true;
        Reader<u8>: Send = true, Sync = true, UnwindSafe = true, RefUnwindSafe = true;
        UpdatedFuture<'_, u8>: Send = true, Sync = true;
        // A handle has values, and a reference to it is one to a value.
        Writer<Sends>: Send = true, Sync = false, UnwindSafe = true, RefUnwindSafe = false;
        Reader<Sends>: Send = true, Sync = false, UnwindSafe = true, RefUnwindSafe = false;
        UpdatedFuture<'_, Sends>: Send = true;
        // A clone through a reference has values of its own, which must be `Send`.
        Writer<Shares>: Send = false, Sync = false;
        Reader<Shares>: Send = false, Sync = false;
        UpdatedFuture<'_, Shares>: Send = false;
        Writer<Stays>: Send = false, Sync = false;
        Reader<Stays>: Send = false, Sync = false;
        Writer<Lent>: UnwindSafe = false, RefUnwindSafe = true;
        Reader<Lent>: UnwindSafe = false, RefUnwindSafe = true;
        // Every handle and future may be moved, whatever the value.
        PhantomPinned: Unpin = false;
        Writer<PhantomPinned>: Unpin = true;
        Reader<PhantomPinned>: Unpin = true;
        UpdatedFuture<'_, PhantomPinned>: Unpin = true;
    }
}
