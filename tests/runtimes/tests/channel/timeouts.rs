//! Waits against timers, of tokio and of smol.

use super::{
    cooperation::{WAYS_THAT_ARE_READY, wait_again_and_again},
    receive,
};
use futures::{FutureExt, future::BoxFuture};
use overwrite_channel::channel;
use overwrite_channel_runtimes::runtime::{Runtime, Smol, Tokio};
use smol::{Timer, future::or};
use std::{sync::Arc, thread, time::Duration};
use support::{dice::Dice, rounds::rounds, watchdog::watched};
use tokio::{
    runtime::Builder,
    task::spawn,
    time::{sleep, timeout},
};

/// Waits for a value, and returns `None` after this time.
type Limit = for<'a> fn(Duration, BoxFuture<'a, usize>) -> BoxFuture<'a, Option<usize>>;

const OF_TOKIO: Limit = |time, wait| timeout(time, wait).map(Result::ok).boxed();
/// With the timer polled first, or second.
const OF_SMOL: [Limit; 2] = [
    |time, wait| or(Timer::after(time).map(|_| None), wait.map(Some)).boxed(),
    |time, wait| or(wait.map(Some), Timer::after(time).map(|_| None)).boxed(),
];

#[test]
fn a_timeout_that_races_with_a_thread_loses_nothing() {
    fn race<R: Runtime>(limits: &[Limit]) {
        R::run(|runtime| async move {
            let (mut tx, mut rx) = channel();
            let mut dice = Dice::new(0);
            for round in rounds(300) {
                let delay = Duration::from_micros(dice.roll() % 1000);
                let sender = thread::spawn(move || {
                    thread::sleep(delay);
                    assert_eq!(tx.send(round), Ok(None));
                    tx
                });
                let limit = limits[round % limits.len()];
                let wait = receive(&mut rx, round / limits.len()).map(Option::unwrap).boxed();
                let in_time = limit(Duration::from_micros(500), wait).await;
                tx = runtime.unblock(|| sender.join().unwrap()).await;
                assert_eq!(in_time.or_else(|| rx.try_recv().ok()), Some(round));
                assert!(rx.is_empty());
            }
        });
    }
    watched(|_| {
        race::<Tokio<2>>(&[OF_TOKIO]);
        race::<Smol<1>>(&OF_SMOL);
    });
}

/// The waits in it are always ready.
#[test]
fn a_timeout_of_a_loop_that_never_waits_passes() {
    fn passes<R: Runtime>(limit: Limit) {
        for way in 0..WAYS_THAT_ARE_READY {
            R::run(|_| async {
                let waits = wait_again_and_again(way, Arc::default()).map(|()| 0);
                assert_eq!(limit(Duration::from_millis(5), waits.boxed()).await, None);
            });
        }
    }
    watched(|_| {
        passes::<Tokio<1>>(OF_TOKIO);
        passes::<Smol<1>>(OF_SMOL[1]);
    });
}

#[test]
fn a_timeout_before_at_or_after_a_send_loses_nothing() {
    async fn try_times(way: usize, sent_after: u64, wait: u64) {
        let (mut tx, mut rx) = channel();
        let sender = spawn(async move {
            sleep(Duration::from_millis(sent_after)).await;
            assert_eq!(tx.send(1), Ok(None));
            tx
        });
        let in_time = timeout(Duration::from_millis(wait), receive(&mut rx, way)).await;
        assert!(in_time.is_err() || in_time == Ok(Some(1)));
        let _tx = sender.await.unwrap();
        assert_eq!(rx.try_recv().is_ok(), in_time.is_err());
        assert!(sent_after <= wait || in_time.is_err());
        assert!(sent_after >= wait || in_time.is_ok());
    }
    watched(|_| {
        // With a clock that moves when every task waits.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            for way in 0..3 {
                for (sent_after, wait) in (0..5).flat_map(|a| (0..5).map(move |b| (a, b))) {
                    try_times(way, sent_after, wait).await;
                }
            }
        });
    });
}
