//! Memory against `MaxRetries`: what it costs to have room for a sentinel of every attempt, and what a slot of one
//! costs.
//!
//! A channel is built, filled and dropped in a process of its own, whose allocator refuses more than [`LIMIT`] at once: a
//! channel that asks for more takes only that process with it. How such a channel ends is part of the table.

use super::{child, prelude::*};
use std::{array, fs::File, io::Read, process::ExitStatus};
use support::allocator::{last_words, measure_process, refuse_above};

/// The option that makes a process such a child.
const OPTION: &str = "--memory-child";
/// In bytes: the most that a channel may ask for at once.
const LIMIT: usize = 4_000_000_000;
/// The values sent, of which none is received.
const SENDS: u32 = 1_000_000;

/// Values of `MaxRetries`. gh-ost's default is the first; the last is what an operator set it to.
const CAPACITIES: [u64; 5] = [60, 1_000, 1_000_000, 1_000_000_000, 9_999_999_999_999];

/// Without the last, which is this crate's channel once more.
fn contenders() -> Vec<Relaying> {
    let mut contenders = relaying();
    contenders.pop();
    contenders
}

/// What a child finds of a channel: how long it takes to build it, the first in its process; by how much the process
/// grows with the channel built, and with it filled; and how many values the channel refuses.
#[derive(Clone, Copy, PartialEq)]
enum Figure {
    Nanos,
    Bytes,
    Blocks,
    /// In memory, if the system says; else not a number.
    Resident,
    FilledBytes,
    FilledBlocks,
    FilledResident,
    Refused,
}

use Figure::{Blocks, Bytes, FilledBlocks, FilledBytes, FilledResident, Nanos, Refused, Resident};

/// The figures, in their order. A child prints them as one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found([f64; 8]);

impl Found {
    fn get(&self, figure: Figure) -> f64 {
        self.0[figure as usize]
    }

    /// What the allocator counted, and what was refused: exact.
    fn counted(&self) -> [u64; 5] {
        [Bytes, Blocks, FilledBytes, FilledBlocks, Refused].map(|figure| self.get(figure).to_bits())
    }

    /// Of several children: the median of each time and of the system's figures. What is exact is the same in each.
    fn middle(all: &[Self]) -> Self {
        let same = all.windows(2).all(|two| two[0].counted() == two[1].counted());
        assert!(same, "the same program, counted twice: {all:?}");
        Self(array::from_fn(|which| quartiles(all.iter().map(|found| found.0[which]))[1]))
    }

    /// As a line of the table.
    fn words(&self) -> Vec<String> {
        let word = |figure| match self.get(figure) {
            unknown if unknown.is_nan() => "?".into(),
            nanos if figure == Nanos => time(nanos),
            count if figure == Blocks || figure == Refused => with_commas(count),
            size => bytes(size),
        };
        [Bytes, Blocks, Resident, Nanos, FilledBytes, FilledResident, Refused].map(word).into()
    }
}

/// What is found, or why nothing is: what the channel does, and after a colon more of it.
type Outcome = Result<Found, String>;

/// Of a contender, for each capacity.
type Outcomes = (&'static str, Vec<Outcome>);

/// How a child ended that has said nothing.
fn autopsy(status: ExitStatus, stderr: &[u8]) -> String {
    match last_words(stderr) {
        (_, Some(refused)) => format!("aborts: {} asked for", bytes(number(refused))),
        // As a panic ends a program.
        (said, None) if status.code() == Some(101) => format!("panics: {said}"),
        (said, None) => format!("is ended: {status}: {said}"),
    }
}

/// Has a child try the contender. Panics if there is no child, or it saw the channel do something wrong.
fn in_child(name: &str, capacity: u64) -> Outcome {
    let mut command = child::command(OPTION, &[name, &capacity.to_string()]);
    // It ends: its wait has a deadline.
    let output = command.env("RUST_BACKTRACE", "0").output().expect("a child process");
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim_end().split_once(' ').unwrap_or_default() {
        ("found", numbers) => {
            let mut numbers = numbers.split(' ').map(|number| number.parse().expect("a number"));
            Ok(Found(array::from_fn(|_| numbers.next().expect("a line as the child prints it"))))
        }
        ("wrong", what) => panic!("{name} with a capacity of {capacity}: {what}"),
        _ => Err(autopsy(output.status, &output.stderr)),
    }
}

/// If this process is a child, does everything that it is for, and returns `true`. Panics if a channel does: that is a
/// result, as other ways to end are.
pub(super) fn is_child() -> bool {
    let Some([name, capacity]) = child::arguments(OPTION) else { return false };
    let contender =
        contenders().into_iter().find(|contender| contender.name == name).expect("a contender");
    let capacity = capacity.parse::<u64>().expect("a capacity");
    refuse_above(LIMIT);
    let line = (contender.build)(capacity.try_into().unwrap_or(usize::MAX)).map_or_else(
        |wrong| format!("wrong {wrong}"),
        |found| format!("found {}", found.0.map(|number| number.to_string()).join(" ")),
    );
    println!("{line}");
    true
}

/// In the child: builds the channel, fills it, looks for the newest value, drops it.
pub(super) fn build(contender: impl Relays, capacity: usize) -> Result<Found, String> {
    // Once for nothing: the first look maps what it needs.
    let (_, _) = (resident(), Instant::now());

    let before = resident();
    let start = Instant::now();
    let ((mut tx, mut rx), mut counts) = measure_process(|| contender.open(black_box(capacity)));
    let nanos = start.elapsed().as_secs_f64() * 1e9;
    let built = counts;
    let built_resident = resident() - before;

    let (mut accepted, mut newest) = (0, None);
    let ((), sending) = measure_process(|| {
        for challenge in 0..SENDS.into() {
            if contender.offer(&mut tx, Sentinel::new(challenge)) {
                accepted += 1;
                newest = Some(challenge);
            }
        }
    });
    counts += sending;
    let filled = counts;
    let filled_resident = resident() - before;

    let newest = newest.ok_or("it accepted nothing")?;
    let deadline = Instant::now() + PATIENCE;
    let (received, receiving) = measure_process(|| contender.wait_for(&mut rx, newest, deadline));
    let stale = received.ok_or("the newest accepted value did not come")?;
    let expected = if contender.keeps_all() { accepted - 1 } else { 0 };
    if stale != expected {
        return Err(format!("{stale} values came before the newest, not {expected}"));
    }
    let ((), dropping) = measure_process(|| drop((tx, rx)));
    counts += receiving + dropping;
    // The first one's may be a record of the thread, which later ones use, too.
    let offer = || contender.offer(&mut contender.open(capacity).0, Sentinel::new(1));
    let (_, second) = measure_process(offer);
    if second.live_bytes != 0 || counts.live_bytes < 0 {
        return Err(format!("{} bytes are counted after its end", second.live_bytes));
    }
    Ok(Found([
        nanos,
        number(built.live_bytes),
        number(built.allocations),
        built_resident,
        number(filled.live_bytes),
        number(filled.allocations),
        filled_resident,
        f64::from(SENDS) - number(accepted),
    ]))
}

/// The bytes of this process that are in memory. The system counts in batches: a few hundred kB are no figure.
fn resident() -> f64 {
    // Without an allocation: that would be counted among what it counts.
    let mut text = [0; 4096];
    let length = File::open("/proc/self/status").and_then(|mut file| file.read(&mut text));
    let text = std::str::from_utf8(&text[..length.unwrap_or(0)]).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1024.0)
}

/// What this crate claims: one value, whatever `MaxRetries` is and however many are sent.
fn check(outcomes: &[Outcome]) {
    let counts = outcomes.iter().map(|outcome| {
        let found = outcome.as_ref().expect("a channel with one slot can be built");
        let [bytes, blocks, filled_bytes, filled_blocks, refused] = found.counted();
        assert_eq!([bytes, blocks], [filled_bytes, filled_blocks], "a send does not allocate");
        assert_eq!(refused, 0.0_f64.to_bits(), "a send is never refused");
        [bytes, blocks]
    });
    let counts = counts.collect::<Vec<_>>();
    assert!(counts.windows(2).all(|two| two[0] == two[1]), "memory grew with the capacity");
}

/// Measures every contender with every capacity, in several children each. Panics if a channel loses a value or the
/// bytes do not add up, or if this crate's holds other than the same few bytes in every case.
pub(super) fn measured(setup: &Setup) -> Section {
    let rounds = setup.pick(15, 5, 1);
    let untried = vec![Ok(Vec::new()); CAPACITIES.len()];
    let contenders = contenders().into_iter().map(|contender| contender.name);
    let mut found = contenders.map(|name| (name, untried.clone())).collect::<Vec<_>>();
    for _ in 0..rounds {
        for (which, capacity) in CAPACITIES.into_iter().enumerate() {
            for (name, found) in &mut found {
                // A contender that failed once has failed.
                found[which] = found[which].clone().and_then(|mut found: Vec<Found>| {
                    found.push(in_child(name, capacity)?);
                    Ok(found)
                });
            }
        }
    }
    let middle = |found: Result<Vec<Found>, String>| found.map(|found| Found::middle(&found));
    let outcomes = found
        .into_iter()
        .map(|(name, found)| -> Outcomes { (name, found.into_iter().map(middle).collect()) });
    let outcomes = outcomes.collect::<Vec<_>>();
    check(&outcomes[0].1);
    let mut text = format!(
        "## Memory against MaxRetries\n\n\
         Each channel is built in a process of its own, whose allocator refuses more than {} at once, and is then \
         sent {} values of 16 bytes that are not received. *Bytes* and *blocks* are what the allocator gave, *filled* what \
         it gave until the last send, *resident* by how much the process grew in memory; the system counts that in batches, \
         so a few hundred kB are nothing. `watch` allocates each value; what it holds more after the sends is a record \
         of the thread, which `arc-swap` makes at the first use and keeps for all later ones.\n\n",
        bytes(number(LIMIT)),
        with_commas(SENDS)
    );
    for (which, capacity) in CAPACITIES.into_iter().enumerate() {
        text += &heading(&format!("MaxRetries {}", with_commas(capacity)));
        let head = ["", "bytes", "blocks", "resident", "to build", "filled", "resident", "refused"];
        let lines = outcomes.iter().map(|(name, outcomes)| {
            let words = match &outcomes[which] {
                Ok(found) => found.words(),
                Err(failure) => vec![failure.clone()],
            };
            [(*name).to_owned()].into_iter().chain(words).collect()
        });
        text += &written(&head, 1, lines);
    }
    Section { text, standings: standings(&outcomes), chart: Some(chart(&outcomes)) }
}

/// What a standing compares of a channel that was built; all but the last are exact.
const COMPARED: [(&str, Figure); 4] = [
    ("bytes when built", Bytes),
    ("blocks when built", Blocks),
    ("bytes after the sends", FilledBytes),
    ("time to build", Nanos),
];

fn standings(outcomes: &[Outcomes]) -> Vec<Standing> {
    let standing = |(what, of): (&str, Figure), which: usize| {
        // The channel's own place is looked for, not that of `watch`.
        let rows = outcomes.iter().filter(|(name, _)| !name.ends_with(" watch"));
        let cells = rows.map(|(name, outcomes)| {
            let figure = outcomes[which].as_ref().map_or(f64::INFINITY, |found| found.get(of));
            ((*name).to_owned(), [figure; 3])
        });
        let title = format!("{what}, MaxRetries {}", with_commas(CAPACITIES[which]));
        Standing { title, floor: String::new(), cells: cells.collect() }
    };
    let each = |what| (0..CAPACITIES.len()).map(move |which| standing(what, which));
    COMPARED.into_iter().flat_map(each).collect()
}

fn chart(outcomes: &[Outcomes]) -> Chart {
    let lines = outcomes.iter().map(|(name, outcomes)| {
        let points = CAPACITIES.iter().zip(outcomes);
        let built = points.clone().filter_map(|(capacity, outcome)| {
            Some((number(*capacity), outcome.as_ref().ok()?.get(Bytes)))
        });
        let mut line = Line::new((*name).to_owned(), built);
        line.ends = points.clone().find_map(|(capacity, outcome)| {
            let (word, _) = outcome.as_ref().err()?.split_once(':')?;
            Some(format!("{word} at {}", with_commas(*capacity)))
        });
        line
    });
    Chart {
        file: "memory.svg",
        unit: bytes,
        what: "whatever MaxRetries, the number of attempts, is set to".into(),
        x: "MaxRetries: a queue has room for a value of each attempt",
        drawing: Drawing::Lines("bytes allocated when built", lines.collect()),
    }
}
