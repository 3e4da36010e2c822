//! The migrator tries to cut over, attempt by attempt.

#![forbid(unsafe_code)]

use super::{Challenge, LogEntry};
use crate::{
    memory::in_channel,
    play::{Halt, Play, Record},
    policies::Inbox,
};
use std::{
    sync::mpsc::Sender,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use support::dice::Dice;

/// The time without progress after which the migrator checks on the worker.
const PATIENCE: Duration = Duration::from_millis(250);

/// The number of checks after which the migrator gives up.
const CHECKS: usize = 40;

/// Returns in bounded time, whatever the channel does.
pub(crate) fn migrate(play: &Play<'_>, log: Sender<LogEntry>, mut inbox: Inbox) {
    // Fails only if the streamer is gone; then the heartbeat stays away.
    let write = move |entry| drop(log.send(entry));
    let mut dice = Dice::new(play.options.seed);
    let mut challenge = Challenge(0);
    for attempt in 1..=play.options.attempts {
        // More rows than the events queue holds: a worker that is stuck stops the streamer too.
        write(LogEntry::Rows(dice.within(1_100, 1_500)));
        // Like gh-ost, start no attempt while the streamer is behind the server.
        write(LogEntry::Heartbeat(attempt));
        let stuck = |record: &Record| record.sending && record.queue_is_full;
        if !moves_on(play, |record| record.heartbeat >= attempt, stuck) {
            break;
        }
        challenge = challenge.next();
        play.note("migrator", format!("attempt {attempt} locks, and writes {challenge}"));
        let deadline = Instant::now() + play.options.timeout;
        play.record(|record| record.deadlines.push(deadline));
        write(LogEntry::Challenge(attempt, challenge));
        if attempt > play.options.stall {
            // A server may stream a change before it acknowledges it. So a worker that no longer
            // stalls has sent every sentinel before the migrator looks.
            let sent = |record: &Record| record.sends.len() >= attempt;
            play.wait(play.options.timeout / 4 * 3, sent);
            play.note("migrator", String::from("the write is acknowledged"));
        }
        if receives(play, &mut inbox, deadline, challenge) {
            play.note("migrator", format!("attempt {attempt} cuts over"));
            break;
        }
        play.note("migrator", format!("attempt {attempt} timed out, and unlocks"));
        play.record(|record| record.timed_out = attempt);
    }
    if play.record(|record| record.halt.is_none()) {
        // The worker sends the sentinels that are still in the queue.
        let idle = |record: &Record| record.sends.len() == record.queued.len() && !record.sending;
        moves_on(play, idle, |record| record.sending);
    }
    // This frees a worker that is stuck.
    in_channel(|| drop(inbox));
}

impl Challenge {
    /// Returns the challenge for now, which is newer even if the clock was set back.
    fn next(self) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(self.0 + 1))
    }
}

/// Receives until the sentinel with that challenge comes; returns `false` at the deadline.
fn receives(play: &Play<'_>, inbox: &mut Inbox, deadline: Instant, challenge: Challenge) -> bool {
    // Allocated beforehand, because what the call allocates counts as the channel's.
    let mut stale = Vec::with_capacity(play.options.attempts);
    let found = in_channel(|| {
        inbox(deadline, &mut |sentinel| {
            let wanted = sentinel.challenge == challenge;
            if !wanted {
                stale.push((Instant::now(), sentinel.challenge));
            }
            wanted
        })
    });
    for (at, stale) in &stale {
        play.note_at(*at, "migrator", format!("skips stale {stale}"));
    }
    let applied = play.record(|record| {
        record.skipped += stale.len();
        record.applied
    });
    let missing = found.is_some_and(|sentinel| sentinel.coordinates > applied);
    assert!(!missing, "cut over before all events were applied");
    found.is_some()
}

/// Waits until `done`; returns `false`, and records why, when that will not happen.
fn moves_on(
    play: &Play<'_>,
    done: impl Fn(&Record) -> bool,
    stuck: impl Fn(&Record) -> bool,
) -> bool {
    let mut last_send = None;
    for _ in 0..CHECKS {
        if play.wait(PATIENCE, &done) {
            return true;
        }
        // A worker that looks stuck twice in the same send is: the migrator receives nothing here.
        let send = play.record(|record| stuck(record).then_some(record.sends.len()));
        if send.is_some() && send == last_send {
            play.note("watchdog", String::from("the worker sits in a send for ever"));
            play.record(|record| record.halt = Some(Halt::WorkerStuck));
            return false;
        }
        last_send = send;
    }
    play.record(|record| record.halt = Some(Halt::TooSlow));
    false
}
