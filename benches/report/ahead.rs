//! Where a peer is ahead of this crate: found in the figures, not chosen.

use super::{
    Ratios, Report,
    pictures::float,
    who::{cannot_wait, is_floor, is_ours, reason},
};
use crate::{
    channels::{Channel, Watch},
    fresh::quartiles,
    memory::{CAPACITIES, Found, with_commas},
};

/// A contender's, in one of the tables: the median between the quartiles. Less is better.
struct Cell<'a> {
    name: &'a str,
    figure: [f64; 3],
}

/// A peer whose median is less than the least of this crate's.
struct Lead<'a> {
    name: &'a str,
    /// Of what this crate takes.
    part: f64,
    /// Do the quartiles overlap?
    perhaps: bool,
}

type Figure = fn(&Found) -> f64;

const CAPACITY: &str = ", MaxRetries ";

/// Of a channel that was built; all but the last are exact.
const OF_MEMORY: [(&str, Figure); 4] = [
    ("bytes when built", |found| float(found.built.held.unsigned_abs())),
    ("blocks when built", |found| float(found.built.allocations)),
    ("bytes after the sends", |found| float(found.filled.held.unsigned_abs())),
    ("time to build", |found| float(found.nanos)),
];

/// The farthest ahead first.
fn leads<'a>(cells: &[Cell<'a>]) -> Vec<Lead<'a>> {
    let ours = cells.iter().filter(|cell| is_ours(cell.name)).map(|cell| cell.figure);
    let Some(ours) = ours.min_by(|one, other| one[1].total_cmp(&other[1])) else {
        return Vec::new();
    };
    let peers = cells.iter().filter(|cell| !is_ours(cell.name) && !is_floor(cell.name));
    let leads = peers.map(|peer| Lead {
        name: peer.name,
        part: peer.figure[1] / ours[1],
        perhaps: peer.figure[2] >= ours[0],
    });
    // What is written as 1.00 is no lead.
    let mut leads = leads.filter(|lead| lead.part < 0.995).collect::<Vec<_>>();
    leads.sort_by(|one, other| one.part.total_cmp(&other.part));
    leads
}

/// The lines of a table: where, who, and why.
#[derive(Default)]
struct Lines<'a>(Vec<(String, String, &'a str)>);

impl<'a> Lines<'a> {
    /// If there are any.
    fn push(&mut self, title: String, leads: &[&Lead<'_>], why: &'a str) {
        let one = |lead: &&Lead<'_>| {
            format!("{:.2}{} {}", lead.part, if lead.perhaps { "?" } else { "" }, lead.name)
        };
        let all = leads.iter().map(one).collect::<Vec<_>>().join("; ");
        match self.0.last_mut() {
            _ if all.is_empty() => {}
            Some((above, same, _)) if *same == all && is_for_another_capacity(above, &title) => {
                let least = above.split(" to ").next().unwrap_or_default();
                *above = format!("{least} to {}", title.rsplit(' ').next().unwrap_or_default());
            }
            _ => self.0.push((title, all, why)),
        }
    }

    fn table(&self) -> String {
        if self.0.is_empty() {
            return "Nowhere, this time.\n".into();
        }
        let mut table = String::from(
            "| where | its part of what this crate takes, and who | |\n|---|---|---|\n",
        );
        let mut last = "";
        for (title, all, why) in &self.0 {
            let again = if *why == last && !why.is_empty() { "as above" } else { why };
            table += &format!("| {title} | {all} | {again} |\n");
            last = why;
        }
        table
    }
}

fn is_for_another_capacity(title: &str, other: &str) -> bool {
    let what = |title| str::split_once(title, CAPACITY).map(|(what, _)| what);
    what(title).is_some() && what(title) == what(other)
}

impl Report {
    /// Every table of the page in which less is better.
    fn all_cells(&self) -> Vec<(String, Vec<Cell<'_>>)> {
        let mut all = Vec::new();
        for Ratios { title, figures } in &self.costs.tables {
            all.push((title.clone(), of_ratios(figures)));
        }
        for table in &self.latency {
            for (tail, name) in [(false, "p50"), (true, "p99")] {
                let rows = table.rows.iter();
                let cells = rows.map(|row| Cell { name: row.name, figure: row.ratio(tail) });
                all.push((format!("{}, {name}", table.title), cells.collect()));
            }
        }
        for Ratios { title, figures } in self.waits.tables.iter().chain(&self.watch.tables) {
            all.push((title.clone(), of_ratios(figures)));
        }
        // The channel's own place is looked for, not that of `watch`.
        for rows in self.fresh.chunk_by(|one, other| one.stale == other.stale) {
            let rows_but_watch = rows.iter().filter(|row| row.name != Watch::NAME);
            let cells =
                rows_but_watch.map(|row| Cell { name: row.name, figure: quartiles(&row.ratios) });
            let title =
                format!("time to the fresh value, k = {}", with_commas(rows[0].stale.into()));
            all.push((title, cells.collect()));
        }
        for (what, of) in OF_MEMORY {
            for capacity in CAPACITIES {
                let rows = self
                    .memory
                    .iter()
                    .filter(|row| row.capacity == capacity && row.name != Watch::NAME);
                let found = rows.filter_map(|row| Some((row.name, row.outcome.as_ref().ok()?)));
                let cells = found.map(|(name, found)| Cell { name, figure: [of(found); 3] });
                let mut cells = cells.collect::<Vec<_>>();
                if what == OF_MEMORY[0].0 {
                    cells.extend(self.original_bytes(capacity));
                }
                all.push((format!("{what}{CAPACITY}{}", with_commas(capacity)), cells));
            }
        }
        all
    }

    /// Of the Go channels that can be made.
    fn original_bytes(&self, capacity: u64) -> Vec<Cell<'_>> {
        let lines = self.original.iter().flat_map(|original| original.lines("memory"));
        let bytes = lines.filter_map(|line| match line {
            [name, of, bytes] if of.parse() == Ok(capacity) => Some((name, bytes.parse().ok()?)),
            _ => None,
        });
        bytes.map(|(name, bytes)| Cell { name, figure: [bytes; 3] }).collect()
    }

    /// Two tables: those that can be waited for, as this crate can, and the others.
    pub(super) fn peers_ahead(&self) -> String {
        let (mut waitable, mut others) = (Lines::default(), Lines::default());
        for (title, cells) in self.all_cells() {
            let leads = leads(&cells);
            let (no, yes): (Vec<_>, Vec<_>) = leads.iter().partition(|lead| cannot_wait(lead.name));
            let why = reason(&title);
            waitable.push(title.clone(), &yes, why);
            others.push(title, &no, "");
        }
        format!(
            "Each cell of this page in which a peer's median is below that of this crate's best row. A question mark: \
             their quartiles overlap, and another run may say otherwise. Not looked at: *resident* memory, which the \
             system counts in batches, and the times of the Go program, which does not take turns with the others. \
             Times to build are medians without quartiles. Four senders share the cores that there are.\n\n### Peers that can be waited for\n\n{}\n\
             ### Peers that cannot\n\n\
             Nobody can wait for a `triple_buffer`, a `nexus-slot` (both for one sender and one receiver), an \
             `ArrayQueue`, an `AtomicCell` or an `ArcSwap`. A `nexus-slot` copies its value with plain stores, without \
             an exchange; an `AtomicCell` of an `Option` of a `NonZeroU64` is the bare swap: the value is the word.\n\n{}",
            waitable.table(),
            others.table()
        )
    }
}

fn of_ratios(figures: &[crate::table::Figure]) -> Vec<Cell<'_>> {
    figures.iter().map(|figure| Cell { name: figure.name, figure: figure.ratio }).collect()
}
