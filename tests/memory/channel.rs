//! A channel takes one block, a node for each handle more, and wait nodes as the number of receivers doubles.

use crate::{
    LARGE, Large, NOTHING, cost, counts, grows_as_the_number_doubles, is_free,
    wait_nodes::{closing, grown},
};
use crossbeam_utils::CachePadded;
use overwrite_channel::{Receiver, Sender, SharedSender, channel};
use std::{
    mem,
    time::{Duration, Instant},
};
use support::{
    allocator::{bytes, largest_alignment, measure},
    dice::Dice,
    orders::orders,
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
        assert_eq!(made.live_bytes, bytes(2 * align_of::<CachePadded<u8>>()));
    }

    // Room for a second receiver, and for futures that wait for the receivers' end, is less than a kilobyte.
    assert!((made + grown(2) + closing()).live_bytes < 1024);

    // A channel holds three nodes, for two handles and the slot.
    let (_handles, made) = measure(channel::<Large>);
    assert_eq!(made.allocations, 1);
    assert!((3 * LARGE..4 * LARGE).contains(&made.live_bytes), "{made:?}");
}

#[repr(align(2048))]
#[derive(Debug, PartialEq)]
struct Far(u8);

#[repr(align(4096))]
#[derive(Debug, PartialEq)]
struct Further(u8);

#[test]
fn a_channel_is_aligned_as_its_values() {
    let ((mut tx, mut rx), _) = measure(channel);
    assert_eq!(tx.send(Far(1)), Ok(None));
    assert_eq!(rx.recv(), Ok(Far(1)));
    assert_eq!(largest_alignment(), 2048);

    let ((mut tx, mut rx), _) = measure(channel);
    assert_eq!(tx.send(Further(2)), Ok(None));
    assert_eq!(rx.recv(), Ok(Further(2)));
    assert_eq!(largest_alignment(), 4096);
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

/// The most handles a side that a [`Churn`] makes.
const MOST: usize = 6;

/// Handles of one channel, cloned, dropped and used in random order.
struct Churn {
    senders: Vec<Sender<Large>>,
    receivers: Vec<Receiver<Large>>,
    dice: Dice,
}

impl Churn {
    fn step(&mut self) {
        let Self { senders, receivers, dice } = self;
        let action = dice.below(6);
        let (sender, receiver) = (dice.below(senders.len()), dice.below(receivers.len()));
        match action {
            0 if senders.len() < MOST => senders.push(senders[sender].clone()),
            1 if receivers.len() < MOST => receivers.push(receivers[receiver].clone()),
            2 if senders.len() > 1 => drop(senders.swap_remove(sender)),
            3 if receivers.len() > 1 => drop(receivers.swap_remove(receiver)),
            4 => drop(receivers[receiver].try_recv()),
            _ => drop(senders[sender].send([0; 512])),
        }
    }
}

#[test]
fn clones_made_and_dropped_take_no_more_than_the_most_there_were_at_once() {
    for seed in 1..=4 {
        let ((tx, rx), block) = measure(channel::<Large>);
        let (mut senders, mut receivers) = (Vec::with_capacity(MOST), Vec::with_capacity(MOST));
        senders.push(tx);
        receivers.push(rx);
        let mut churn = Churn { senders, receivers, dice: Dice::new(seed) };
        let (mut live, mut handles, mut receivers) = (block.live_bytes, 2, 1);
        for _ in 0..5_000 {
            live += cost(|| churn.step()).live_bytes;
            handles = handles.max(churn.senders.len() + churn.receivers.len());
            receivers = receivers.max(churn.receivers.len());
            // The block has nodes for two handles and the slot, and two wait nodes.
            let nodes = LARGE * bytes(handles - 2);
            let most = (block + grown(receivers)).live_bytes + nodes;
            assert!(live <= most, "{live} bytes with at most {handles} handles, not {most}");
        }
        assert_eq!((handles, receivers), (2 * MOST, MOST), "the walk met every number of handles");
        let end = cost(|| {
            churn.senders.clear();
            churn.receivers.clear();
        });
        assert_eq!(live + end.live_bytes, 0);
    }
}

#[test]
fn all_bytes_come_back_in_every_ending_order() {
    assert_eq!(orders::<4>().count(), 24);
    for (order, sends) in orders::<4>().flat_map(|order| (0..6).map(move |sends| (order, sends))) {
        let counts = cost(|| {
            // The sends mix the nodes. If their number is odd, a value is left in the slot.
            let (mut tx, mut rx) = channel();
            let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
            for i in 0..sends {
                let is_third = i % 3 == 0;
                let tx = if is_third { &mut tx } else { &mut other_tx };
                tx.send(Box::new(i)).unwrap();
                if i % 2 == 1 {
                    let rx = if is_third { &mut other_rx } else { &mut rx };
                    rx.try_recv().unwrap();
                }
            }
            assert_eq!(rx.is_empty(), sends % 2 == 0);
            let mut handles: [Option<Box<dyn Send>>; 4] = [
                Some(Box::new(tx)),
                Some(Box::new(other_tx)),
                Some(Box::new(rx)),
                Some(Box::new(other_rx)),
            ];
            for handle in order {
                handles[handle] = None;
            }
        });
        assert_eq!(counts.live_bytes, 0, "dropped in the order {order:?} after {sends} sends");
    }
}
