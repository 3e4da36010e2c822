//! Turns of threads that park: beside each other, and beside tasks.
#![cfg(target_os = "linux")] // it must see that a thread is asleep

use crate::{many_receivers, sends::SENDS};
use overwrite_channel::Receiver;
use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};
use support::{
    crowd::Crowd,
    sleeper::Sleeper,
    watchdog::{until, watched},
};

/// How often to try what shows something only if a thread that was unparked comes late enough.
const ATTEMPTS: usize = 2000;
/// How often it need show it.
const SHOWN: usize = 20;

/// Each send notifies the thread or a future, but not both, wherever the thread's place among theirs is. The futures are
/// stalled: their values are displaced.
#[test]
fn a_parked_thread_has_its_turn_among_stalled_futures() {
    const FUTURES: usize = 3;
    let cases = |row| (0..=FUTURES).map(move |at| (row, at));
    watched(move |watchdog| {
        for ((name, sender), thread_at) in SENDS.into_iter().flat_map(cases) {
            let about = format!("{name}, the thread at {thread_at}");
            let crowd = Crowd::new(FUTURES);
            let (tx, mut rxs) = many_receivers(FUTURES + 1);
            let mut send = sender(tx);
            let mut parks = rxs.remove(thread_at);
            parks.set_spin_limit(0);
            let _stalled = crowd.waits(rxs.iter_mut().map(Receiver::recv_async));
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let _running = watchdog.running("receiver");
                    sleeper.is_this_thread();
                    parks.recv().unwrap();
                });
                let _running = watchdog.running(&about);
                sleeper.until_asleep();
                for sent in 0..=FUTURES {
                    let displaced = send(sent.try_into().unwrap()).unwrap();
                    assert_eq!(displaced.is_some(), ![0, thread_at + 1].contains(&sent), "{about}");
                    if sent == thread_at {
                        until(|| receiver.is_finished());
                        assert_eq!(crowd.woken(), [], "{about}");
                    } else {
                        let next = sent - usize::from(sent > thread_at);
                        assert_eq!(crowd.woken_one(), next, "{about}");
                        assert_eq!(receiver.is_finished(), sent > thread_at, "{about}");
                    }
                }
            });
        }
    });
}

/// How often this thread has given its core up to wait, if the kernel says so.
fn waits() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/status")
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
        .trim()
        .parse()
        .ok()
}

/// A thread that was unparked comes back to the channel by itself. Another one would find nothing, and park again; and tasks
/// behind it sleep on.
#[test]
fn a_burst_over_parked_threads_unparks_one() {
    const THREADS: usize = 4;
    watched(|watchdog| {
        let (mut shown, mut each_parked_once) = (0, 0);
        for _ in 0..ATTEMPTS {
            let crowd = Crowd::new(2);
            let (mut tx, mut rxs) = many_receivers(THREADS + 3);
            let looks = rxs.pop().unwrap();
            let mut behind = rxs.split_off(THREADS);
            let _waiting = crowd.waits(behind.iter_mut().map(Receiver::recv_async));
            let sleepers = [(); THREADS].map(|()| Sleeper::default());
            let received = AtomicUsize::new(0);
            let parks = |(mut rx, sleeper): (Receiver<i32>, &Sleeper)| {
                let _running = watchdog.running("a receiver that parks");
                rx.set_spin_limit(0);
                let before = waits();
                sleeper.is_this_thread();
                rx.recv().unwrap();
                received.fetch_add(1, SeqCst);
                waits().zip(before).map(|(after, before)| after - before)
            };
            let (displaced, parked) = thread::scope(|scope| {
                let threads = rxs.into_iter().zip(&sleepers);
                let threads: Vec<_> =
                    threads.map(|each| scope.spawn(move || parks(each))).collect();
                let _running = watchdog.running("sender");
                sleepers.iter().for_each(Sleeper::until_asleep);
                assert_eq!(tx.send(0), Ok(None));
                // Or else the thread was there, and left the next value to the next one.
                let displaced = (1..4).all(|sent| tx.send(sent).unwrap().is_some());
                assert!(!displaced || crowd.woken().is_empty());
                // Then a value for each that is left.
                until(|| {
                    if looks.is_empty() {
                        tx.send(4).unwrap();
                    }
                    received.load(SeqCst) == THREADS
                });
                let parked = threads.into_iter().map(|thread| thread.join().unwrap());
                (displaced, parked.collect::<Vec<_>>())
            });
            if displaced {
                shown += 1;
                let once = parked.iter().all(|times| times.is_none_or(|times| times == 1));
                each_parked_once += usize::from(once);
            }
            if shown == SHOWN {
                // The kernel counts other waits, too, but seldom one.
                assert!(2 * each_parked_once > SHOWN, "{each_parked_once} of {SHOWN}");
                break;
            }
        }
        assert!(shown > 0);
    });
}
