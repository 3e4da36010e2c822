//! Receivers in a static that wait as threads.

use futures::executor::block_on;
use overwrite_channel::{Receiver, RecvError, StaticChannel};
use std::thread;
use support::{
    ledger::{Fate, Ledger, Tracked},
    rounds::rounds,
    watchdog::{until, watched},
};

/// There are four handles that stay, and room for two that come and go. A sender waits until its value is taken.
#[test]
fn no_value_waits_while_handles_come_and_go() {
    type Receive = fn(&mut Receiver<Tracked>) -> Result<Tracked, RecvError>;
    const SENDS: usize = 2_000;
    const RECEIVES: [Receive; 2] = [Receiver::recv, |rx| block_on(rx.recv_async())];
    static CHANNEL: StaticChannel<Tracked, 6> = StaticChannel::new();
    watched(|watchdog| {
        for split in 1..=3 {
            let ledger = &Ledger::new(2 * SENDS);
            let (tx, mut rx) = CHANNEL.split().expect("every handle is gone");
            rx.set_spin_limit(0);
            let (txs, rxs) = ([tx.clone(), tx], [rx.clone(), rx]);
            thread::scope(|scope| {
                for mut own in txs {
                    scope.spawn(move || {
                        let _running = watchdog.running(format!("sender of split {split}"));
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
                        let _running = watchdog.running(format!("receiver of split {split}"));
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
