//! Time to the fresh value: how long a receiver needs to get to the sentinel it waits for, after attempts that timed
//! out. Their sentinels lie in the channel: a queue is walked through, a slot holds the present one.
//!
//! The receiver does as gh-ost's does: it receives until the challenge is the one it waits for. A second table counts
//! the attempts that are lost by dropping the newest value.

use super::prelude::*;
use std::thread;

/// The attempts that timed out.
const STALE: [u32; 4] = [1, 10, 1_000, 100_000];
/// Many stale values in one channel take long enough for the clock. Fewer are spread over channels that the receiver
/// goes through, one after the other.
const STALE_VALUES: u32 = 256;
const MOST_CHANNELS: u32 = 32;

/// More take so long to send that fewer repetitions must do.
const MANY: u32 = 10_000;

pub(super) fn row(contender: impl Relays, stale: u32, pair: Option<Pair>) -> Row {
    let goes = if stale > MANY { 3 } else { 5 };
    // Of a few goes, the middle one: each is short, and may be interrupted.
    let nanos = move |_| once(contender, stale, pair);
    Row::new(contender.name(), move || vec![quartiles((0..goes).map(nanos))[1]])
}

/// Nanoseconds until the receiver has the sentinel. Panics if the receiver does not get it, and before it as many others
/// as the channel is to keep.
fn once(contender: impl Relays, stale: u32, pair: Option<Pair>) -> f64 {
    let name = contender.name();
    // A channel that keeps one value is as quick with any number of others before it.
    let count = if contender.keeps_all() { STALE_VALUES / stale } else { MOST_CHANNELS };
    let count = count.clamp(1, MOST_CHANNELS);
    let challenge = u64::from(stale);
    let open = || contender.open(black_box(stale as usize + 1));
    let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| open()).unzip();
    // What the worker sends has to come from another thread, on another core if there is one: the stale values long
    // before, and then the one that counts. So it is as fresh after many.
    for challenges in [0..=challenge - 1, challenge..=challenge] {
        let worker = start_there(pair, move || {
            for tx in &mut senders {
                for challenge in challenges.clone() {
                    assert!(
                        contender.offer(tx, Sentinel::new(challenge)),
                        "{name} has room for it"
                    );
                }
            }
            senders
        });
        // A core that has slept is slow at first. But the worker may have no other core than this.
        while !worker.is_finished() {
            thread::yield_now();
        }
        senders = worker.join().expect("the worker ends well");
    }
    // So is code that has not run for a while.
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..MOST_CHANNELS {
        let (mut tx, mut rx) = contender.open(1);
        assert!(contender.offer(&mut tx, Sentinel::new(challenge)), "{name} has room");
        assert_eq!(contender.wait_for(&mut rx, challenge, deadline), Some(0), "{name} delivers");
    }

    // Written to, so that its memory is there.
    let mut skipped = vec![None; receivers.len()];
    let start = Instant::now();
    for (rx, skipped) in receivers.iter_mut().zip(&mut skipped) {
        *skipped = contender.wait_for(rx, challenge, deadline);
    }
    let elapsed = start.elapsed();
    let expected = if contender.keeps_all() { challenge } else { 0 };
    assert!(skipped.iter().all(|skipped| *skipped == Some(expected)), "{name} delivers");
    elapsed.as_secs_f64() * 1e9 / f64::from(count)
}

pub(super) fn measured(setup: &Setup) -> Section {
    let pair = setup.pair();
    let tables = STALE.map(|stale| {
        let rows = relaying().iter().map(|contender| (contender.wait_for)((stale, pair))).collect();
        let mut table = Table::new(format!("k = {}", with_commas(stale)), rows);
        table.one_floor = stale > MANY;
        table
    });
    let (text, tables) =
        ratio_tables_for(setup, tables.into(), Duration::from_secs(setup.pick(25, 5, 0)));
    let text = format!(
        "## Time to the fresh value\n\nAfter *k* attempts that timed out, their sentinels lie in the channel, and the \
         receiver waits for the present one's: a queue is walked through, a slot holds it. Very many take so long to \
         send that the receiver's core has turned to other things meanwhile, which is what a slot shows then. Ratios \
         are to this crate's channel.\n\n{text}"
    );
    let standing = |table: &Table| {
        let mut standing = table.standing(format!("time to the fresh value, {}", table.title), 0);
        // The channel's own place is looked for, not that of `watch`.
        standing.cells.retain(|(name, _)| !name.ends_with("watch"));
        standing
    };
    Section {
        text: text + &losses(),
        standings: tables.iter().map(standing).collect(),
        chart: Some(chart(&tables)),
    }
}

fn chart(tables: &[Table]) -> Chart {
    let names = tables.first().into_iter().flat_map(|table| &table.rows).map(|row| &row.name);
    let lines = names.enumerate().map(|(row, name)| {
        let points = STALE.iter().zip(tables);
        let points = points.map(|(stale, table)| (f64::from(*stale), table.rows[row].figure(0)[1]));
        Line::new(name.clone(), points)
    });
    let most = with_commas(STALE[STALE.len() - 1]);
    Chart {
        file: "fresh.svg",
        unit: time,
        what: format!("to the current value behind {most} stale ones"),
        x: "attempts that timed out before, each with a stale value",
        drawing: Drawing::Lines("ns until the receiver has the current value", lines.collect()),
    }
}

/// When the sentinels come: whether this attempt's comes only after its time-out (attempts count from 1), and whether
/// those in time find the receiver waiting, which has taken all there was.
pub(super) type Course = (&'static str, fn(u32) -> bool, bool);

/// The attempts of a course.
const ATTEMPTS: u32 = 1_000;

const COURSES: [Course; 5] = [
    ("the first is late", |attempt| attempt == 1, false),
    ("the first 10 are late", |attempt| attempt <= 10, false),
    ("every 10th is late", |attempt| attempt % 10 == 0, false),
    ("every 2nd is late", |attempt| attempt % 2 == 0, false),
    ("every 2nd is late; the others find the receiver waiting", |attempt| attempt % 2 == 0, true),
];

/// What it costs to drop the newest value: attempts that fail although their sentinel came in time. Nothing here depends
/// on time: attempts follow one another in one thread, and each sentinel comes at a moment that is laid down. Panics if a
/// channel that drops nothing new loses an attempt.
fn losses() -> String {
    let contenders = relaying();
    let find = |name| contenders.iter().find(|contender| contender.name == name);
    let ours = find(OURS).expect("this crate's channel");
    let queue = find("crossbeam-channel").expect("a queue");
    let lines = COURSES.iter().flat_map(|course| {
        let counts = [
            ("replace (this crate)", ours, 1),
            ("keep all, in a buffer for every attempt", queue, ATTEMPTS as usize),
            ("drop the newest, with a buffer of one", queue, 1),
        ]
        .map(|(policy, contender, capacity)| (policy, (contender.play)((capacity, *course))));
        assert_eq!((counts[0].1[2], counts[1].1[2]), (0, 0), "in time is in time: {counts:?}");
        counts.map(|(policy, counts)| {
            let words = [course.0, policy].map(str::to_owned).into_iter();
            words.chain(counts.map(|count| count.to_string())).collect()
        })
    });
    format!(
        "### Dropping the newest value instead\n\nOf {ATTEMPTS} attempts, those *done* received their sentinel; \
         those *late* had it sent too late for any policy; those *lost* had it sent in time, and did not receive it.\n\n{}",
        written(&["", "policy", "done", "late", "lost"], 2, lines)
    )
}

/// Attempts that received their sentinel, attempts whose sentinel came too late for any policy, and attempts that did
/// not receive a sentinel that was sent in time.
pub(super) fn play(
    contender: impl Relays,
    capacity: usize,
    (_, is_late, finds_receiver): Course,
) -> [u32; 3] {
    let (mut tx, mut rx) = contender.open(capacity);
    let [mut done, mut late, mut lost] = [0; 3];
    // A receiver whose time is over takes what there is, and waits for nothing.
    let now = Instant::now();
    for attempt in 1..=ATTEMPTS {
        let challenge = u64::from(attempt);
        let is_late = is_late(attempt);
        let mut has_it = false;
        let mut look = || {
            while let Some(sentinel) = contender.recv_deadline(&mut rx, now) {
                has_it |= sentinel.number() == challenge;
            }
        };
        if finds_receiver {
            look();
        }
        // A sentinel that is refused is gone: the worker has other things to do.
        if !is_late {
            contender.offer(&mut tx, Sentinel::new(challenge));
        }
        look();
        *match (has_it, is_late) {
            (true, _) => &mut done,
            (false, true) => &mut late,
            (false, false) => &mut lost,
        } += 1;
        if is_late {
            contender.offer(&mut tx, Sentinel::new(challenge));
        }
    }
    [done, late, lost]
}
