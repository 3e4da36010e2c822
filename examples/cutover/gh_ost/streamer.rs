//! The streamer reads the server's log and feeds the events queue.

#![forbid(unsafe_code)]

use super::{LogEntry, QueueEntry, Sentinel};
use crate::play::Play;
use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError},
    thread,
    time::Duration,
};

/// Returns when the migrator closes the log.
#[expect(clippy::needless_pass_by_value, reason = "the queue ends with its streamer")]
pub(crate) fn stream(play: &Play<'_>, log: Receiver<LogEntry>, queue: SyncSender<QueueEntry>) {
    let mut rows = play.events.rows.iter().copied().cycle();
    let mut coordinates = 0;
    thread::scope(|couriers| {
        for entry in log {
            match entry {
                LogEntry::Rows(count) => {
                    for row in rows.by_ref().take(count) {
                        coordinates += 1;
                        if let Err(TrySendError::Full(row)) = queue.try_send(QueueEntry::Row(row)) {
                            play.record(|record| record.queue_is_full = true);
                            drop(queue.send(row));
                            play.record(|record| record.queue_is_full = false);
                        }
                    }
                }
                LogEntry::Heartbeat(attempt) => {
                    play.record(|record| record.heartbeat = attempt);
                }
                // In a thread of its own, as in gh-ost: the streamer never waits with a sentinel.
                LogEntry::Challenge(attempt, challenge) => {
                    let sentinel = Sentinel { challenge, coordinates };
                    let queue = queue.clone();
                    couriers.spawn(move || carry(play, attempt, sentinel, &queue));
                }
            }
        }
    });
}

/// Takes a sentinel to the queue; if it is held back, after the sentinel that overtakes it.
fn carry(play: &Play<'_>, attempt: usize, sentinel: Sentinel, queue: &SyncSender<QueueEntry>) {
    let mut neighbours = play.late_order.windows(2);
    if let Some(first) = neighbours.find_map(|pair| (pair[1] == attempt).then_some(pair[0])) {
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
