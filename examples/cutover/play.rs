//! One play: a streamer, a worker and a migrator, each a thread, and the channel under test between
//! the last two.

#![forbid(unsafe_code)]

use crate::{
    memory,
    migrator::migrate,
    policies::Policy,
    report::Report,
    setting::Setting,
    stage::Stage,
    streamer::stream,
    trace::{Line, Trace},
    worker::work,
};
use std::{
    panic::resume_unwind,
    sync::mpsc::{channel, sync_channel},
    thread::{self, ScopedJoinHandle},
};

/// As many as gh-ost's.
const EVENTS_QUEUE: usize = 1_000;

/// What all actors see.
pub(crate) struct Play<'a> {
    pub(crate) setting: &'a Setting<'a>,
    pub(crate) stage: Stage,
    pub(crate) trace: Trace,
}

pub(crate) fn play(policy: Policy, setting: &Setting<'_>, traced: bool) -> (Report, Vec<Line>) {
    memory::start_counting();
    let (outbox, inbox) = policy.open(setting.max_retries);

    let play = Play { setting, stage: Stage::default(), trace: Trace::new(traced) };
    let (log, logged) = channel();
    let (queue, events) = sync_channel(EVENTS_QUEUE);
    let (course, work) = thread::scope(|scope| {
        let play = &play;
        scope.spawn(move || stream(play, logged, queue, scope));
        let worker = scope.spawn(move || work(play, events, outbox));
        let migrator = scope.spawn(move || migrate(play, log, inbox));
        (result(migrator), result(worker))
    });
    let report = Report::new(&course, &work, memory::peak_bytes());
    (report, play.trace.into_lines())
}

fn result<R>(actor: ScopedJoinHandle<'_, R>) -> R {
    actor.join().unwrap_or_else(|panic| resume_unwind(panic))
}
