//! Plays a cut-over with one channel, and judges how it went.

use crate::{
    channels::{Policy, take_peak},
    child::{self, Death},
    events::Events,
    gh_ost::{migrate, stream, work},
    options::Options,
};
use std::{
    sync::{Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};
use support::dice::Dice;

/// As many entries as gh-ost's.
const EVENTS_QUEUE: usize = 1_000;

/// What the actors share.
pub(crate) struct Play<'a> {
    pub(crate) options: &'a Options,
    pub(crate) events: &'a Events,
    /// See [`late_order`]; empty if every sentinel arrives in order.
    pub(crate) late_order: &'a [usize],
    started: Instant,
    record: Mutex<Record>,
    changed: Condvar,
}

/// What the actors did so far.
#[derive(Default)]
pub(crate) struct Record {
    /// The last heartbeat that the streamer read from the log.
    pub(crate) heartbeat: usize,
    /// The attempts whose sentinels went into the events queue.
    pub(crate) queued: Vec<usize>,
    /// The number of row events that were applied when the last send began.
    pub(crate) applied: u64,
    /// The worker is in a send.
    pub(crate) sending: bool,
    /// The attempt of each sentinel that was sent, and the time at which the send returned.
    pub(crate) sends: Vec<(usize, Instant)>,
    /// The time that the worker spent in sends.
    pub(crate) blocked: Duration,
    /// The deadline of each attempt.
    pub(crate) deadlines: Vec<Instant>,
    /// The last attempt that timed out.
    pub(crate) timed_out: usize,
    /// The number of stale sentinels that the migrator received.
    pub(crate) skipped: usize,
    /// Why the migrator stopped early.
    pub(crate) halt: Option<Halt>,
    /// The migrator has returned.
    over: bool,
    /// The most bytes that the channel held.
    pub(crate) peak_bytes: isize,
    /// How the child process died that was to build the channel. Then nothing was played.
    pub(crate) death: Option<Death>,
    /// The trace: time since the start, actor, what it did.
    pub(crate) notes: Vec<(Duration, &'static str, String)>,
}

#[derive(PartialEq)]
pub(crate) enum Halt {
    /// The worker is in a send that no receive will ever end.
    WorkerStuck,
    /// Something other than the channel held the play up.
    TooSlow,
}

/// What came of a policy in one of the plays.
pub(crate) type Played = (Policy, Record);

impl<'a> Play<'a> {
    pub(crate) fn run(
        policy: Policy,
        options: &'a Options,
        events: &'a Events,
        late_order: &'a [usize],
    ) -> Record {
        if policy == Policy::Bounded {
            if let Err(death) = child::try_build(options.max_retries) {
                let notes = vec![(Duration::ZERO, "child", death.details.clone())];
                return Record { death: Some(death), notes, ..Record::default() };
            }
        }
        let (outbox, inbox) = policy.open(options.max_retries);
        let (record, changed) = (Mutex::default(), Condvar::new());
        let play = Play { options, events, late_order, started: Instant::now(), record, changed };
        let (log, logged) = mpsc::channel();
        let (queue, queued) = mpsc::sync_channel(EVENTS_QUEUE);
        thread::scope(|scope| {
            let play = &play;
            scope.spawn(move || stream(play, logged, &queue));
            scope.spawn(move || work(play, queued, outbox));
            // The migrator's waits all end. The other actors' waits end with it, even if it panics.
            let migrated = scope.spawn(move || migrate(play, log, inbox)).join();
            play.record(|record| record.over = true);
            migrated.unwrap();
        });
        Record { peak_bytes: take_peak(), ..play.record.into_inner().unwrap() }
    }

    /// Reads or changes the record.
    pub(crate) fn record<R>(&self, access: impl FnOnce(&mut Record) -> R) -> R {
        let result = access(&mut self.record.lock().unwrap());
        self.changed.notify_all();
        result
    }

    /// Waits until it happens; returns `false` if the time or the play is over before.
    pub(crate) fn wait(&self, time: Duration, until: impl Fn(&Record) -> bool) -> bool {
        let waits = |record: &mut Record| !until(record) && !record.over;
        let record = self.record.lock().unwrap();
        until(&self.changed.wait_timeout_while(record, time, waits).unwrap().0)
    }

    pub(crate) fn note(&self, actor: &'static str, what: impl Into<String>) {
        self.note_at(Instant::now(), actor, what.into());
    }

    /// Adds a line to the trace.
    pub(crate) fn note_at(&self, at: Instant, actor: &'static str, what: String) {
        let elapsed = at.saturating_duration_since(self.started);
        self.record(|record| record.notes.push((elapsed, actor, what)));
    }
}

impl Record {
    /// Finds the attempts that timed out although their sentinels had been sent in time. Each is `true` if its sentinel
    /// was overtaken: an older sentinel was sent after it, and in time too.
    pub(crate) fn false_timeouts(&self) -> Vec<bool> {
        let timed_out = (1..=self.timed_out).zip(&self.deadlines);
        let overtaken = timed_out.filter_map(|(attempt, deadline)| {
            let mut in_time = self.sends.iter().filter(|(_, returned)| returned <= deadline);
            in_time.find(|(sent, _)| *sent == attempt)?;
            Some(in_time.any(|(sent, _)| *sent < attempt))
        });
        overtaken.collect()
    }

    /// The worker was in a send until the migrator was gone.
    pub(crate) fn blocked_for_ever(&self) -> bool {
        self.halt == Some(Halt::WorkerStuck) && self.sending
    }

    /// The last attempt received its sentinel.
    pub(crate) fn cut_over(&self) -> bool {
        self.deadlines.len() > self.timed_out
    }

    /// The first attempt that could succeed cut over, and the worker is free.
    pub(crate) fn on_time(&self) -> bool {
        self.cut_over() && self.false_timeouts().is_empty() && !self.blocked_for_ever()
    }

    /// Returns whether this crate's channel kept its promise, if it was played.
    pub(crate) fn kept_promise(&self, policy: Policy) -> Option<bool> {
        match policy {
            // The latest to arrive stays, so an attempt that was overtaken could not succeed.
            Policy::Send if self.false_timeouts().contains(&false) => Some(false),
            Policy::Send => Some(self.cut_over() && !self.blocked_for_ever()),
            Policy::SendNewest => Some(self.on_time()),
            _ => None,
        }
    }
}

/// Returns the attempts whose sentinels arrive late, in this order: the first sentinel in time, and then older sentinels
/// that it overtakes.
pub(crate) fn late_order(stall: usize, seed: u64) -> Vec<usize> {
    let mut dice = Dice::new(seed);
    // If several attempts time out, the sentinel of the last is not late: the first sentinel in time finds it in the
    // channel.
    let last = stall.saturating_sub(1).max(1);
    let mut held_back: Vec<usize> = (1..=last).filter(|_| dice.one_in(2)).collect();
    if held_back.is_empty() {
        held_back.push(dice.within(1, last));
    }
    for end in (1..held_back.len()).rev() {
        held_back.swap(end, dice.below(end + 1));
    }
    held_back.insert(0, stall + 1);
    held_back
}
