//! Values that pass between threads that park: no thread allocates.

use crate::{NOTHING, cost};
use overwrite_channel::{Receiver, Sender, StaticChannel, channel};
use std::{thread, time::Duration};
use support::{allocator::measure, sleeper::Sleeper, watchdog::watched};

type Handles = (Sender<u64>, Receiver<u64>);

#[test]
fn values_between_threads_that_park_allocate_nothing_in_any_thread() {
    pass_values(channel(), channel());
}

#[test]
fn values_in_statics_between_threads_that_park_allocate_nothing_in_any_thread() {
    static THERE: StaticChannel<u64, 3> = StaticChannel::new();
    static BACK: StaticChannel<u64, 2> = StaticChannel::new();
    pass_values(THERE.split().unwrap(), BACK.split().unwrap());
}

fn pass_values((mut tx, mut rx): Handles, (mut echo_tx, mut echo_rx): Handles) {
    const ROUNDS: u64 = 5_000;
    watched(move |watchdog| {
        let mut idle_rx = rx.clone();
        rx.set_spin_limit(0);
        echo_rx.set_spin_limit(0);
        let sleeper = &Sleeper::default();
        thread::scope(|scope| {
            let echo = scope.spawn(move || {
                let _running = watchdog.running("echo");
                sleeper.is_this_thread();
                cost(|| {
                    while let Ok(value) = rx.recv() {
                        // Parks in vain: the next value is sent only after the echo.
                        assert!(idle_rx.recv_timeout(Duration::from_micros(1)).is_err());
                        assert_eq!(echo_tx.send(value), Ok(None));
                    }
                })
            });
            let _running = watchdog.running("sender");
            for round in 0..ROUNDS {
                // Now and then the echo is asleep for certain. This allocates.
                if round % 20 == 0 {
                    sleeper.until_asleep();
                }
                let (echoed, counts) = measure(|| {
                    assert_eq!(tx.send(round), Ok(None));
                    echo_rx.recv()
                });
                assert_eq!((echoed, counts), (Ok(round), NOTHING));
            }
            drop(tx);
            assert_eq!(echo.join().unwrap(), NOTHING);
        });
    });
}
