//! Crowds of receivers of every kind, which come, wait, move to other threads and go. Their senders stay, and wait for
//! what they have sent: after a lost wake all threads sleep, which shuttle reports.

use crate::{
    schedules::{dice, explore, join, or_else, poll_and_drop, poll_and_forget, poll_once},
    waiting::{
        COMES_AND_GOES, DROPS_A_FUTURE, FORGETS_A_FUTURE, Kind, LEAVES, LEAVES_A_WAKER, MOVES,
        TASK, THREAD, WITH_ANOTHER,
    },
};
use overwrite_channel_shuttle::{Receiver, Sender, channel};
use shuttle::{future::block_on, sync::mpsc, thread::spawn};
use support::dice::Dice;

const EACH: u32 = 2;

const STAY: [Kind; 7] =
    [THREAD, TASK, DROPS_A_FUTURE, WITH_ANOTHER, FORGETS_A_FUTURE, COMES_AND_GOES, MOVES];
const LEAVE: [Kind; 2] = [LEAVES, LEAVES_A_WAKER];

/// Returns how many there are in a crowd.
pub(crate) fn size(dice: &mut Dice) -> usize {
    dice.within(5, 12)
}

/// Sends, and waits until each value was received or displaced before it sends the next one.
fn send_all(
    mut tx: Sender<u32>,
    sender: u32,
    settle: &[mpsc::Sender<u32>],
    settled: &mpsc::Receiver<u32>,
) {
    for value in sender * EACH..(sender + 1) * EACH {
        if let Some(displaced) = tx.send(value).expect("there are receivers") {
            settle[(displaced / EACH) as usize].send(displaced).expect("its sender waits");
        }
        assert_eq!(settled.recv(), Ok(value), "received or displaced, and once");
    }
}

/// A crowd of which some leave, and senders that stay until every value has gone somewhere.
fn crowd(senders: u32) {
    let mut dice = dice();
    let (tx, rx) = channel();
    let (settle, settled): (Vec<_>, Vec<_>) = (0..senders).map(|_| mpsc::channel()).unzip();
    let receivers = (0..size(&mut dice)).map(|at| {
        let leaves = at > 1 && dice.one_in(3);
        let kind = if leaves { dice.pick(&LEAVE) } else { dice.pick(&STAY) };
        let (rx, settle) = (rx.clone(), settle.clone());
        spawn(move || {
            kind.receive(rx, |value| {
                settle[(value / EACH) as usize].send(value).expect("its sender waits");
            });
        })
    });
    let receivers: Vec<_> = receivers.collect();
    let senders = (0..).zip(settled).map(|(sender, settled)| {
        let (tx, settle) = (tx.clone(), settle.clone());
        spawn(move || {
            send_all(tx, sender, &settle, &settled);
            settled
        })
    });
    let settled = join(senders);
    drop(tx);
    join(receivers);
    assert!(settled.iter().all(|settled| settled.try_recv().is_err()), "a value was doubled");
    drop(rx);
}

#[test]
fn of_two_and_three_senders() {
    explore(|| crowd(2));
    explore(|| crowd(3));
}

/// Futures that are notified and not polled again delay the others for no more sends than there are of them. No other
/// wake helps: the senders stay.
#[test]
fn of_futures_that_stall() {
    explore(|| {
        let mut dice = dice();
        let (mut tx, rx) = channel();
        let stay = dice.within(1, 4);
        let mut rxs = vec![rx; stay + dice.within(1, 4)];
        let (received, has_received) = mpsc::channel();
        let receivers = (0..stay).map(|_| {
            let rx = rxs.swap_remove(dice.below(rxs.len()));
            let (received, kind) = (received.clone(), dice.pick(&[THREAD, TASK]));
            // Only the first value is waited for.
            spawn(move || kind.receive(rx, |value| _ = received.send(value)))
        });
        let receivers: Vec<_> = receivers.collect();
        let sends = 0..=u32::try_from(rxs.len()).expect("a few");
        let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
        for future in &mut futures {
            assert!(poll_once(future).is_pending());
        }
        let send_all = |tx: &mut Sender<_>, sends| {
            for value in sends {
                tx.send(value).expect("there are receivers");
            }
        };
        join([tx.clone(), tx.clone()].map(|mut tx| {
            let sends = sends.clone();
            spawn(move || send_all(&mut tx, sends))
        }));
        // Sends that overlap may each count on the other. These come one after another.
        send_all(&mut tx, sends);
        has_received.recv().expect("the receivers stay");
        drop((tx, futures));
        join(receivers);
    });
}

/// Waits for the receivers' end: in a future, after one poll of it, and after a future that was dropped or forgotten.
const ENDS: [fn(&Sender<u32>); 4] = [
    |tx| block_on(tx.closed()),
    |tx| {
        let mut closed = tx.closed();
        or_else(poll_once(&mut closed), || block_on(closed));
    },
    |tx| or_else(poll_and_drop(tx.closed()), || block_on(tx.closed())),
    |tx| or_else(poll_and_forget(tx.closed()), || block_on(tx.closed())),
];

/// Several threads wait for the end of so many receivers.
fn end(waits: impl IntoIterator<Item = fn(&Sender<u32>)>, receivers: usize) {
    let (tx, rx) = channel();
    let waits = waits.into_iter().map(|wait| {
        let tx = tx.clone();
        spawn(move || {
            wait(&tx);
            assert!(tx.is_closed());
        })
    });
    let ends = vec![rx; receivers].into_iter().map(|rx| spawn(move || drop(rx)));
    join(waits.chain(ends));
}

/// Futures that are dropped, forgotten or polled again, and all that wait must be woken.
#[test]
fn of_those_that_wait_for_the_receivers_end() {
    explore(|| end([ENDS[0]; 2], 4));
    explore(|| {
        let mut dice = dice();
        let waits: Vec<_> = (0..size(&mut dice)).map(|_| dice.pick(&ENDS[1..])).collect();
        end(waits, 2);
    });
}
