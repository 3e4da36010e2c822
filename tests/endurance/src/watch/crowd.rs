//! A crowd: one task with many receivers, which all see each change in the end. Some wait for it, each with a waker of
//! its own; some have left the task's waker behind; and they come and go.

use super::{Setting, receiving::Reader};
use crate::{
    tally::{TALLY, add, cancelled},
    wakers::poll_once,
};
use futures::future::join_all;
use overwrite_channel::watch::Receiver;
use std::{
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
    task::Poll,
};
use tokio::time::timeout;

#[derive(Clone)]
struct Member {
    rx: Receiver<Setting>,
    /// How many changes were reported to it.
    reports: u64,
}

impl Member {
    /// Waits for a change. Returns `false` if no sender is left.
    async fn changed(&mut self) -> bool {
        let is_change = self.rx.changed().await.is_ok();
        self.reports += u64::from(is_change);
        is_change
    }

    /// Looks, and returns how many changes it has seen or skipped.
    fn look(&mut self, reader: &mut Reader) -> u64 {
        let now = self.rx.borrow_and_update();
        self.reports += u64::from(now.has_changed());
        reader.note(&now);
        let count = now.count();
        drop(now);
        let (reports, skipped) = (self.reports, self.rx.skipped());
        if reader.world.counted {
            assert_eq!(reports + skipped, count, "{reports} reported and {skipped} skipped");
        }
        reports + skipped
    }
}

pub(super) async fn receive(mut reader: Reader, rxs: Vec<Receiver<Setting>>) {
    let world = Arc::clone(&reader.world);
    let mut members: Vec<_> = rxs.into_iter().map(|rx| Member { rx, reports: 0 }).collect();
    let size = members.len();
    let mut is_over = false;
    while !is_over && reader.goes_on() {
        reader.post.doing("receivers of a crowd come and go");
        for _ in 0..reader.dice.below(size) {
            let at = reader.dice.below(members.len());
            if reader.dice.one_in(2) && members.len() < size {
                members.push(members[at].clone());
            } else if members.len() > size / 2 {
                let goes = members.swap_remove(at);
                leave(&reader, goes);
            }
        }
        is_over = wait(&mut reader, &mut members).await;
        reader.post.doing("a crowd looks");
        // Until all have seen the same change: a member that is behind may not wait next, and senders wait for it.
        while !look(&mut reader, &mut members) {}
    }
    for mut member in members {
        if is_over {
            assert!(member.rx.is_closed(), "no sender is left, but it is not closed");
            let seen = member.look(&mut reader);
            assert_eq!(seen, world.changes.load(SeqCst), "reported and skipped, of all changes");
        }
        leave(&reader, member);
    }
}

/// Returns `true` if each member has seen the same change.
fn look(reader: &mut Reader, members: &mut [Member]) -> bool {
    let seen: Vec<_> = members.iter_mut().map(|member| member.look(reader)).collect();
    let (least, most) = (seen.iter().min(), seen.iter().max());
    reader.has_seen(*least.expect("some stay"));
    least == most
}

/// Lets some members wait until each of them has seen a change, or for some time. Returns `true` if no sender is left.
async fn wait(reader: &mut Reader, members: &mut [Member]) -> bool {
    let world = Arc::clone(&reader.world);
    reader.post.doing("a crowd waits");
    let mut waits = Vec::new();
    for member in members {
        match reader.dice.below(6) {
            0 | 1 => waits.push(member.changed()),
            2 => {
                let mut left = member.rx.changed();
                let poll = world.mishaps.catch_in(poll_once(&mut left)).await;
                if let Some(Poll::Ready(Ok(()))) = poll {
                    member.reports += 1;
                } else {
                    mem::forget(left);
                }
            }
            _ => {}
        }
    }
    let waits = join_all(waits);
    let outcome = if world.patient {
        world.mishaps.catch_in(waits).await
    } else {
        let time = reader.dice.moment();
        let outcome = world.mishaps.catch_in(timeout(time, waits)).await;
        outcome.and_then(|outcome| outcome.map_err(|_late| cancelled()).ok())
    };
    outcome.is_some_and(|changed| changed.contains(&false))
}

fn leave(reader: &Reader, member: Member) {
    add(&TALLY.reports, member.reports);
    add(&TALLY.skipped, member.rx.skipped());
    reader.world.mishaps.catch(|| drop(member));
}
