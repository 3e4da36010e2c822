//! Values in a static: of every size and alignment, and the one that is left at the end.

use super::{full_of_receivers, full_of_senders};
use overwrite_channel::{StaticChannel, TryRecvError};
use std::{
    fmt::Debug,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use support::{
    ledger::{Fate, Ledger, Tracked},
    panics::panics,
    threads::on_a_stack_of,
    waker::Event,
};

/// Takes two values through every node: displaced, received, withdrawn, left in the channel, handed back.
fn passes<T, const HANDLES: usize>(
    channel: &'static StaticChannel<T, HANDLES>,
    older: &T,
    newer: &T,
) where
    T: Clone + PartialEq + Debug,
{
    let (mut txs, mut rx) = full_of_senders(channel);
    // Each exchange moves the nodes on.
    for _ in 0..3 {
        for tx in &mut txs {
            assert_eq!(tx.send(older.clone()), Ok(None));
            assert_eq!(tx.send(newer.clone()), Ok(Some(older.clone())));
            assert_eq!(rx.try_recv().as_ref(), Ok(newer));
            assert_eq!(tx.send(older.clone()), Ok(None));
            assert_eq!(tx.withdraw().as_ref(), Some(older));
        }
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(rx);
    for tx in &mut txs {
        assert_eq!(tx.send(newer.clone()).unwrap_err().into_inner(), *newer);
    }
    drop(txs);
    let (mut tx, mut rxs) = full_of_receivers(channel);
    for rx in &mut rxs {
        assert_eq!(tx.send(newer.clone()), Ok(None));
        assert_eq!(rx.try_recv().as_ref(), Ok(newer));
    }
    assert_eq!(tx.send(older.clone()), Ok(None));
}

#[test]
fn values_of_every_size_and_alignment_pass() {
    #[repr(align(256))]
    #[derive(Clone, Debug, PartialEq)]
    struct Lines<T>(T);

    macro_rules! pass {
        ($($value:ty, $handles:literal: $older:expr, $newer:expr;)+) => {$({
            static CHANNEL: StaticChannel<$value, $handles> = StaticChannel::new();
            passes(&CHANNEL, &$older, &$newer);
        })+};
    }
    pass! {
        u8, 2: 1, 2;
        u64, 30: 1, 2;
        u128, 3: 1, 2;
        [u8; 77], 5: [1; 77], [2; 77];
        Lines<u8>, 2: Lines(1), Lines(2);
        Lines<[u8; 300]>, 5: Lines([1; 300]), Lines([2; 300]);
        [u8; 4096], 3: [1; 4096], [2; 4096];
        Box<u8>, 4: Box::new(1), Box::new(2);
        // Two values without a size do not differ; their number counts.
        (), 2: (), ();
        [u64; 0], 5: [], [];
        Lines<()>, 30: Lines(()), Lines(());
    }
}

/// A split and the end need no stack for a value. Only a send and a receive do.
#[test]
#[cfg_attr(miri, ignore = "it has no stack of a size")]
#[expect(clippy::large_stack_arrays, reason = "the stack is larger")]
fn values_larger_than_the_stack() {
    const LARGE: usize = 1 << 20;
    static CHANNEL: StaticChannel<[u8; LARGE], 3> = StaticChannel::new();
    // Unoptimised, the values are moved through several functions.
    on_a_stack_of(64 * LARGE, || passes(&CHANNEL, &[1; LARGE], &[2; LARGE]));
    let (tx, rx) = on_a_stack_of(LARGE / 4, || {
        let (tx, rx) = CHANNEL.split().unwrap();
        drop((tx.clone(), rx));
        drop(tx);
        CHANNEL.split().unwrap()
    });
    assert!(rx.is_empty() && !tx.is_closed());
}

#[test]
fn the_last_handle_drops_the_value_that_is_left() {
    static CHANNEL: StaticChannel<Tracked, 3> = StaticChannel::new();
    let ledger = Ledger::new(3);
    for last in 0..3 {
        let (mut tx, rx) = CHANNEL.split().unwrap();
        let shared = tx.clone().into_shared();
        assert_eq!(tx.send(ledger.issue()), Ok(None));
        let mut handles: Vec<Box<dyn Send>> = vec![Box::new(tx), Box::new(shared), Box::new(rx)];
        handles.swap(last, 2);
        let last_handle = handles.pop();
        drop(handles);
        assert_eq!(ledger.alive(), [last]);
        drop(last_handle);
        assert_eq!(ledger.alive(), []);
    }
    assert_eq!(ledger.totals().dropped_with_channel, 3);
}

#[test]
fn a_value_without_a_size_is_dropped_once() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    static CHANNEL: StaticChannel<Nothing, 2> = StaticChannel::new();
    struct Nothing;
    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    for split in 0..2 {
        let (mut tx, mut rx) = CHANNEL.split().unwrap();
        for sent in 0..3 {
            assert!(tx.send(Nothing).is_ok());
            assert_eq!(DROPPED.load(Relaxed), 4 * split + sent);
        }
        assert!(rx.try_recv().is_ok());
        assert!(tx.send(Nothing).is_ok());
        drop((tx, rx));
        assert_eq!(DROPPED.load(Relaxed), 4 * (split + 1));
    }
}

#[test]
fn a_channel_is_split_again_though_the_drop_of_its_last_value_panics() {
    static CHANNEL: StaticChannel<Tracked, 2> = StaticChannel::new();
    let ledger = Ledger::new(4);
    for _ in 0..2 {
        let (mut tx, rx) = CHANNEL.split().unwrap();
        assert_eq!(tx.send(ledger.issue().panicking_in(Event::Drop)), Ok(None));
        drop(rx);
        panics(|| tx);
        let (mut tx, mut rx) = CHANNEL.split().unwrap();
        assert_eq!(tx.send(ledger.issue()), Ok(None));
        rx.try_recv().unwrap().meets(Fate::Received);
    }
    assert_eq!(ledger.totals().received, 2);
}

/// The drop of the value that is left runs while the channel is still in use.
#[test]
fn the_value_that_is_left_cannot_split_the_channel_as_it_is_dropped() {
    struct Splits;
    static CHANNEL: StaticChannel<Splits, 2> = StaticChannel::new();
    static REFUSED: AtomicUsize = AtomicUsize::new(0);
    impl Drop for Splits {
        fn drop(&mut self) {
            REFUSED.fetch_add(CHANNEL.split().is_none().into(), Relaxed);
        }
    }
    let (mut tx, rx) = CHANNEL.split().unwrap();
    assert!(tx.send(Splits).is_ok());
    drop((tx, rx));
    assert_eq!(REFUSED.load(Relaxed), 1);
    assert!(CHANNEL.split().is_some());
}
