//! What waiting costs where there are many receivers.
//!
//! *Making* receivers and *waking* one task among many are timed in interleaved short rounds, as ratios to tokio's
//! `watch` in the same round; *polling* as a ratio to a bare swap, so that two builds can be compared.
//!
//! *Real-time* measures the processor time of `recv_timeout` on a thread that shares its core with the sender and has
//! precedence over it.
//!
//! The last table compares the figures with their goals. A missed goal does not fail the bench, because it may be the
//! machine's fault. A wrong value fails it.

mod costs;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod real_time;
mod waking;

use super::prelude::*;
use futures_util::FutureExt;
use std::{ops::RangeInclusive, pin::pin, task::Poll};
use support::waker::Task;

/// A figure, and where it should be.
struct Goal(String, f64, RangeInclusive<f64>);

impl Goal {
    fn words(&self) -> Vec<String> {
        let Self(what, figure, allowed) = self;
        let goal = match (*allowed.start(), *allowed.end()) {
            (0.0, high) => format!("at most {high}"),
            (low, high) => format!("{low} to {high}"),
        };
        let met = if allowed.contains(figure) { "met" } else { "missed" };
        vec![what.clone(), format!("{figure:.2}"), goal, met.into()]
    }
}

/// Returns its text, and adds its goals.
type Part = fn(&Setup, &mut Vec<Goal>) -> String;

/// The number of receivers in a large crowd.
fn crowd(setup: &Setup) -> u32 {
    if setup.is_test() { 400 } else { 40_000 }
}

/// Measures each part whose name contains the value of `--only`.
pub(super) fn measured(setup: &Setup) -> Section {
    check(overwrite());
    check(watch());
    check(tokio_watch());
    let parts: [(&str, Part); 4] = [
        ("making", costs::making),
        ("waking", waking::part),
        ("polling", costs::polling),
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        ("real-time", real_time::part),
        #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
        ("real-time", |_, _| "Skipped on this system.\n".into()),
    ];
    let mut text = String::from("## Crowds of receivers\n\n");
    let mut goals = Vec::new();
    // The tables of a part are not chosen by their titles.
    let parts = parts.into_iter().filter(|(name, _)| setup.wants(name));
    for (name, part) in parts {
        let part = part(setup, &mut goals);
        text += &["## ", name, "\n\n", &part, "\n"].concat();
    }
    // A small round says nothing about them.
    if !setup.is_test() {
        text += "## Goals\n\n";
        text += &written(&["", "figure", "goal", ""], 1, goals.iter().map(Goal::words));
    }
    Section::text(text)
}

/// Sends, which is ready at once.
fn put(tx: &mut impl AsyncSend, value: u64) {
    tx.put(value).now_or_never().expect("a send is ready at once");
}

/// Panics unless the contender's clones wait, are woken once, receive the newest value, and cancel their waits.
fn check(contender: impl Awaits<Rx: Clone>) {
    let (task, name) = (Task::new(), contender.name());
    for value in 1..100 {
        let (mut tx, mut cancelled) = contender.open(1);
        let mut waiting = cancelled.clone();
        assert!(task.poll(&mut pin!(cancelled.take())).is_pending(), "{name} waits");
        let mut recv = pin!(waiting.take());
        assert!(task.poll(&mut recv).is_pending(), "{name} waits");
        put(&mut tx, value);
        assert_eq!(task.seen().woken, 1, "{name} wakes one task once");
        assert_eq!(task.poll(&mut recv), Poll::Ready(value), "{name} delivers");
    }
}
