//! Actors that are threads.

use super::{
    Setting,
    receiving::{Outcome, Reader},
    sending::{Next, Writer},
};
use crate::{tally::cancelled, wakers};
use overwrite_channel::watch::{Receiver, error::RecvTimeoutError};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Between two looks at something that no call waits for.
const GLANCE: Duration = Duration::from_micros(50);

pub(super) fn send(mut writer: Writer) {
    loop {
        match writer.step() {
            Next::Go => {}
            Next::Yield => thread::yield_now(),
            Next::Nap(time) | Next::UntilClosed(Some(time)) => thread::sleep(time),
            Next::UntilSeen(changes) => {
                writer.post.doing("waits until its change is seen");
                while !writer.world.all_have_seen(changes) {
                    thread::sleep(GLANCE);
                }
            }
            Next::UntilClosed(None) => {
                writer.post.doing("watch::Sender::closed");
                wakers::block_on(writer.closed());
            }
            Next::End => break,
        }
    }
    writer.leave();
}

pub(super) fn receive(mut reader: Reader, mut rx: Receiver<Setting>) {
    let world = Arc::clone(&reader.world);
    while reader.goes_on() {
        if reader.dice.one_in(10) {
            world.mishaps.catch(|| reader.glance(&mut rx));
            reader.add_up(&rx);
        }
        let outcome = world.mishaps.catch(|| {
            let outcome = step(&mut reader, &mut rx);
            if matches!(outcome, Outcome::Changed) {
                reader.look(&mut rx);
            }
            outcome
        });
        reader.add_up(&rx);
        if let Some(Outcome::End) = outcome {
            reader.check_end(&mut rx);
            break;
        }
    }
    reader.leave(rx);
}

/// One wait of any kind.
fn step(reader: &mut Reader, rx: &mut Receiver<Setting>) -> Outcome {
    let endless = ["changed", "wait_for", "changed, on a thread"];
    let timed = ["timeout", "deadline", "wait_for timeout", "wait_for deadline"];
    let kind = match () {
        () if reader.world.patient => reader.dice.pick(&endless),
        () if reader.world.senders_first && reader.dice.one_in(2) => reader.dice.pick(&endless),
        () => reader.dice.pick(&timed),
    };
    let time = reader.dice.moment();
    let deadline = || Instant::now() + time;
    match kind {
        "changed" => {
            reader.post.doing("blocking_changed");
            rx.blocking_changed().map_or(Outcome::End, |()| Outcome::Changed)
        }
        "wait_for" => {
            reader.post.doing("blocking_wait_for");
            let wanted = rx.blocking_wait_for(|setting| reader.wants(setting, false));
            wanted.map_or(Outcome::End, |_| Outcome::Noted)
        }
        "changed, on a thread" => {
            reader.post.doing("changed, on a thread");
            wakers::block_on(rx.changed()).map_or(Outcome::End, |()| Outcome::Changed)
        }
        "timeout" => {
            reader.post.doing("blocking_changed_timeout");
            in_time(rx.blocking_changed_timeout(time), Outcome::Changed)
        }
        "deadline" => {
            reader.post.doing("blocking_changed_deadline");
            in_time(rx.blocking_changed_deadline(deadline()), Outcome::Changed)
        }
        "wait_for timeout" => {
            reader.post.doing("blocking_wait_for_timeout");
            let wanted = rx.blocking_wait_for_timeout(time, |setting| reader.wants(setting, true));
            in_time(wanted.map(drop), Outcome::Noted)
        }
        _ => {
            reader.post.doing("blocking_wait_for_deadline");
            let wanted =
                rx.blocking_wait_for_deadline(deadline(), |setting| reader.wants(setting, true));
            in_time(wanted.map(drop), Outcome::Noted)
        }
    }
}

fn in_time(result: Result<(), RecvTimeoutError>, seen: Outcome) -> Outcome {
    match result {
        Ok(()) => seen,
        Err(RecvTimeoutError::Disconnected) => Outcome::End,
        Err(RecvTimeoutError::Timeout) => {
            cancelled();
            Outcome::Noted
        }
    }
}
