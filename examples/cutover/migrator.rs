//! The migrator tries to cut over, attempt by attempt.

#![forbid(unsafe_code)]

use crate::{
    memory::{in_channel, not_in_channel},
    play::Play,
    policies::Inbox,
    sentinel::Challenge,
    stage::Moment,
    streamer::Logged,
};
use std::{
    sync::mpsc::Sender,
    time::{Duration, Instant},
};

/// How long nothing may move before we ask whether anything ever will.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often we ask: a machine this slow is not worth waiting for.
const ASKED: u32 = 40;

/// What the migrator did.
#[derive(Default)]
pub(crate) struct Course {
    /// When each attempt's time was over.
    pub(crate) deadlines: Vec<Instant>,
    /// The last of these attempts cut over.
    pub(crate) cut_over: bool,
    pub(crate) skipped: u64,
    /// The worker was found in a send that nobody will ever receive.
    pub(crate) worker_is_stuck: bool,
    /// Something other than the channel held the play up for too long.
    pub(crate) gave_up: bool,
}

/// Every wait in here ends; when this function does, everybody else's do, too.
pub(crate) fn migrate(play: &Play<'_>, log: Sender<Logged>, mut inbox: Inbox) -> Course {
    let _over = play.stage.over_at_the_end();
    let mut course = Course::default();
    let mut challenge = None;
    let rows_before = play.setting.rows_before_attempts();
    for (attempt, rows) in (1..=play.setting.attempts).zip(rows_before) {
        // The streamer can be behind the server; as gh-ost does, start no attempt while it is.
        write(&log, Logged::Rows(rows));
        write(&log, Logged::Heartbeat(attempt));
        let read = |moment: &Moment| moment.heartbeat >= attempt;
        if !moves_on(play, &mut course, read, |moment| moment.sending && moment.queue_is_full) {
            break;
        }
        let now = Challenge::after(challenge);
        challenge = Some(now);
        course.cut_over = try_once(play, &log, &mut inbox, attempt, now, &mut course);
        if course.cut_over {
            break;
        }
    }
    // Afterwards the worker sends what it still has.
    if !course.worker_is_stuck && !course.gave_up {
        let idle = |moment: &Moment| moment.sent == moment.queued.len() && !moment.sending;
        moves_on(play, &mut course, idle, |moment| moment.sending);
    }
    // The migrator leaves, which ends the log, and frees a worker that is stuck.
    drop(log);
    in_channel(|| drop(inbox));
    course
}

fn try_once(
    play: &Play<'_>,
    log: &Sender<Logged>,
    inbox: &mut Inbox,
    attempt: u32,
    challenge: Challenge,
    course: &mut Course,
) -> bool {
    let timeout = play.setting.timeout;
    let deadline = Instant::now() + timeout;
    course.deadlines.push(deadline);
    play.trace.note("migrator", || format!("attempt {attempt} locks, and writes {challenge}"));
    write(log, Logged::Challenge(attempt, challenge));
    if attempt > play.setting.faults.stall {
        // A server may stream a change before it acknowledges it. So, once the worker stalls no
        // more, it has sent all sentinels before the migrator looks; which it does in any case.
        play.stage.wait(timeout / 4 * 3, |moment| moment.sent >= attempt as usize);
        play.trace.note("migrator", || String::from("the write is acknowledged"));
    }
    let found = in_channel(|| {
        inbox(deadline, &mut |sentinel| {
            let wanted = sentinel.challenge == challenge;
            if !wanted {
                course.skipped += 1;
                not_in_channel(|| {
                    play.trace.note("migrator", || format!("skips stale {}", sentinel.challenge));
                });
            }
            wanted
        })
    });
    let Some(sentinel) = found else {
        play.trace.note("migrator", || format!("attempt {attempt} timed out, and unlocks"));
        play.stage.update(|moment| moment.timed_out = attempt);
        return false;
    };
    let applied = play.stage.look(|moment| moment.applied);
    assert!(applied >= sentinel.coordinates, "cut over before all events were applied");
    play.trace.note("migrator", || format!("attempt {attempt} cuts over"));
    true
}

/// Waits until it is `done`. If it looks `stuck` twice in the same send, then it is: who could
/// receive is waiting here.
fn moves_on(
    play: &Play<'_>,
    course: &mut Course,
    done: impl Fn(&Moment) -> bool,
    stuck: impl Fn(&Moment) -> bool,
) -> bool {
    let mut stuck_before = None;
    for _ in 0..ASKED {
        if play.stage.wait(PATIENCE, &done) {
            return true;
        }
        let stuck_after = play.stage.look(|moment| stuck(moment).then_some(moment.sent));
        if stuck_after.is_some() && stuck_after == stuck_before {
            play.trace.note("watchdog", || String::from("the worker sits in a send for ever"));
            course.worker_is_stuck = true;
            return false;
        }
        stuck_before = stuck_after;
    }
    course.gave_up = true;
    false
}

fn write(log: &Sender<Logged>, entry: Logged) {
    // Fails only if the worker is gone, which the waits find out.
    let _gone = log.send(entry);
}
