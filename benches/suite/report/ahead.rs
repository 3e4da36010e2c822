//! Where a peer is ahead of this crate: found in the figures, not chosen.

use crate::suite::prelude::*;

/// Why a peer is ahead in the tables that begin so, where that is known. Written by hand: nothing here is a guess.
const REASONS: [(&str, &str); 4] = [
    ("bytes when built", "`flume` allocates when values come"),
    (
        "watch: send, after",
        "a store of `arc_swap` visits a record of each of the threads; tokio's send takes one lock, however many threads \
         looked",
    ),
    (
        "watch: borrow",
        "the slot is an `ArcSwap`, and a look at that alone takes about as long, or longer",
    ),
    (
        "watch: send, another thread borrows",
        "a send looks at the value, and so does the compare-and-swap of `arc_swap` that follows; its store visits the record \
         that the other thread writes without a pause. The row of the `ArcSwap` alone is a store without a look",
    ),
];

/// The peers of a kind whose median is less than that of this crate's plain row, the farthest ahead first. Each comes
/// after its part of what this crate takes, and after a question mark if the quartiles overlap.
fn leads(standing: &Standing, can_wait: bool) -> String {
    let Some(ours) = standing.plainest(is_ours) else { return String::new() };
    let peers = standing.cells.iter().filter(|(name, _)| is_peer(name));
    let peers = peers.filter(|(name, _)| can_be_waited_for(name) == can_wait);
    // What is written as 1.00 is no lead.
    let leads = peers.filter(|(_, [_, median, _])| median / ours[1] < 0.995);
    let mut leads = leads.collect::<Vec<_>>();
    leads.sort_by(|(_, one), (_, other)| one[1].total_cmp(&other[1]));
    let leads = leads.into_iter().map(|(name, [_, median, high])| {
        format!("{:.2}{} {name}", median / ours[1], if *high >= ours[0] { "?" } else { "" })
    });
    leads.collect::<Vec<_>>().join("; ")
}

/// A table of the standings in which some peers of a kind are ahead, and the known reasons.
fn table(standings: &[&Standing], can_wait: bool) -> String {
    let lines =
        standings.iter().map(|standing| vec![standing.title.clone(), leads(standing, can_wait)]);
    let lines = lines.filter(|line| !line[1].is_empty()).collect::<Vec<_>>();
    if lines.is_empty() {
        return "Nowhere, this time.\n\n".into();
    }
    let begins = |start: &str| can_wait && lines.iter().any(|line| line[0].starts_with(start));
    let reasons = REASONS.iter().filter(|(start, _)| begins(start));
    let reasons = reasons.map(|(start, why)| format!("* *{start}*: {why}.\n")).collect::<Vec<_>>();
    let head = ["where", "its part of what this crate takes, and which peer"];
    format!("{}{}\n", written(&head, 2, lines), reasons.concat())
}

/// Two tables: the peers that can be waited for, as this crate can, and the others.
pub(super) fn section(standings: &[&Standing]) -> String {
    format!(
        "## Where a peer is ahead\n\n\
         Each cell of this page in which a peer's median is below that of this crate's plain row: its `channel` with the \
         defaults, and in their own tables its `watch` and its `buffer`. A question mark: their quartiles overlap, and \
         another run may say otherwise. Not looked at: *resident* memory, which the system counts \
         in batches, and the times of the Go program, which does not take turns with the others. Times to build are \
         medians without quartiles. Four senders share the cores that there are.\n\n\
         ### Peers that can be waited for\n\n{}### Peers without a blocking receive\n\n\
         No receiver can wait for a `triple_buffer`, a `nexus-slot` (both for one sender and one receiver), an \
         `ArrayQueue`, an `AtomicCell` or an `ArcSwap`. A `nexus-slot` copies its value with plain stores, without an \
         exchange, and a `triple_buffer` asks neither whether a receiver is left nor whether one waits; an `AtomicCell` of an `Option` of a `NonZeroU64` is the bare swap: the value is the word.\n\n{}",
        table(standings, true),
        table(standings, false)
    )
}
