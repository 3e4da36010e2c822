//! Receivers in a static that wait as threads.

use super::{MOST, full_of_receivers};
use crate::receives::{as_task, as_thread};
use futures::executor::block_on;
use overwrite_channel::{Receiver, RecvError, StaticChannel, channel, wait_any};
use std::{sync::Mutex, thread};
use support::{
    ledger::{Fate, Ledger, Tracked},
    rounds::rounds,
    sleeper::{Sleeper, asleep},
    watchdog::{until, watched},
};

/// Where the kernel says that a thread sleeps, each send comes when all do. The end comes after the last value, and wakes all.
#[test]
fn threads_and_tasks_in_all_rooms_have_equal_shares_and_end_together() {
    type Receive = fn(Receiver<usize>, &dyn Fn(usize));
    const COUNT: usize = MOST - 1;
    const SENDS: usize = if cfg!(miri) { 4 } else { 3 * COUNT };
    static CHANNEL: StaticChannel<usize, MOST> = StaticChannel::new();
    watched(|watch| {
        for receive in [[as_thread as Receive; 2], [as_thread, as_task], [as_task, as_thread]] {
            let sleepers = [(); COUNT].map(|()| Sleeper::default());
            let turns = Mutex::new(Vec::new());
            let (mut tx, rxs) = full_of_receivers(&CHANNEL);
            thread::scope(|scope| {
                for (at, (rx, sleeper)) in rxs.into_iter().zip(&sleepers).enumerate() {
                    let turns = &turns;
                    scope.spawn(move || {
                        let _running = watch.running(format!("receiver {at}"));
                        sleeper.is_this_thread();
                        receive[at % 2](rx, &|value| turns.lock().unwrap().push((value, at)));
                    });
                }
                let _running = watch.running("sender");
                for value in 0..SENDS {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    assert_eq!(tx.send(value), Ok(None));
                    until(|| turns.lock().unwrap().len() > value);
                }
                drop(tx);
            });
            let turns = turns.into_inner().unwrap();
            assert!(turns.iter().map(|(value, _)| *value).eq(0..SENDS));
            if cfg!(all(target_os = "linux", not(miri))) {
                assert!(turns.iter().all(|(value, at)| value % COUNT == *at), "{turns:?}");
            }
        }
    });
}

/// There are four handles that stay, and room for two that come and go. A sender waits until its value is taken.
#[test]
fn no_value_waits_while_handles_come_and_go() {
    type Receive = fn(&mut Receiver<Tracked>) -> Result<Tracked, RecvError>;
    const SENDS: usize = if cfg!(miri) { 10 } else { 2_000 };
    const RECEIVES: [Receive; 2] = [Receiver::recv, |rx| block_on(rx.recv_async())];
    static CHANNEL: StaticChannel<Tracked, 6> = StaticChannel::new();
    watched(|watch| {
        for split in 1..=3 {
            let ledger = &Ledger::new(2 * SENDS);
            let (tx, mut rx) = CHANNEL.split().expect("every handle is gone");
            rx.set_spin_limit(0);
            let (txs, rxs) = ([tx.clone(), tx], [rx.clone(), rx]);
            thread::scope(|scope| {
                for mut own in txs {
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender of split {split}"));
                        for _ in rounds(SENDS) {
                            let mut clone = own.try_clone();
                            let tx = clone.as_mut().unwrap_or(&mut own);
                            if let Some(stale) = tx.send(ledger.issue()).unwrap() {
                                stale.meets(Fate::Displaced);
                            }
                            until(|| tx.is_empty());
                        }
                    });
                }
                for (mut own, receive) in rxs.into_iter().zip(RECEIVES) {
                    scope.spawn(move || {
                        let _running = watch.running(format!("receiver of split {split}"));
                        loop {
                            let mut clone = own.try_clone();
                            let Ok(value) = receive(clone.as_mut().unwrap_or(&mut own)) else {
                                break;
                            };
                            value.meets(Fate::Received);
                        }
                    });
                }
            });
            assert_eq!(ledger.totals().dropped_with_channel, 0);
        }
    });
}

#[test]
fn a_thread_waits_for_two_static_channels_and_one_on_the_heap() {
    static FIRST: StaticChannel<u8, 2> = StaticChannel::new();
    static SECOND: StaticChannel<&str, 3> = StaticChannel::new();
    watched(|watch| {
        let _running = watch.running("wait_any");
        for spin_limit in [0, 10] {
            let (mut first_tx, mut first) = FIRST.split().unwrap();
            let (mut second_tx, mut second) = SECOND.split().unwrap();
            let (mut heap_tx, mut heap) = channel();
            first.set_spin_limit(spin_limit);
            let mut wait = |then: &mut dyn FnMut()| {
                let ready = asleep(|| wait_any(&mut [&mut first, &mut second, &mut heap]), then);
                let taken =
                    [first.try_recv().is_ok(), second.try_recv().is_ok(), heap.try_recv().is_ok()];
                (ready, taken)
            };
            for _ in 0..2 {
                assert_eq!(
                    wait(&mut || assert_eq!(first_tx.send(1), Ok(None))),
                    (0, [true, false, false])
                );
                assert_eq!(
                    wait(&mut || assert_eq!(second_tx.send("a"), Ok(None))),
                    (1, [false, true, false])
                );
                assert_eq!(
                    wait(&mut || assert_eq!(heap_tx.send(1.5), Ok(None))),
                    (2, [false, false, true])
                );
            }
            let mut last = Some(second_tx);
            assert_eq!(wait(&mut || drop(last.take())), (1, [false; 3]));
            drop(first_tx);
            assert_eq!(wait(&mut || {}), (0, [false; 3]));
        }
    });
}
