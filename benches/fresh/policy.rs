//! What it costs to drop the newest value: attempts that fail although their sentinel came in time.
//!
//! Nothing here depends on time. Attempts follow one another in one thread, and each sentinel comes at a
//! moment that is laid down.

use crate::channels::{Channel, Crossbeam, Overwrite, Sentinel};
use std::time::Instant;

/// When the sentinels come.
#[derive(Clone, Copy)]
struct Course {
    name: &'static str,
    /// Does this attempt's sentinel come only after its time-out? It counts from 1.
    is_late: fn(u32) -> bool,
    /// If it is not late: does it find the receiver waiting, which has taken all there was?
    finds_receiver: bool,
}

const COURSES: [Course; 5] = [
    Course { name: "the first is late", is_late: |attempt| attempt == 1, finds_receiver: false },
    Course {
        name: "the first 10 are late",
        is_late: |attempt| attempt <= 10,
        finds_receiver: false,
    },
    Course {
        name: "every 10th is late",
        is_late: |attempt| attempt % 10 == 0,
        finds_receiver: false,
    },
    Course {
        name: "every 2nd is late",
        is_late: |attempt| attempt % 2 == 0,
        finds_receiver: false,
    },
    Course {
        name: "every 2nd is late; the others find the receiver waiting",
        is_late: |attempt| attempt % 2 == 0,
        finds_receiver: true,
    },
];

/// A policy in one course of attempts. `attempts` is the sum of `late`, `done` and `lost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) course: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) attempts: u32,
    /// Their sentinels came too late for any policy.
    pub(crate) late: u32,
    /// They received their sentinel.
    pub(crate) done: u32,
    /// Their sentinel was sent in time, and they did not receive it.
    pub(crate) lost: u32,
    /// Sentinels received by another attempt than theirs.
    pub(crate) stale: u32,
}

/// Every policy in every course.
///
/// # Panics
///
/// If a channel that drops nothing new loses an attempt.
pub(crate) fn losses(attempts: u32) -> Vec<Loss> {
    let play = |course: Course| {
        let all = attempts as usize;
        [
            play::<Overwrite>("replace (this crate)", 1, course, attempts),
            play::<Crossbeam>("keep all, in a buffer for every attempt", all, course, attempts),
            play::<Crossbeam>("drop the newest, with a buffer of one", 1, course, attempts),
        ]
    };
    let losses = COURSES.into_iter().flat_map(play).collect::<Vec<_>>();
    for losses in losses.chunks(3) {
        assert_eq!((losses[0].lost, losses[1].lost), (0, 0), "in time is in time: {losses:?}");
    }
    losses
}

fn play<C: Channel>(policy: &'static str, capacity: usize, course: Course, attempts: u32) -> Loss {
    let mut channel = C::new(capacity);
    let (mut late, mut done, mut lost, mut stale) = (0, 0, 0, 0);
    // A receiver whose time is over takes what there is, and waits for nothing.
    let now = Instant::now();
    for attempt in 1..=attempts {
        let challenge = u64::from(attempt);
        let is_late = (course.is_late)(attempt);
        let mut has_it = false;
        let mut look = |channel: &mut C| {
            while let Some(sentinel) = channel.receive(now) {
                let is_ours = sentinel.challenge == challenge;
                has_it |= is_ours;
                stale += u32::from(!is_ours);
            }
        };
        if course.finds_receiver {
            look(&mut channel);
        }
        // Where it is refused, it is gone: the worker has other things to do.
        if !is_late {
            channel.send(Sentinel::of(challenge));
        }
        look(&mut channel);
        match (has_it, is_late) {
            (true, _) => done += 1,
            (false, true) => late += 1,
            (false, false) => lost += 1,
        }
        if is_late {
            channel.send(Sentinel::of(challenge));
        }
    }
    Loss { course: course.name, policy, attempts, late, done, lost, stale }
}
