//! What a channel allocates: `handles + 1` nodes, wait nodes as the number of receivers doubles, and nothing more,
//! ever; and all of it is given back.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, SharedSender, channel};
use std::time::{Duration, Instant};

mod common {
    pub(crate) mod counting;
    #[expect(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod wait_nodes;
}
use common::{
    counting::{Counting, Counts, bytes, measure},
    wait_nodes::{grown, growth},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So large that a node's bytes cannot be mistaken for anything else's.
type Large = [u64; 512];
const NODE: isize = 4096;

/// A handle is moved often. It fits into a cache line, whatever the value.
#[test]
fn handles_are_small() {
    assert!(size_of::<Sender<Large>>() <= 24);
    assert!(size_of::<SharedSender<Large>>() <= 24);
    assert!(size_of::<Receiver<Large>>() <= 64);
}

#[test]
fn a_channel_is_one_small_allocation() {
    let (_handles, counts) = measure(channel::<u64>);
    assert_eq!(counts.allocations, 1);
    assert!(counts.live_bytes <= 320, "{counts:?}");

    // A channel holds three nodes, for two handles and the slot.
    let (_handles, counts) = measure(channel::<Large>);
    assert_eq!(counts.allocations, 1);
    assert!((3 * NODE..4 * NODE).contains(&counts.live_bytes), "{counts:?}");
}

/// Two lines, or four where the processor fetches two at once: the counts and the wait list lie on the first half, the
/// word and its nodes on the second.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn three_small_values_lie_on_the_line_of_the_word() {
    let apart = align_of::<crossbeam_utils::CachePadded<u8>>();
    let (_handles, counts) = measure(channel::<u64>);
    assert_eq!(counts, Counts { allocations: 1, live_bytes: bytes(2 * apart) });
}

#[test]
fn sending_and_receiving_allocate_nothing() {
    let (mut tx, mut rx) = channel::<Large>();
    let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
    rx.set_spin_limit(3);
    other_rx.set_spin_limit(0);
    let soon = Duration::from_micros(1);

    let ((), counts) = measure(|| {
        for i in 0..100 {
            let value = [i; 512];
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(other_tx.send(value), Ok(Some(value)));
            assert_eq!(tx.send_newest_by_key(value, |v| v[0]), Ok(Some(value)));
            assert_eq!(other_tx.send_newest(value), Ok(Some(value)));
            assert_eq!(rx.try_recv(), Ok(value));
            assert!(other_rx.try_recv().is_err());
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(other_rx.recv(), Ok(value));
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(rx.recv_timeout(soon), Ok(value));
            // These two park.
            assert!(rx.recv_timeout(soon).is_err());
            assert!(other_rx.recv_timeout(soon).is_err());
            assert!(other_rx.recv_deadline(Instant::now() + soon).is_err());
            assert!(rx.recv_matching_timeout(soon, |_| true).is_err());
        }
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_sender_clone_is_one_node() {
    let (tx, _rx) = channel::<Large>();
    let (clone, counts) = measure(|| tx.clone());
    assert_eq!(counts, Counts { allocations: 1, live_bytes: NODE });
    let ((), counts) = measure(|| drop(clone));
    assert_eq!(counts, Counts { allocations: 0, live_bytes: -NODE });
}

#[test]
fn a_receiver_clone_is_one_node_and_wait_nodes_come_as_their_number_doubles() {
    // More than one word of bits, so that there are counts.
    const MOST: usize = 600;
    let (handles, channel) = measure(channel::<Large>);
    let (tx, rx) = handles;
    let clone = Counts { allocations: 1, live_bytes: NODE };
    let mut clones = Vec::with_capacity(MOST);
    let mut growths = Vec::new();
    for receivers in 2..=MOST {
        let ((), counts) = measure(|| clones.push(rx.clone()));
        assert_eq!(counts, clone + growth(receivers), "{receivers} receivers");
        if counts != clone {
            growths.push(receivers);
        }
    }
    assert_eq!(growths, [2, 6, 14, 30, 62, 126, 254, 510]);

    // The wait nodes stay, and are enough for as many again.
    for _ in 0..3 {
        let all = bytes(clones.len()) * NODE;
        let ((), counts) = measure(|| clones.clear());
        assert_eq!(counts, Counts { allocations: 0, live_bytes: -all });
        let ((), counts) = measure(|| clones.extend((2..=MOST).map(|_| rx.clone())));
        assert_eq!(counts, Counts { allocations: MOST - 1, live_bytes: all });
    }
    clones.clear();
    let ((), counts) = measure(|| drop((tx, rx)));
    let all = channel.live_bytes + grown(MOST).live_bytes;
    assert_eq!(counts, Counts { allocations: 0, live_bytes: -all });
}

#[test]
fn an_inner_node_is_left_to_the_next_clone() {
    let (mut tx, _rx) = channel::<Large>();
    let mut clone = tx.clone();
    // The clone's own node goes to the slot and from there to `tx`; the clone gets an inner one.
    clone.send([0; 512]).unwrap();
    tx.send([0; 512]).unwrap();
    let ((), counts) = measure(|| drop(clone));
    assert_eq!(counts, Counts::default());
    let (_clone, counts) = measure(|| tx.clone());
    assert_eq!(counts, Counts::default());
}

/// The most handles a side that a [`Churn`] makes.
const MOST: usize = 6;

/// Handles of one channel, cloned, dropped and used in random order.
struct Churn {
    senders: Vec<Sender<Large>>,
    receivers: Vec<Receiver<Large>>,
    random: u64,
}

impl Churn {
    fn new(tx: Sender<Large>, rx: Receiver<Large>, seed: u64) -> Self {
        let (mut senders, mut receivers) = (Vec::with_capacity(MOST), Vec::with_capacity(MOST));
        senders.push(tx);
        receivers.push(rx);
        Self { senders, receivers, random: seed }
    }

    /// A random number below `end`, by xorshift64.
    fn below(&mut self, end: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random >> 33).unwrap() % end
    }

    fn step(&mut self) {
        let action = self.below(6);
        let sender = self.below(self.senders.len());
        let receiver = self.below(self.receivers.len());
        match action {
            0 if self.senders.len() < MOST => self.senders.push(self.senders[sender].clone()),
            1 if self.receivers.len() < MOST => {
                self.receivers.push(self.receivers[receiver].clone());
            }
            2 if self.senders.len() > 1 => drop(self.senders.swap_remove(sender)),
            3 if self.receivers.len() > 1 => drop(self.receivers.swap_remove(receiver)),
            4 => drop(self.receivers[receiver].try_recv()),
            _ => drop(self.senders[sender].send([0; 512])),
        }
    }
}

#[test]
fn clones_made_and_dropped_take_no_more_than_the_most_there_were_at_once() {
    for seed in 1..=4 {
        let ((tx, rx), Counts { live_bytes: block, .. }) = measure(channel::<Large>);
        let mut churn = Churn::new(tx, rx, seed);
        let (mut live, mut handles, mut receivers) = (block, 2, 1);
        for _ in 0..5_000 {
            live += measure(|| churn.step()).1.live_bytes;
            handles = handles.max(churn.senders.len() + churn.receivers.len());
            receivers = receivers.max(churn.receivers.len());
            // The block has nodes for two handles and the slot, and two wait nodes.
            let nodes = NODE * bytes(handles - 2);
            let most = block + nodes + grown(receivers).live_bytes;
            assert!(live <= most, "{live} bytes with at most {handles} handles, not {most}");
        }
        assert_eq!((handles, receivers), (2 * MOST, MOST), "the walk met every number of handles");
        live += measure(|| (churn.senders.clear(), churn.receivers.clear())).1.live_bytes;
        assert_eq!(live, 0);
    }
}

/// Either half; dropped in every order.
enum Handle {
    #[expect(dead_code, reason = "it is only ever dropped")]
    Sender(Sender<Box<u64>>),
    #[expect(dead_code, reason = "it is only ever dropped")]
    Receiver(Receiver<Box<u64>>),
}

/// Two handles a side, with their nodes mixed by `sends` sends and as many receives, and, if the
/// number is odd, a value left in the slot.
fn handles(sends: u64) -> Vec<Option<Handle>> {
    let (mut tx, mut rx) = channel();
    let (mut other_tx, mut other_rx) = (tx.clone(), rx.clone());
    for i in 0..sends {
        let (tx, rx) = if i % 3 == 0 { (&mut tx, &mut other_rx) } else { (&mut other_tx, &mut rx) };
        tx.send(Box::new(i)).unwrap();
        if i % 2 == 1 {
            rx.try_recv().unwrap();
        }
    }
    assert_eq!(rx.is_empty(), sends % 2 == 0);
    let senders = [tx, other_tx].map(|tx| Some(Handle::Sender(tx)));
    let receivers = [rx, other_rx].map(|rx| Some(Handle::Receiver(rx)));
    senders.into_iter().chain(receivers).collect()
}

/// All orders of four.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    (0..256)
        .map(|code| [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6])
        .filter(|order: &[usize; 4]| (0..4).all(|handle| order.contains(&handle)))
}

#[test]
fn all_bytes_come_back_in_every_ending_order() {
    assert_eq!(orders().count(), 24);
    for order in orders() {
        for sends in 0..6 {
            let ((), counts) = measure(|| {
                let mut handles = handles(sends);
                for handle in order {
                    handles[handle] = None;
                }
            });
            assert_eq!(counts.live_bytes, 0, "dropped in the order {order:?} after {sends} sends");
        }
    }
}
