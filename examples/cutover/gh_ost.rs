//! A model of gh-ost's cut-over, with three actors.
//!
//! The migrator writes to the server's log. The streamer reads the log and feeds the events queue. The worker applies
//! the row events in the queue and sends each sentinel back to the migrator.

use crate::{
    channels::{Inbox, Outbox, in_channel},
    events::Row,
    play::{Halt, Play, Record},
};
use std::{
    collections::BTreeSet,
    mem,
    sync::mpsc::{Receiver, Sender, SyncSender},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use support::dice::Dice;

/// The time without progress after which the migrator checks on the worker.
const PATIENCE: Duration = Duration::from_millis(250);

/// The number of checks after which the migrator gives up.
const CHECKS: usize = 40;

/// What stands before each challenge in the log.
const MARK: &str = "AllEventsUpToLockProcessed:";

/// An entry of the server's log.
pub(crate) enum LogEntry {
    /// That many row events, and the heartbeat before that attempt: once it is read, the streamer is up to date.
    Rows(usize, usize),
    /// The challenge of that attempt.
    Challenge(usize, u64),
}

/// An entry of the events queue.
pub(crate) enum QueueEntry {
    Row(Row),
    /// The sentinel of that attempt.
    Sentinel(usize, Sentinel),
}

/// Means "all events up to the lock are applied". A later challenge makes a newer sentinel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sentinel {
    /// Identifies an attempt by the nanosecond at which it started.
    challenge: u64,
    /// The number of row events before the challenge in the log.
    coordinates: u64,
}

/// The streamer: returns when the migrator closes the log.
pub(crate) fn stream(play: &Play<'_>, log: Receiver<LogEntry>, queue: &SyncSender<QueueEntry>) {
    let mut rows = play.events.rows.iter().copied().cycle();
    let mut coordinates = 0;
    thread::scope(|couriers| {
        for entry in log {
            match entry {
                LogEntry::Rows(count, attempt) => {
                    for row in rows.by_ref().take(count) {
                        coordinates += 1;
                        // Fails only if the worker is gone.
                        let _gone = queue.send(QueueEntry::Row(row));
                    }
                    play.record(|record| record.heartbeat = attempt);
                }
                // In a thread of its own, as in gh-ost: the streamer never waits with a sentinel.
                LogEntry::Challenge(attempt, challenge) => {
                    let sentinel = Sentinel { challenge, coordinates };
                    couriers.spawn(move || carry(play, attempt, sentinel, queue));
                }
            }
        }
    });
}

/// Takes a sentinel to the queue; if it is held back, after the sentinel that overtakes it.
fn carry(play: &Play<'_>, attempt: usize, sentinel: Sentinel, queue: &SyncSender<QueueEntry>) {
    let overtakes = play.late_order.windows(2).find(|pair| pair[1] == attempt).map(|pair| pair[0]);
    if let Some(first) = overtakes {
        play.note("courier", format!("holds the sentinel of attempt {attempt} back"));
        if !play.wait(Duration::MAX, |record| record.queued.contains(&first)) {
            return;
        }
    }
    play.note("courier", format!("takes the sentinel of attempt {attempt} to the queue"));
    if queue.send(QueueEntry::Sentinel(attempt, sentinel)).is_ok() {
        play.record(|record| record.queued.push(attempt));
    }
}

/// The worker: returns when the queue ends, or the migrator is gone.
pub(crate) fn work(play: &Play<'_>, queue: Receiver<QueueEntry>, mut outbox: Outbox) {
    let mut applied = 0;
    // Of the rows since the last sentinel.
    let (mut operations, mut tables) = ([0_u64; 3], BTreeSet::new());
    for entry in queue {
        let (attempt, sentinel) = match entry {
            QueueEntry::Row(row) => {
                applied += 1;
                operations[row.operation as usize] += 1;
                tables.insert(row.table);
                continue;
            }
            QueueEntry::Sentinel(attempt, sentinel) => (attempt, sentinel),
        };
        let ([inserts, updates, deletes], tables) =
            (mem::take(&mut operations), mem::take(&mut tables).len());
        if tables > 0 {
            let rows = format!("{inserts} inserts, {updates} updates, {deletes} deletes");
            play.note("worker", format!("applied {rows} in {tables} tables"));
        }
        if attempt <= play.options.stall && play.record(|record| record.timed_out < attempt) {
            play.note("worker", format!("stalls until attempt {attempt} has timed out"));
            play.wait(Duration::MAX, |record| record.timed_out >= attempt);
        }

        play.record(|record| (record.applied, record.sending) = (applied, true));
        let began = Instant::now();
        let sent = in_channel(|| outbox(sentinel));
        let returned = Instant::now();
        // Still `sending`: the send returned only because the migrator is gone.
        let Ok(handed_back) = sent else { return };
        play.record(|record| {
            record.sending = false;
            record.sends.push((attempt, returned));
            record.blocked += returned - began;
        });
        let fate = match handed_back {
            None => String::new(),
            Some(dropped) if dropped == sentinel => ", which was dropped".into(),
            Some(stale) => format!(" in place of {MARK}{}", stale.challenge),
        };
        let challenge = sentinel.challenge;
        let what = format!("sends the sentinel of attempt {attempt}, {MARK}{challenge}{fate}");
        play.note_at(began, "worker", what);
    }
}

/// The migrator tries to cut over, attempt by attempt. It returns in bounded time, whatever the channel does.
pub(crate) fn migrate(play: &Play<'_>, log: Sender<LogEntry>, mut inbox: Inbox) {
    // Fails only if the streamer is gone; then the heartbeat stays away.
    let write = move |entry| drop(log.send(entry));
    let mut dice = Dice::new(play.options.seed);
    let mut challenge = 0;
    for attempt in 1..=play.options.attempts {
        // More rows than the events queue holds: a worker that is stuck stops the streamer too.
        write(LogEntry::Rows(dice.within(1_100, 1_500), attempt));
        // Like gh-ost, start no attempt while the streamer is behind the server.
        if !moves_on(play, |record| record.heartbeat >= attempt) {
            break;
        }
        // Newer even if the clock was set back.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        challenge = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).max(challenge + 1);
        play.note("migrator", format!("attempt {attempt} locks, and writes {MARK}{challenge}"));
        let deadline = Instant::now() + play.options.timeout;
        play.record(|record| record.deadlines.push(deadline));
        write(LogEntry::Challenge(attempt, challenge));
        if attempt > play.options.stall {
            // A server may stream a change before it acknowledges it. So a worker that no longer stalls has sent every
            // sentinel before the migrator looks.
            play.wait(play.options.timeout / 4 * 3, |record| record.sends.len() >= attempt);
            play.note("migrator", "the write is acknowledged");
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
        moves_on(play, idle);
    }
    // This frees a worker that is stuck.
    in_channel(|| drop(inbox));
}

/// Receives until the sentinel with that challenge comes; returns `false` at the deadline.
fn receives(play: &Play<'_>, inbox: &mut Inbox, deadline: Instant, challenge: u64) -> bool {
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
        play.note_at(*at, "migrator", format!("skips stale {MARK}{stale}"));
    }
    play.record(|record| record.skipped += stale.len());
    let applied = play.record(|record| record.applied);
    let missing = found.is_some_and(|sentinel| sentinel.coordinates > applied);
    assert!(!missing, "cut over before all events were applied");
    found.is_some()
}

/// Waits until `done`; returns `false`, and records why, when that will not happen.
fn moves_on(play: &Play<'_>, done: impl Fn(&Record) -> bool) -> bool {
    let mut last_send = None;
    for _ in 0..CHECKS {
        if play.wait(PATIENCE, &done) {
            return true;
        }
        // A worker that is twice in the same send is stuck, because the migrator receives nothing here.
        let send = play.record(|record| record.sending.then_some(record.sends.len()));
        if send.is_some() && send == last_send {
            play.note("watchdog", "the worker sits in a send for ever");
            play.record(|record| record.halt = Some(Halt::WorkerStuck));
            return false;
        }
        last_send = send;
    }
    play.record(|record| record.halt = Some(Halt::TooSlow));
    false
}
