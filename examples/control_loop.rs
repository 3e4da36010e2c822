//! A thermostat: a sensor thread, an async control loop with a deadline, and an operator.
//!
//! The loop wants the newest reading, not those that came while it was busy; and if no reading comes in
//! time, it must switch the heater off. `recv_async` is cancel safe, so it can stand under `timeout_at`
//! and in `select!`: a future that is dropped there takes no value with it.
//!
//! In the middle the sensor hangs until the loop, having missed its deadline, resets it.
//!
//! ```console
//! cargo run --example control_loop
//! ```

use overwrite_channel::{Receiver, Sender, channel};
use std::{thread, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};

const READINGS: u32 = 150;
const HANGS_AT: u32 = 75;
const READ_EVERY: Duration = Duration::from_millis(5);
const CONTROL_TAKES: Duration = Duration::from_millis(12);
const DEADLINE: Duration = Duration::from_millis(60);
const TARGETS: [f64; 3] = [40.0, 65.0, 55.0];

struct Reading {
    number: u32,
    celsius: f64,
}

/// Runs on a thread of its own. Returns how many readings were replaced unread. When it returns, its sender is dropped, and
/// the loop learns that no more readings will come.
fn sensor(
    mut readings: Sender<Reading>,
    mut heater: Receiver<bool>,
    mut reset: Receiver<()>,
) -> u32 {
    let (mut celsius, mut heating, mut displaced) = (20.0, false, 0);
    for number in 0..READINGS {
        if number == HANGS_AT {
            // It fails if the loop is gone, and that is no reason to hang either.
            let _reset = reset.recv();
        }
        thread::sleep(READ_EVERY); // the sensor's own pace
        heating = heater.try_recv().unwrap_or(heating);
        celsius += if heating { 0.8 } else { -0.2 };
        if let Ok(Some(_stale)) = readings.send(Reading { number, celsius }) {
            displaced += 1;
        }
    }
    displaced
}

/// Changes its mind now and then, and leaves; returns how many targets it changed too soon.
async fn operator(mut targets: Sender<f64>) -> usize {
    let mut displaced = 0;
    for target in TARGETS {
        if let Ok(Some(_stale)) = targets.send(target) {
            displaced += 1;
        }
        sleep(Duration::from_millis(200)).await; // the operator's own pace
    }
    displaced
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (targets_tx, mut targets) = channel();
    let (readings_tx, mut readings) = channel();
    let (mut heater, heater_rx) = channel();
    let (mut reset, reset_rx) = channel();
    let sensor = thread::spawn(move || sensor(readings_tx, heater_rx, reset_rx));
    let operator = tokio::spawn(operator(targets_tx));

    let (mut target, mut last) = (0.0, None);
    let (mut used, mut missed, mut applied) = (0, 0, 0);
    let (mut has_operator, mut has_sensor) = (true, true);
    let mut deadline = Instant::now() + DEADLINE;
    loop {
        tokio::select! {
            biased;
            // A channel without senders is ready for ever: it is left out from then on.
            changed = targets.recv_async(), if has_operator => match changed {
                Ok(celsius) => {
                    (target, applied) = (celsius, applied + 1);
                    println!("the operator wants {target} degrees");
                }
                Err(_gone) => has_operator = false,
            },
            reading = timeout_at(deadline, readings.recv_async()), if has_sensor => {
                match reading {
                    Ok(Ok(Reading { number, celsius })) => {
                        sleep(CONTROL_TAKES).await; // stands for the computing
                        assert!(last.is_none_or(|(newest, _)| newest < number), "an older reading");
                        (last, used) = (Some((number, celsius)), used + 1);
                        let _replaced = heater.send(celsius < target);
                    }
                    Ok(Err(_gone)) => has_sensor = false,
                    Err(_elapsed) => {
                        missed += 1;
                        println!("no reading in {DEADLINE:?}: heater off, sensor reset");
                        let _replaced = heater.send(false);
                        let _replaced = reset.send(());
                    }
                }
                deadline = Instant::now() + DEADLINE;
            },
            else => break,
        }
    }

    let displaced = sensor.join().expect("the sensor panicked");
    let changed = operator.await.expect("the operator panicked");
    let (number, celsius) = last.expect("there are readings");
    println!("{READINGS} readings: {used} used, {displaced} displaced by newer ones");
    println!("missed deadlines: {missed}; in the end {celsius:.1} degrees, wanted {target}");

    assert_eq!(used + displaced, READINGS, "a reading was lost or doubled");
    assert_eq!(number, READINGS - 1, "the last reading was not used");
    assert_eq!(applied + changed, TARGETS.len(), "a target was lost or doubled");
    assert_eq!(Some(&target), TARGETS.last(), "the last target does not hold");
    assert!(missed > 0, "the sensor hung, and the loop did not notice");
}
