//! Several threads at once: every value has exactly one fate, whatever the mix of operations.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::{thread, time::Duration};

mod common {
    pub(crate) mod tracked;
    pub(crate) mod watchdog;
}
use common::{
    tracked::{Ledger, Tracked},
    watchdog::{Watch, watched},
};

/// What became of the values, as the threads saw it.
#[derive(Clone, Copy, Default, Debug)]
struct Fates {
    sent: usize,
    displaced: usize,
    returned: usize,
    received: usize,
    unwanted: usize,
}

impl Fates {
    fn sum(fates: impl IntoIterator<Item = Self>) -> Self {
        fates.into_iter().fold(Self::default(), |a, b| Self {
            sent: a.sent + b.sent,
            displaced: a.displaced + b.displaced,
            returned: a.returned + b.returned,
            received: a.received + b.received,
            unwanted: a.unwanted + b.unwanted,
        })
    }
}

/// Which sends, and whether handles come and go.
#[derive(Clone, Copy)]
struct Mix {
    senders: usize,
    receivers: usize,
    values: usize,
    newest: bool,
    churn: bool,
}

/// Sends in every way that `mix` allows, from handles that come and go.
fn send_all<'a>(mut tx: Sender<Tracked<'a>>, ledger: &'a Ledger, mix: Mix) -> Fates {
    let mut fates = Fates::default();
    for round in 0..mix.values {
        let value = ledger.issue();
        fates.sent += 1;
        let outcome = if mix.newest && round % 2 == 1 {
            tx.send_newest_by_key(value, Tracked::id)
        } else {
            tx.send(value)
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(stale)) => {
                fates.displaced += 1;
                drop(stale);
            }
            Err(error) => {
                fates.returned += 1;
                drop(error.into_inner());
            }
        }
        if mix.churn && round % 5 == 0 {
            // The clone goes on, with another node.
            tx = tx.clone();
        }
    }
    fates
}

/// Receives in every way until no value will come, with handles that come and go.
fn receive_all(mut rx: Receiver<Tracked<'_>>, mix: Mix) -> Fates {
    let mut fates = Fates::default();
    for round in 0.. {
        let timeout = Duration::from_micros(round % 7);
        let mut unwanted = 0;
        let outcome = match round % 4 {
            0 => rx.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            }),
            1 => rx.recv_timeout(timeout),
            2 => rx.recv().map_err(Into::into),
            _ => rx.recv_matching_timeout(timeout, |value| {
                let wanted = value.id() % 2 == 0;
                unwanted += usize::from(!wanted);
                wanted
            }),
        };
        fates.unwanted += unwanted;
        match outcome {
            Ok(value) => fates.received += usize::from(value.id() < usize::MAX),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if mix.churn && round % 5 == 0 {
            rx = rx.clone();
            rx.set_spin_limit(u32::from(round % 2 == 0));
        }
    }
    fates
}

fn every_value_has_one_fate(watch: &Watch, mix: Mix) {
    let Mix { senders, receivers, values, .. } = mix;
    let ledger = Ledger::new(senders * values);
    let (tx, rx) = channel();
    let fates = thread::scope(|scope| {
        let receivers: Vec<_> = (0..receivers)
            .map(|i| {
                let rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("receiver {i} of {receivers}"));
                    receive_all(rx, mix)
                })
            })
            .collect();
        drop(rx);
        let senders: Vec<_> = (0..senders)
            .map(|i| {
                let (tx, ledger) = (tx.clone(), &ledger);
                scope.spawn(move || {
                    let _running = watch.running(format!("sender {i} of {senders}"));
                    send_all(tx, ledger, mix)
                })
            })
            .collect();
        drop(tx);
        Fates::sum(senders.into_iter().chain(receivers).map(|thread| thread.join().unwrap()))
    });
    assert_eq!(fates.sent, senders * values);
    // The receivers stay until the channel is empty: nothing is returned or left in it.
    assert_eq!(fates.received + fates.unwanted + fates.displaced, fates.sent, "{fates:?}");
    assert_eq!(fates.returned, 0);
    ledger.assert_each_dropped_once();
}

#[test]
fn one_sender_and_one_receiver() {
    watched(|watch| {
        for (newest, churn) in [(false, false), (true, true)] {
            let mix = Mix { senders: 1, receivers: 1, values: 20_000, newest, churn };
            every_value_has_one_fate(watch, mix);
        }
    });
}

#[test]
fn several_senders_and_one_receiver() {
    watched(|watch| {
        for (newest, churn) in [(false, false), (true, false), (true, true)] {
            let mix = Mix { senders: 3, receivers: 1, values: 8_000, newest, churn };
            every_value_has_one_fate(watch, mix);
        }
    });
}

#[test]
fn one_sender_and_several_receivers() {
    watched(|watch| {
        for churn in [false, true] {
            let mix = Mix { senders: 1, receivers: 3, values: 20_000, newest: true, churn };
            every_value_has_one_fate(watch, mix);
        }
    });
}

#[test]
fn several_of_both() {
    watched(|watch| {
        for (senders, receivers) in [(2, 2), (3, 3), (4, 4), (6, 2), (2, 6)] {
            for (newest, churn) in [(false, false), (true, true)] {
                let mix = Mix { senders, receivers, values: 3_000, newest, churn };
                every_value_has_one_fate(watch, mix);
            }
        }
    });
}

/// Receivers that go while values are sent: what comes too late is handed back, and what nobody took
/// is dropped with the channel.
#[test]
fn receivers_leave_in_the_middle() {
    watched(|watch| {
        let mut cut_short = 0;
        for round in 0..300 {
            let mix = Mix { senders: 2, receivers: 2, values: 60, newest: true, churn: true };
            let ledger = Ledger::new(mix.senders * mix.values);
            let (tx, rx) = channel();
            let fates = thread::scope(|scope| {
                let senders = [tx.clone(), tx].map(|tx| {
                    let ledger = &ledger;
                    scope.spawn(move || {
                        let _running = watch.running("sender");
                        send_all(tx, ledger, mix)
                    })
                });
                let receivers = [rx.clone(), rx].map(|mut rx| {
                    scope.spawn(move || {
                        let _running = watch.running("receiver");
                        let received = (0..round % 30).map_while(|_| rx.recv().ok()).count();
                        Fates { received, ..Fates::default() }
                    })
                });
                Fates::sum(senders.into_iter().chain(receivers).map(|it| it.join().unwrap()))
            });
            let known = fates.received + fates.displaced + fates.returned;
            assert!(fates.sent - known <= 1, "at most one is left in the channel: {fates:?}");
            cut_short += fates.sent - known + fates.returned;
            ledger.assert_each_dropped_once();
        }
        assert!(cut_short > 0, "no receiver left before all was sent");
    });
}

/// A sender whose value comes back has lost its last receiver, for good.
#[test]
fn sends_fail_from_the_moment_the_last_receiver_is_gone() {
    watched(|watch| {
        for _ in 0..200 {
            let (mut tx, mut rx) = channel();
            let mut other = tx.clone();
            thread::scope(|scope| {
                let sender = scope.spawn(move || {
                    let _running = watch.running("sender");
                    let mut next = 0_u64;
                    let error = loop {
                        next += 1;
                        if let Err(error) = tx.send(next) {
                            break error;
                        }
                    };
                    assert_eq!(error.into_inner(), next);
                    assert!(tx.is_closed());
                    assert_eq!(tx.send_newest(0).unwrap_err().into_inner(), 0);
                });
                assert!(rx.recv().is_ok());
                drop(rx);
                // Whoever looks after the drop sees it at once.
                assert_eq!(other.send(0).unwrap_err().into_inner(), 0);
                sender.join().unwrap();
            });
        }
    });
}
