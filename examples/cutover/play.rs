//! Runs one play: a streamer, a worker and a migrator, each a thread, and the channel under test
//! between the last two.

#![forbid(unsafe_code)]

use crate::{
    child::{self, Death},
    gh_ost::{events::Events, migrator::migrate, streamer::stream, worker::work},
    memory,
    options::Options,
    policies::Policy,
};
use std::{
    sync::{Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

/// As many entries as gh-ost's.
const EVENTS_QUEUE: usize = 1_000;

/// What the actors share.
pub(crate) struct Play<'a> {
    pub(crate) options: &'a Options,
    pub(crate) events: &'a Events,
    /// See [`late_order`](crate::seed::late_order); empty if every sentinel arrives in order.
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
    /// The streamer waits for room in the events queue.
    pub(crate) queue_is_full: bool,
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

impl<'a> Play<'a> {
    pub(crate) fn run(
        policy: Policy,
        options: &'a Options,
        events: &'a Events,
        late_order: &'a [usize],
    ) -> Result<Record, Death> {
        if policy == Policy::Bounded {
            child::try_build(options.max_retries)?;
        }
        let (outbox, inbox) = policy.open(options.max_retries);
        let (record, changed) = (Mutex::default(), Condvar::new());
        let play = Play { options, events, late_order, started: Instant::now(), record, changed };
        let (log, logged) = mpsc::channel();
        let (queue, queued) = mpsc::sync_channel(EVENTS_QUEUE);
        thread::scope(|scope| {
            let play = &play;
            scope.spawn(move || stream(play, logged, queue));
            scope.spawn(move || work(play, queued, outbox));
            // The migrator's waits all end. The other actors' waits end with it, even if it panics.
            let migrated = scope.spawn(move || migrate(play, log, inbox)).join();
            play.record(|record| record.over = true);
            migrated.unwrap();
        });
        Ok(Record { peak_bytes: memory::take_peak(), ..play.record.into_inner().unwrap() })
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

    pub(crate) fn note(&self, actor: &'static str, what: String) {
        self.note_at(Instant::now(), actor, what);
    }

    /// Adds a line to the trace.
    pub(crate) fn note_at(&self, at: Instant, actor: &'static str, what: String) {
        let elapsed = at.saturating_duration_since(self.started);
        self.record(|record| record.notes.push((elapsed, actor, what)));
    }
}
