//! Memory against `MaxRetries`: what a channel holds that has room for a sentinel of every attempt.
//!
//! A program that uses this module has [`Counting`](crate::counting::Counting) for its global allocator, calls [`is_child`]
//! first of all, and has `channels.rs` and `counting.rs` as modules of its root.

mod child;

use crate::channels::{
    AsyncChannel, Channel, Crossbeam, Flume, Kanal, Overwrite, SyncChannel, TokioMpsc, Watch,
};
use child::Contender;
pub(crate) use child::{ADDRESS_SPACE, Failure, Found, Pages, SENDS};

/// This crate's two first.
const CONTENDERS: [Contender; 8] = [
    Contender::of::<Overwrite>(),
    Contender::of::<Watch>(),
    Contender::of::<SyncChannel>(),
    Contender::of::<Crossbeam>(),
    Contender::of::<Flume>(),
    Contender::of::<Kanal>(),
    Contender::of::<AsyncChannel>(),
    Contender::of::<TokioMpsc>(),
];

/// Values of `MaxRetries`. gh-ost's default is the first; the last is what somebody set it to.
pub(crate) const CAPACITIES: [u64; 5] = [60, 1_000, 1_000_000, 1_000_000_000, 9_999_999_999_999];

/// A contender with room for so many values.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) capacity: u64,
    /// Of several children: the median of each time and of the system's figures. What the allocator
    /// counts is the same in each.
    pub(crate) outcome: Result<Found, Failure>,
}

/// Does everything that this process is for, if it is a child.
pub(crate) fn is_child() -> bool {
    child::is_child(&CONTENDERS)
}

/// For each capacity every contender, in `rounds` children each. `progress` gets how many children have
/// ended, and how many there are to be.
///
/// # Panics
///
/// If a channel loses a value or the bytes do not add up, or if this crate's holds other than the same
/// few bytes in every case.
pub(crate) fn measure(
    rounds: usize,
    capacities: &[u64],
    progress: &mut dyn FnMut(usize, usize),
) -> Vec<Row> {
    let cells = capacities.iter().flat_map(|capacity| CONTENDERS.map(|who| (who, *capacity)));
    let cells = cells.collect::<Vec<_>>();
    let mut outcomes = vec![Vec::with_capacity(rounds); cells.len()];
    let all = rounds * cells.len();
    for done in 0..all {
        let cell = done % cells.len();
        let (contender, capacity) = cells[cell];
        outcomes[cell].push(contender.in_child(capacity));
        progress(done + 1, all);
    }
    let rows = cells.into_iter().zip(outcomes).map(|((contender, capacity), outcomes)| Row {
        name: contender.name,
        capacity,
        outcome: middle(outcomes.into_iter().collect()),
    });
    let rows = rows.collect::<Vec<_>>();
    check(&rows);
    rows
}

/// A contender that failed once has failed.
fn middle(found: Result<Vec<Found>, Failure>) -> Result<Found, Failure> {
    let found = found?;
    let [first, ..] = found.as_slice() else { panic!("no round") };
    for other in &found {
        let counted = |found: &Found| (found.built, found.filled, found.accepted, found.stale);
        assert_eq!(counted(first), counted(other), "the same program, counted twice");
    }
    let pages = |pages: fn(&Found) -> Pages| Pages {
        resident: found
            .iter()
            .map(|found| pages(found).resident)
            .collect::<Option<_>>()
            .map(median),
        mapped: found.iter().map(|found| pages(found).mapped).collect::<Option<_>>().map(median),
    };
    Ok(Found {
        nanos: median(found.iter().map(|found| found.nanos).collect()),
        built_pages: pages(|found| found.built_pages),
        filled_pages: pages(|found| found.filled_pages),
        ..*first
    })
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The claim of this crate's: one value, whatever `MaxRetries` is and however many are sent.
fn check(rows: &[Row]) {
    let ours = rows.iter().filter(|row| row.name == Overwrite::NAME && !is_untried(row));
    let counts = ours.map(|row| {
        let found = row.outcome.as_ref().expect("a channel with one slot can be built");
        assert_eq!(found.filled, found.built, "a send neither allocates nor frees");
        assert_eq!(found.accepted, SENDS, "a send is never refused");
        found.built
    });
    let counts = counts.collect::<Vec<_>>();
    assert!(counts.windows(2).all(|two| two[0] == two[1]), "memory grew with the capacity");
}

fn is_untried(row: &Row) -> bool {
    matches!(row.outcome, Err(Failure::NotTried { .. }))
}

/// Bytes with a unit, rounded to three digits.
pub(crate) fn in_words(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let step = 10_u64.pow(bytes.checked_ilog10().unwrap_or(0).saturating_sub(2));
    let bytes = bytes.saturating_add(step / 2) / step * step;
    let (mut scale, mut unit) = (1, 0);
    while unit + 1 < UNITS.len() && bytes / scale >= 1_000 {
        (scale, unit) = (scale * 1_000, unit + 1);
    }
    let (whole, rest) = (bytes / scale, bytes % scale);
    let name = UNITS[unit];
    match whole {
        _ if scale == 1 => format!("{whole} {name}"),
        0..10 => format!("{whole}.{:02} {name}", rest * 100 / scale),
        10..100 => format!("{whole}.{} {name}", rest * 10 / scale),
        _ => format!("{whole} {name}"),
    }
}

/// A capacity as people write it.
pub(crate) fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
