//! The parts of the bench, and their goals.
//!
//! A program that uses this module has [`Counting`](crate::counting::Counting) for its global allocator, and
//! `asleep.rs`, `memory/counting.rs`, `table.rs` and `tasks.rs` as modules of its root.

mod allocations;
mod costs;
mod peers;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod real_time;
mod turns;
mod waking;

use crate::table::{Figure, Table, is_test, rounds, time_each, value_of};
use std::{fmt::Debug, ops::RangeInclusive};

/// The number of receivers in a large crowd.
fn crowd() -> u32 {
    if is_test() { 400 } else { 40_000 }
}

/// A figure, and where it should be.
struct Goal(String, f64, RangeInclusive<f64>);

impl Goal {
    fn print(&self) {
        let Self(what, figure, allowed) = self;
        let goal = match (*allowed.start(), *allowed.end()) {
            (low, high) if low >= high => format!("{low}"),
            (0.0, high) => format!("at most {high}"),
            (low, high) => format!("{low} to {high}"),
        };
        let met = if allowed.contains(figure) { "met" } else { "missed" };
        let figure = if figure.is_finite() { format!("{figure:.2}") } else { "never".into() };
        println!("  {what:<82}{figure:>10}  {goal:<14}{met}");
    }
}

/// A count as a figure.
fn figure<N: TryInto<u32, Error: Debug>>(count: N) -> f64 {
    f64::from(count.try_into().expect("not that many"))
}

/// Measures interleaved rounds of the tables and prints them; returns the figures of each table.
fn measured(mut tables: Vec<Table>) -> Vec<Vec<Figure>> {
    let time = time_each() * u32::try_from(tables.len()).expect("a few tables");
    let rounds = rounds(&mut tables, time, &mut |_| ());
    println!("\nMedians of {rounds} rounds.");
    tables.iter_mut().for_each(Table::print);
    tables.iter_mut().map(Table::figures).collect()
}

/// A name, and what measures and prints.
type Part = (&'static str, fn() -> Vec<Goal>);

/// Runs each part whose name contains the value of `--only`, and compares the figures with the goals.
pub(crate) fn run() {
    peers::check_all();
    let parts: Vec<Part> = vec![
        ("allocations", allocations::goals),
        ("making", costs::making_goals),
        ("waking", waking::goals),
        ("polling", costs::polling_goals),
        ("fairness", turns::fairness_goals),
        ("stalled", turns::stalled_goals),
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        ("real-time", real_time::goals),
    ];
    let only = value_of("--only").unwrap_or_default();
    let parts = parts.into_iter().filter(|(name, _)| name.contains(&only));
    let goals = parts.flat_map(|(_, goals)| goals()).collect::<Vec<_>>();
    // A small round says nothing about them.
    if !is_test() {
        println!("\n{:<84}{:>10}  goal", "Goals", "figure");
        goals.iter().for_each(Goal::print);
    }
}
