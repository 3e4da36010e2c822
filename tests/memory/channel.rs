//! A channel takes one block, a node for each handle more, and wait nodes as the number of receivers doubles.

use crate::{
    LARGE, Large, NOTHING, cost, counts, grows_as_the_number_doubles, is_free,
    wait_nodes::{closing, grown},
};
use crossbeam_utils::CachePadded;
use overwrite_channel::{Receiver, Sender, SharedSender, channel};
use std::{
    fmt::Debug,
    mem,
    time::{Duration, Instant},
};
use support::{
    allocator::{bytes, largest_alignment, measure},
    dice::Dice,
    waker::Task,
};

/// A handle is moved often. It fits into a cache line, whatever the value.
#[test]
fn handles_are_small() {
    assert!(size_of::<Sender<Large>>() <= 24);
    assert!(size_of::<SharedSender<Large>>() <= 24);
    assert!(size_of::<Receiver<Large>>() <= 64);
    #[cfg(feature = "watch")]
    {
        use overwrite_channel::watch;
        assert!(size_of::<watch::Sender<Large>>() <= 16);
        assert!(size_of::<watch::Receiver<Large>>() <= 64);
    }
}

#[test]
fn a_channel_is_one_small_allocation() {
    let (_handles, made) = measure(channel::<u64>);
    assert_eq!(made.allocations, 1);
    assert!(made.live_bytes <= 320, "{made:?}");
    // Two lines, or four where the processor fetches two at once: the counts and the wait list lie on the first half,
    // the word and its nodes on the second.
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        let lines = bytes(align_of::<CachePadded<u8>>());
        assert_eq!(made.live_bytes, 2 * lines);
        // The line of the word has room for three nodes of 16 bytes. Larger nodes have lines of their own.
        assert_eq!(measure(channel::<[u64; 2]>).1.live_bytes, 2 * lines);
        assert_eq!(measure(channel::<[u64; 3]>).1.live_bytes, 5 * lines);
    }

    // Room for a second receiver, and for futures that wait for the receivers' end, is less than a kilobyte.
    assert!((made + grown(2) + closing()).live_bytes < 1024);

    // A channel holds three nodes, for two handles and the slot.
    let (_handles, made) = measure(channel::<Large>);
    assert_eq!(made.allocations, 1);
    assert!((3 * LARGE..4 * LARGE).contains(&made.live_bytes), "{made:?}");
}

#[test]
fn a_channel_is_aligned_as_its_values() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(2048))]
    struct Far(u8);

    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(4096))]
    struct Further(u8);

    /// Passes a value of the largest alignment so far.
    fn passes<T: Copy + Debug + PartialEq>(value: T) {
        let ((mut tx, mut rx), _) = measure(channel);
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(rx.recv(), Ok(value));
        assert_eq!(largest_alignment(), align_of::<T>());
    }
    passes(Far(1));
    passes(Further(2));
}

#[test]
fn sending_and_receiving_allocate_nothing() {
    let (mut tx, mut rx) = channel::<Large>();
    let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
    let (shared, counts) = measure(|| tx.clone().into_shared());
    assert_eq!(counts.allocations, 1, "the clone");
    rx.set_spin_limit(3);
    other_rx.set_spin_limit(0);
    let soon = Duration::from_micros(1);
    is_free(|i| {
        let value = [i; 512];
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(other_tx.send(value), Ok(Some(value)));
        assert_eq!(tx.send_newest_by_key(value, |v| v[0]), Ok(Some(value)));
        assert_eq!(other_tx.send_newest(value), Ok(Some(value)));
        assert_eq!(rx.try_recv(), Ok(value));
        assert!(other_rx.try_recv().is_err());
        assert_eq!(shared.send(value), Ok(None));
        assert_eq!(shared.send_newest(value), Ok(Some(value)));
        assert_eq!(shared.send_newest_by_key(value, |value| value[0]), Ok(Some(value)));
        assert_eq!(other_rx.recv(), Ok(value));
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(rx.recv_timeout(soon), Ok(value));
        // These park.
        assert!(rx.recv_timeout(soon).is_err());
        assert!(other_rx.recv_timeout(soon).is_err());
        assert!(other_rx.recv_deadline(Instant::now() + soon).is_err());
        assert!(rx.recv_matching_timeout(soon, |_| true).is_err());
    });
    drop((rx, other_rx));
    is_free(|value| assert!(tx.send([value; 512]).is_err() && shared.send([value; 512]).is_err()));
}

#[test]
fn a_senders_clone_is_one_node() {
    fn is_one_node<S: Clone>(tx: &S) {
        let (clone, made) = measure(|| tx.clone());
        assert_eq!(made, counts(1, LARGE));
        assert_eq!(cost(|| drop(clone)), counts(0, -LARGE));
    }
    let (tx, _rx) = channel::<Large>();
    is_one_node(&tx);
    let (shared, made) = measure(|| tx.into_shared());
    assert_eq!(made, NOTHING);
    is_one_node(&shared);
}

#[test]
fn a_receivers_clone_is_one_node_beside_wait_nodes() {
    // More than one word of bits, so that there are counts.
    const MOST: usize = 600;
    let task = Task::new();
    let counts = cost(|| {
        let (mut tx, rx) = channel::<Large>();
        let wait = |rxs: &mut [Receiver<Large>]| {
            for (round, value) in [[1; 512], [2; 512], [3; 512]].into_iter().enumerate() {
                for (at, rx) in rxs.iter_mut().enumerate() {
                    if (at + round) % 2 == 0 {
                        let mut future = rx.recv_async();
                        assert!(task.poll(&mut future).is_pending());
                        mem::forget(future);
                    } else {
                        assert!(rx.poll_recv(&mut task.context()).is_pending());
                    }
                }
                assert_eq!(tx.send(value), Ok(None));
                assert_eq!(rxs[MOST - 2].try_recv(), Ok(value));
            }
        };
        grows_as_the_number_doubles(MOST, counts(1, LARGE), || rx.clone(), wait);
    });
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn clones_made_and_dropped_take_no_more_than_the_most_there_were_at_once() {
    const MOST: usize = 6;
    for seed in 1..=4 {
        let mut dice = Dice::new(seed);
        let ((tx, rx), block) = measure(channel::<Large>);
        let (mut txs, mut rxs) = (Vec::with_capacity(MOST), Vec::with_capacity(MOST));
        txs.push(tx);
        rxs.push(rx);
        let (mut live, mut most_handles, mut most_rxs) = (block.live_bytes, 2, 1);
        for _ in 0..5_000 {
            let (act, tx, rx) = (dice.below(6), dice.below(txs.len()), dice.below(rxs.len()));
            let step = cost(|| match act {
                0 if txs.len() < MOST => txs.push(txs[tx].clone()),
                1 if rxs.len() < MOST => rxs.push(rxs[rx].clone()),
                2 if txs.len() > 1 => drop(txs.swap_remove(tx)),
                3 if rxs.len() > 1 => drop(rxs.swap_remove(rx)),
                4 => drop(rxs[rx].try_recv()),
                _ => drop(txs[tx].send([0; 512])),
            });
            live += step.live_bytes;
            most_handles = most_handles.max(txs.len() + rxs.len());
            most_rxs = most_rxs.max(rxs.len());
            // The block has nodes for two handles and the slot, and two wait nodes.
            let nodes = LARGE * bytes(most_handles - 2);
            let most = (block + grown(most_rxs)).live_bytes + nodes;
            assert!(live <= most, "{live} bytes with at most {most_handles} handles, not {most}");
        }
        assert_eq!((most_handles, most_rxs), (2 * MOST, MOST), "every number of handles was met");
        let end = cost(|| {
            txs.clear();
            rxs.clear();
        });
        assert_eq!(live + end.live_bytes, 0);
    }
}
