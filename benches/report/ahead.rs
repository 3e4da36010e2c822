//! Where a peer is ahead of this crate: found in the figures, not chosen.

use super::{Ratios, Report};
use std::fmt::Write;

/// Less is the machine's.
const MARGIN: f64 = 0.03;

/// Not peers: they are the least that the work can cost.
fn is_floor(name: &str) -> bool {
    ["bare ", "nothing", "a word and", "arc-swap alone"].iter().any(|floor| name.starts_with(floor))
}

pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("overwrite-channel") || name.starts_with("overwrite_channel")
}

/// The best of this crate's, and the peers that are better, with how much of it they take.
fn ahead(figures: &[(&str, f64)]) -> Vec<(String, f64)> {
    let ours = figures.iter().filter(|(name, _)| is_ours(name)).map(|(_, figure)| *figure);
    let ours = ours.fold(f64::INFINITY, f64::min);
    let peers = figures.iter().filter(|(name, _)| !is_ours(name) && !is_floor(name));
    let parts = peers.map(|(name, figure)| ((*name).to_owned(), figure / ours));
    parts.filter(|(_, part)| *part < 1.0 - MARGIN).collect()
}

impl Report {
    /// A list, each with what part of this crate's time or ratio it needs.
    pub(super) fn peers_ahead(&self) -> String {
        let mut text = String::new();
        let mut tell = |title: &str, figures: &[(&str, f64)]| {
            for (name, part) in ahead(figures) {
                let _ =
                    writeln!(text, "* *{title}:* {name} takes {part:.2} of what this crate takes.");
            }
        };
        for Ratios { title, figures } in
            [&self.costs, &self.waits, &self.watch].into_iter().flatten()
        {
            let figures = figures.iter().map(|figure| (figure.name, figure.ratio[1]));
            tell(title, &figures.collect::<Vec<_>>());
        }
        for table in &self.latency {
            for (which, name) in [(false, "p50"), (true, "p99")] {
                let figures = table.rows.iter().map(|row| (row.name, row.ratio(which)));
                tell(&format!("{}, {name}", table.title), &figures.collect::<Vec<_>>());
            }
        }
        if text.is_empty() { "Nowhere, this time.\n".into() } else { text }
    }
}
