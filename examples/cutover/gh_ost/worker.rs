//! The worker applies row events and sends the sentinels among them, in the order of the queue.

#![forbid(unsafe_code)]

use super::QueueEntry;
use crate::{memory::in_channel, play::Play, policies::Outbox};
use std::{
    collections::BTreeSet,
    mem,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

/// Returns when the queue ends, or the migrator is gone.
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
        let tables = mem::take(&mut tables).len();
        if tables > 0 {
            let [inserts, updates, deletes] = mem::take(&mut operations);
            let rows = format!("{inserts} inserts, {updates} updates, {deletes} deletes");
            play.note("worker", format!("applied {rows} in {tables} tables"));
        }
        if attempt <= play.options.stall && play.record(|record| record.timed_out < attempt) {
            play.note("worker", format!("stalls until attempt {attempt} has timed out"));
            play.wait(Duration::MAX, |record| record.timed_out >= attempt);
        }

        play.record(|record| {
            record.applied = applied;
            record.sending = true;
        });
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
            Some(dropped) if dropped == sentinel => String::from(", which was dropped"),
            Some(stale) => format!(" in place of {}", stale.challenge),
        };
        let sends = format!("sends the sentinel of attempt {attempt}, {}", sentinel.challenge);
        play.note_at(began, "worker", sends + &fate);
    }
}
