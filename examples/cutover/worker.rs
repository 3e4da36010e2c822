//! The worker applies row events, and sends the sentinels among them, in the order of the queue.

#![forbid(unsafe_code)]

use crate::{
    events::{Op, Row},
    memory::in_channel,
    play::Play,
    policies::Outbox,
    streamer::Event,
};
use std::{
    mem,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

/// What the worker did.
#[derive(Default)]
pub(crate) struct Work {
    /// Which attempts' sentinels it sent, and when each send returned.
    pub(crate) sends: Vec<(u32, Instant)>,
    pub(crate) blocked: Duration,
    /// The last send did not return before the migrator was gone.
    pub(crate) never_returned: bool,
}

/// Ends when the queue does, or the migrator is gone.
pub(crate) fn work(play: &Play<'_>, queue: Receiver<Event>, mut outbox: Outbox) -> Work {
    let mut work = Work::default();
    let mut applied = Applied::new(play.setting.events.tables.len());
    for event in queue {
        let (attempt, sentinel) = match event {
            Event::Row(row) => {
                applied.apply(row);
                continue;
            }
            Event::Sentinel(attempt, sentinel) => (attempt, sentinel),
        };
        if let Some(rows) = applied.since_last_told() {
            play.trace.note("worker", || rows);
        }
        let too_early = attempt <= play.setting.faults.stall
            && play.stage.look(|moment| moment.timed_out < attempt);
        if too_early {
            play.trace.note("worker", || format!("stalls until attempt {attempt} has timed out"));
            play.stage.wait_unless_over(|moment| moment.timed_out >= attempt);
        }
        play.stage.update(|moment| {
            moment.applied = applied.all;
            moment.sending = true;
        });
        let began = Instant::now();
        let sent = in_channel(|| outbox(sentinel));
        let returned = Instant::now();
        play.stage.update(|moment| {
            moment.sending = false;
            moment.sent += 1;
        });
        work.blocked += returned - began;
        let what = match sent {
            Ok(None) => String::new(),
            Ok(Some(dropped)) if dropped == sentinel => String::from(", which was dropped"),
            Ok(Some(stale)) => format!(" in place of {}", stale.challenge),
            Err(()) => {
                work.never_returned = true;
                return work;
            }
        };
        play.trace.note_at(began, "worker", || {
            format!("sends the sentinel of attempt {attempt}, {}{what}", sentinel.challenge)
        });
        work.sends.push((attempt, returned));
    }
    work
}

/// The row events applied: how many in all, and what the trace was not yet told of.
struct Applied {
    all: u64,
    kinds: [u64; 3],
    tables: Vec<bool>,
}

impl Applied {
    fn new(tables: usize) -> Self {
        Self { all: 0, kinds: [0; 3], tables: vec![false; tables] }
    }

    fn apply(&mut self, row: Row) {
        self.all += 1;
        let kind = match row.op {
            Op::Insert => 0,
            Op::Update => 1,
            Op::Delete => 2,
        };
        self.kinds[kind] += 1;
        self.tables[row.table] = true;
    }

    fn since_last_told(&mut self) -> Option<String> {
        if self.kinds == [0; 3] {
            return None;
        }
        let [inserts, updates, deletes] = mem::take(&mut self.kinds);
        let kinds = format!("{inserts} inserts, {updates} updates, {deletes} deletes");
        let tables = self.tables.iter_mut().map(mem::take).filter(|touched| *touched).count();
        Some(format!("applied {kinds} in {tables} tables"))
    }
}
