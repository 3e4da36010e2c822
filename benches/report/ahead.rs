//! Where a peer is ahead of this crate: found in the figures, not chosen.

use super::{Ratios, Report};
use std::fmt::Write;

/// Less is the machine's.
const MARGIN: f64 = 0.03;

/// Not peers: they are the least that the work can cost.
fn is_floor(name: &str) -> bool {
    ["bare ", "nothing", "a word and", "arc-swap alone"].iter().any(|floor| name.starts_with(floor))
}

/// Nobody can wait for these; some are for one sender and one receiver only.
fn cannot_wait(name: &str) -> bool {
    let names =
        ["triple_buffer", "nexus-slot", "crossbeam ArrayQueue", "crossbeam AtomicCell", "arc-swap"];
    names.iter().any(|peer| name.starts_with(peer))
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
    /// Two tables: those that can be waited for, as this crate can, and the others.
    pub(super) fn peers_ahead(&self) -> String {
        let mut waitable = String::new();
        let mut others = String::new();
        let mut tell = |title: &str, figures: &[(&str, f64)]| {
            for (name, part) in ahead(figures) {
                let text = if cannot_wait(&name) { &mut others } else { &mut waitable };
                let _ = writeln!(text, "| {title} | {name} | {part:.2} |");
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
        let table = |text: String| {
            if text.is_empty() {
                "Nowhere, this time.\n".into()
            } else {
                format!(
                    "| where | who | its part of what this crate takes |\n|---|---|--:|\n{text}"
                )
            }
        };
        format!(
            "By more than {:.0} %, in the median.\n\n### Peers that can be waited for\n\n{}\n\
             ### Peers that cannot\n\n\
             Nobody can wait for a `triple_buffer`, a `nexus-slot` (both for one sender and one receiver), an \
             `ArrayQueue`, an `AtomicCell` or an `ArcSwap`.\n\n{}",
            MARGIN * 100.0,
            table(waitable),
            table(others)
        )
    }
}
