//! Where a peer is ahead of this crate: found in the figures, not chosen.

use crate::suite::{
    charts::is_ours,
    measure::{Standing, written},
};

/// The floors, which are no peers but the least that the work can cost.
const FLOORS: [&str; 4] = ["bare ", "nothing", "a word and", "arc-swap alone"];
/// No receiver can wait for these; some are for one sender and one receiver only.
const CANNOT_WAIT: [&str; 5] =
    ["triple_buffer", "nexus-slot", "crossbeam ArrayQueue", "crossbeam AtomicCell", "arc-swap"];
const CAPACITY: &str = ", MaxRetries ";

/// A peer whose median is less than the least of this crate's.
struct Lead<'a> {
    name: &'a str,
    /// Of what this crate takes.
    part: f64,
    /// Whether the quartiles overlap.
    perhaps: bool,
}

fn begins(name: &str, with: &[&str]) -> bool {
    with.iter().any(|start| name.starts_with(start))
}

/// The farthest ahead first.
fn leads(standing: &Standing) -> Vec<Lead<'_>> {
    let (ours, others): (Vec<_>, Vec<_>) =
        standing.cells.iter().partition(|(name, _)| is_ours(name));
    let ours = ours.into_iter().map(|cell| cell.1).min_by(|a, b| a[1].total_cmp(&b[1]));
    let Some(ours) = ours else { return Vec::new() };
    let peers = others.into_iter().filter(|(name, _)| !begins(name, &FLOORS));
    let leads = peers.map(|(name, [_, median, high])| Lead {
        name,
        part: median / ours[1],
        perhaps: *high >= ours[0],
    });
    // What is written as 1.00 is no lead.
    let mut leads = leads.filter(|lead| lead.part < 0.995).collect::<Vec<_>>();
    leads.sort_by(|one, other| one.part.total_cmp(&other.part));
    leads
}

/// Why a peer is ahead in a table, where that is known. Written by hand: nothing stands here that is a guess.
fn reason(title: &str) -> &'static str {
    if begins(title, &["watch: has_changed"]) {
        "tokio's compares two numbers; here it may look at the value, so that a seen value does not count as new"
    } else if begins(title, &["watch: send that wakes", "watch: round trip, two tasks"]) {
        "as much longer as the send itself"
    } else if begins(title, &["watch: send"]) {
        "each value is an allocation of its own, so that a receiver that looks at a value does not hold up a send; \
         tokio's writes over the one value, under a lock"
    } else if begins(title, &["round trip, 1 KiB"]) {
        "`ring-channel` puts a large value in a box, and hands the box over"
    } else if begins(title, &["bytes when built", "blocks when built"]) {
        "`flume` allocates when values come"
    } else {
        ""
    }
}

/// A table of the standings in which some peers of a kind are ahead.
fn table(standings: &[&Standing], can_wait: bool) -> String {
    let mut lines: Vec<[String; 3]> = Vec::new();
    for standing in standings {
        let title = &standing.title;
        let leads = leads(standing);
        let leads = leads.iter().filter(|lead| can_wait != begins(lead.name, &CANNOT_WAIT));
        let all = leads.map(|lead| {
            format!("{:.2}{} {}", lead.part, if lead.perhaps { "?" } else { "" }, lead.name)
        });
        let all = all.collect::<Vec<_>>().join("; ");
        let what = |title: &str| title.split_once(CAPACITY).map(|(what, _)| what.to_owned());
        match lines.last_mut() {
            _ if all.is_empty() => {}
            // The same for another capacity.
            Some([above, same, _])
                if *same == all && what(title).is_some_and(|text| Some(text) == what(above)) =>
            {
                let least = above.split(" to ").next().unwrap_or_default();
                *above = format!("{least} to {}", title.rsplit(' ').next().unwrap_or_default());
            }
            _ => lines.push([title.clone(), all, if can_wait { reason(title) } else { "" }.into()]),
        }
    }
    if lines.is_empty() {
        return "Nowhere, this time.\n\n".into();
    }
    let mut last = String::new();
    for [_, _, why] in &mut lines {
        let above = *why == last && !why.is_empty();
        last.clone_from(why);
        if above {
            *why = "as above".into();
        }
    }
    written(
        &["where", "its part of what this crate takes, and which peer", ""],
        3,
        lines.into_iter().map(Vec::from),
    )
}

/// Two tables: the peers that can be waited for, as this crate can, and the others.
pub(super) fn section(standings: &[&Standing]) -> String {
    format!(
        "## Where a peer is ahead\n\n\
         Each cell of this page in which a peer's median is below that of this crate's best row. A question mark: their \
         quartiles overlap, and another run may say otherwise. Not looked at: *resident* memory, which the system counts \
         in batches, and the times of the Go program, which does not take turns with the others. Times to build are \
         medians without quartiles. Four senders share the cores that there are.\n\n\
         ### Peers that can be waited for\n\n{}### Peers that cannot\n\n\
         No receiver can wait for a `triple_buffer`, a `nexus-slot` (both for one sender and one receiver), an \
         `ArrayQueue`, an `AtomicCell` or an `ArcSwap`. A `nexus-slot` copies its value with plain stores, without an \
         exchange; an `AtomicCell` of an `Option` of a `NonZeroU64` is the bare swap: the value is the word.\n\n{}",
        table(standings, true),
        table(standings, false)
    )
}
