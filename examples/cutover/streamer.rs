//! The streamer reads the server's log and feeds the worker's events queue.

#![forbid(unsafe_code)]

use crate::{
    events::Row,
    play::Play,
    sentinel::{Challenge, Sentinel},
};
use std::{
    sync::mpsc::{Receiver, SendError, SyncSender, TrySendError},
    thread::Scope,
};

/// What stands in the server's log.
pub(crate) enum Logged {
    /// That many row events.
    Rows(usize),
    /// Written before each attempt: the log is read up to here.
    Heartbeat(u32),
    Challenge(u32, Challenge),
}

/// What goes through the events queue.
pub(crate) enum Event {
    Row(Row),
    /// The sentinel of that attempt.
    Sentinel(u32, Sentinel),
}

/// Ends when nobody can write to the log any more, or the worker is gone.
#[expect(clippy::needless_pass_by_value, reason = "the queue ends with its streamer")]
pub(crate) fn stream<'scope>(
    play: &'scope Play<'_>,
    log: Receiver<Logged>,
    queue: SyncSender<Event>,
    scope: &'scope Scope<'scope, '_>,
) {
    let mut rows = play.setting.events.rows.iter().copied().cycle();
    let mut coordinates = 0;
    for logged in log {
        match logged {
            Logged::Rows(count) => {
                for row in rows.by_ref().take(count) {
                    if push(play, &queue, Event::Row(row)).is_err() {
                        return;
                    }
                    coordinates += 1;
                }
            }
            Logged::Heartbeat(attempt) => play.stage.update(|moment| moment.heartbeat = attempt),
            // As in gh-ost, each sentinel is taken to the queue by a thread of its own, so that the
            // streamer never waits there with the one thing the migrator waits for.
            Logged::Challenge(attempt, challenge) => {
                let sentinel = Sentinel { challenge, coordinates };
                let queue = queue.clone();
                scope.spawn(move || carry(play, attempt, sentinel, &queue));
            }
        }
    }
}

fn push(play: &Play<'_>, queue: &SyncSender<Event>, event: Event) -> Result<(), SendError<Event>> {
    match queue.try_send(event) {
        Ok(()) => Ok(()),
        Err(TrySendError::Full(event)) => {
            play.stage.update(|moment| moment.queue_is_full = true);
            let result = queue.send(event);
            play.stage.update(|moment| moment.queue_is_full = false);
            result
        }
        Err(TrySendError::Disconnected(event)) => Err(SendError(event)),
    }
}

fn carry(play: &Play<'_>, attempt: u32, sentinel: Sentinel, queue: &SyncSender<Event>) {
    if let Some(first) = play.setting.faults.follows(attempt) {
        play.trace.note("courier", || format!("holds the sentinel of attempt {attempt} back"));
        if !play.stage.wait_unless_over(|moment| moment.queued.contains(&first)) {
            return;
        }
    }
    play.trace.note("courier", || format!("takes the sentinel of attempt {attempt} to the queue"));
    if queue.send(Event::Sentinel(attempt, sentinel)).is_ok() {
        play.stage.update(|moment| moment.queued.push(attempt));
    }
}
