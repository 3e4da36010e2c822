//! What a reader comes for: a few rows of all tables, for this crate and the peers nearest to it.

use crate::suite::prelude::*;
use std::{cmp::Reverse, collections::BTreeSet};

/// What is done, and the standing that has its figures.
const TIMES: [(&str, &str); 10] = [
    ("send that replaces a value", "send, results written"),
    ("send + receive, 8 bytes", "send + try_recv, results written"),
    ("send + receive, 1 KiB", "send + try_recv, 1 KiB"),
    ("hand-over between polling threads, median", "hand-over between two polling threads, p50"),
    ("hand-over between polling threads, p99", "hand-over between two polling threads, p99"),
    ("send that wakes a parked thread, median", "send to a parked thread, p50"),
    (
        "hand-over between two tasks, median",
        "hand-over between two tasks, runtime of two threads, p50",
    ),
    ("receive of the current value behind 1,000 stale ones", "time to the fresh value, k = 1,000"),
    ("fill + publish + update in place, 1 KiB", "in place: publish + update, 1 KiB"),
    ("the same there and back, 64 KiB, polling threads", "in place: round trip, polling, 64 KiB"),
];
/// No receiver can wait for it, but its values stay in place.
const IN_PLACE: &str = "triple_buffer";
/// Settings of `MaxRetries`, for which the bytes are shown.
const CAPACITIES: [&str; 2] = ["60", "9,999,999,999,999"];
/// The number of peers.
const PEERS: usize = 4;

/// What a contender is called in every table, whatever of it is used there.
fn plain(name: &str) -> &str {
    let end = [" (", ", "].into_iter().filter_map(|end| name.find(end)).min();
    &name[..end.unwrap_or(name.len())]
}

/// The median of the plainest use of the contender.
fn median(standing: &Standing, contender: &str) -> Option<f64> {
    standing.plainest(|name| plain(name) == contender).map(|quartiles| quartiles[1])
}

fn ratio(ratio: f64) -> String {
    format!("{ratio:.*}", if ratio < 99.5 { 2 } else { 0 })
}

/// Of the peers that can be waited for, and that are in half of the rows at least: those that most often have the least
/// figure of all. Among equals, more rows count. Of those that build the same of another crate's parts, the first counts.
fn nearest<'a>(timed: &[&'a Standing]) -> Vec<&'a str> {
    let waited_for =
        |row: &&'a Standing| row.cells.iter().filter(|(name, _)| can_be_waited_for(name));
    let names = timed.iter().flat_map(waited_for).map(|(name, _)| plain(name));
    let firsts = timed.iter().filter_map(|row| {
        let least = waited_for(row).min_by(|one, other| one.1[1].total_cmp(&other.1[1]));
        least.map(|(name, _)| plain(name))
    });
    let firsts = firsts.collect::<Vec<_>>();
    let mut peers = Vec::from_iter(names.collect::<BTreeSet<_>>());
    let rows = |name: &str| timed.iter().filter(|row| median(row, name).is_some()).count();
    let least = |name: &str| firsts.iter().filter(|first| **first == name).count();
    peers.retain(|name| 2 * rows(name) >= timed.len());
    peers.sort_by_key(|name| Reverse((least(name), rows(name))));
    // What follows the first word is the design: `Mutex<Option<T>> and Condvar` of two crates.
    let mut designs = BTreeSet::new();
    peers.retain(|name| designs.insert(name.split_once(' ').map_or(*name, |(_, design)| design)));
    peers.truncate(PEERS);
    peers
}

/// The bytes when built, and those after the sends, if these are others.
fn size(built: f64, sent: f64) -> String {
    match (built, sent) {
        (f64::INFINITY, _) => "cannot be built".into(),
        _ if bytes(built) == bytes(sent) => bytes(built),
        _ => format!("{} → {}", bytes(built), bytes(sent)),
    }
}

/// The table, and how to read it.
pub(super) fn section(standings: &[&Standing]) -> String {
    let find = |title: &str| standings.iter().copied().find(|standing| standing.title == title);
    let timed = TIMES.iter().filter_map(|(what, title)| Some((*what, find(title)?)));
    let timed = timed.collect::<Vec<_>>();
    let rows = timed.iter().map(|(_, standing)| *standing).collect::<Vec<_>>();
    let columns = [OURS].into_iter().chain(nearest(&rows)).chain([IN_PLACE]).collect::<Vec<_>>();
    let line = |what: String, floor: &str, cell: &dyn Fn(&str) -> Option<String>| {
        let cells = columns.iter().map(|name| cell(name).unwrap_or("–".into()));
        [what, floor.to_owned()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let speeds = timed.iter().map(|(what, standing)| {
        line((*what).into(), &standing.floor, &|name| median(standing, name).map(ratio))
    });
    let sizes = CAPACITIES.iter().filter_map(|capacity| {
        let [built, sent] = ["bytes when built", "bytes after the sends"]
            .map(|what| find(&format!("{what}, MaxRetries {capacity}")));
        let (built, sent) = (built?, sent?);
        Some(line(format!("memory, `MaxRetries` {capacity}"), "in bytes", &|name| {
            Some(size(median(built, name)?, median(sent, name)?))
        }))
    });
    let head = [&["", "floor"], columns.as_slice()].concat();
    format!(
        "Each figure is a ratio to the *floor* of its row, the least that the work can cost; 1.00 is as fast as the \
         floor, and less is better. The floor of the stale values is this crate's own time. `MaxRetries` is gh-ost's \
         limit of attempts, and a queue has room for a value of each; the memory after → is that after a million sends \
         without a receive. A dash: the peer was not measured so, mostly because it cannot do it.\n\n{}\
         The {PEERS} peers are those that most often have the least figure of all peers with a receiver that can wait, \
         among those in half of the timed rows and more; where that is equal, more rows count. \
         Beside them is `{IN_PLACE}`, for which no receiver can wait; in the rows in place, this crate's is its `buffer`. In the rows of sends and \
         of polling threads a queue has room for one value, and its sender makes room for the next. \
         [All tables](#all-tables) have every peer.\n\n",
        written(&head, 2, speeds.chain(sizes))
    )
}
