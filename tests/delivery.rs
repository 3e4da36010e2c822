//! Which values arrive, and in which order, while several threads send and receive.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvTimeoutError, Sender, channel};
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod watchdog;
}
use common::watchdog::watched;

/// Which sender, and its how-manieth value.
type Numbered = (usize, u32);

/// Receives until the end, in turn by every call, with timeouts too short for some of them.
fn drain(rx: &mut Receiver<Numbered>, mut seen: impl FnMut(Numbered)) {
    for round in 0_u64.. {
        let received = match round % 3 {
            0 => rx.recv().map_err(Into::into),
            1 => rx.recv_timeout(Duration::from_micros(round % 5)),
            _ => rx.recv_deadline(Instant::now()),
        };
        match received {
            Ok(value) => seen(value),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[test]
fn a_receiver_sees_the_values_of_each_sender_in_order() {
    const EACH: u32 = 10_000;
    watched(|watch| {
        for senders in 1..=4 {
            let (tx, mut rx) = channel();
            thread::scope(|scope| {
                for sender in 0..senders {
                    let mut tx: Sender<Numbered> = tx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {sender} of {senders}"));
                        let mut newest_displaced = vec![None; senders];
                        for number in 0..EACH {
                            // What one sender displaces comes in order too.
                            if let Some((from, stale)) = tx.send((sender, number)).unwrap() {
                                assert!(newest_displaced[from] < Some(stale));
                                newest_displaced[from] = Some(stale);
                            }
                        }
                    });
                }
                drop(tx);
                let _running = watch.running("receiver");
                let mut newest = vec![None; senders];
                let mut last = None;
                drain(&mut rx, |(from, number)| {
                    assert!(newest[from] < Some(number), "{number} after {:?}", newest[from]);
                    newest[from] = Some(number);
                    last = Some(number);
                });
                // Whoever sent last of all, it was its last value.
                assert_eq!(last, Some(EACH - 1));
            });
        }
    });
}

#[test]
fn nobody_finds_the_slot_empty_while_values_are_overwritten() {
    watched(|watch| {
        let (mut tx, rx) = channel();
        tx.send(0).unwrap();
        let mut other = tx.clone();
        thread::scope(|scope| {
            let sender = scope.spawn(move || {
                let _running = watch.running("sender");
                for number in 1..=50_000 {
                    assert!(tx.send(number).unwrap().is_some());
                    assert!(other.send_newest(number).unwrap().is_some());
                }
            });
            let _running = watch.running("receiver that only looks");
            while !sender.is_finished() {
                assert!(!rx.is_empty());
            }
        });
    });
}

#[test]
fn the_last_value_is_delivered_whoever_receives() {
    watched(|watch| {
        for round in 0..400 {
            let last = round % 40;
            let (mut tx, rx) = channel();
            let delivered: Vec<_> = thread::scope(|scope| {
                let receivers = [(); 3].map(|()| {
                    let mut rx = rx.clone();
                    scope.spawn(move || {
                        let _running = watch.running("receiver");
                        let mut seen = Vec::new();
                        drain(&mut rx, |(_, number)| seen.push(number));
                        seen
                    })
                });
                let _running = watch.running("sender");
                for number in 0..=last {
                    tx.send((0, number)).unwrap();
                }
                drop(tx);
                receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
            });
            let times = delivered.iter().filter(|number| **number == last).count();
            assert_eq!(times, 1, "{last} is not once in {delivered:?}");
        }
    });
}

#[test]
fn the_greatest_is_delivered_whoever_sends_it() {
    watched(|watch| {
        for senders in [2, 3, 4] {
            for round in 0..150 {
                let (tx, mut rx) = channel();
                let (received, handed_back) = thread::scope(|scope| {
                    let senders: Vec<_> = (0..senders)
                        .map(|sender| {
                            let mut tx = tx.clone();
                            scope.spawn(move || {
                                let _running = watch.running("sender");
                                // Up and down, so that many are older than what they displace.
                                let numbers = (0..20).map(|step| (step * 7 + round) % 20);
                                let values = numbers.map(|number| (number, sender));
                                values.filter_map(|it| tx.send_newest(it).unwrap()).collect()
                            })
                        })
                        .collect();
                    drop(tx);
                    let _running = watch.running("receiver");
                    let received: Vec<_> = rx.iter().collect();
                    let handed_back = senders.into_iter().map(|it| it.join().unwrap());
                    (received, handed_back.collect::<Vec<Vec<_>>>().concat())
                });
                assert_eq!(received.iter().max(), Some(&(19, senders - 1)));

                let mut all = [received, handed_back].concat();
                all.sort_unstable();
                let sent = (0..20).flat_map(|number| (0..senders).map(move |it| (number, it)));
                assert_eq!(all, sent.collect::<Vec<_>>());
            }
        }
    });
}

/// Both handles go round a ring of threads; each thread receives one value, passes the receiver on,
/// and sends the next value to whoever has it now.
#[test]
fn handles_move_between_threads_between_calls() {
    const THREADS: usize = 3;
    const TURNS: usize = 900;
    watched(|watch| {
        let (tx, mut rx) = channel();
        rx.set_spin_limit(0);
        let (tx_outs, tx_ins): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel()).unzip();
        let (rx_outs, rx_ins): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel()).unzip();
        thread::scope(|scope| {
            for (thread, (tx_in, rx_in)) in tx_ins.into_iter().zip(rx_ins).enumerate() {
                let next = (thread + 1) % THREADS;
                let (tx_out, rx_out) = (tx_outs[next].clone(), rx_outs[next].clone());
                scope.spawn(move || {
                    let _running = watch.running(format!("thread {thread}"));
                    for turn in (thread..TURNS).step_by(THREADS) {
                        let mut rx: Receiver<_> = rx_in.recv().unwrap();
                        assert_eq!(rx.recv(), Ok(turn));
                        // After the last turn, nobody is there to take the handles.
                        drop(rx_out.send(rx));
                        let mut tx: Sender<_> = tx_in.recv().unwrap();
                        if turn + 1 < TURNS {
                            assert_eq!(tx.send(turn + 1), Ok(None));
                        }
                        drop(tx_out.send(tx));
                    }
                });
            }
            let mut tx: Sender<_> = tx;
            rx_outs[0].send(rx).unwrap();
            assert_eq!(tx.send(0), Ok(None));
            tx_outs[0].send(tx).unwrap();
        });
    });
}
