//! How long one send takes, and one hand-over: not the mean, but the percentiles.
//!
//! Each send is timed by itself, from one reading of the clock to the next. The clock takes its time, too, and goes in
//! steps; both are measured, and the first table has a row that times nothing. Where a send costs less than the clock,
//! compare with that row; the `ratios` suite has the mean.
//!
//! *A hand-over* is the time from right before the send, on one thread, to right after the receive, on another. What is
//! sent is the time. A receiver that is to be parked is: the sender looks at the state that the system says its thread
//! is in, before each send (on other systems than Linux, it waits for a while instead).

use super::{prelude::*, ratios::SenderHandles, waits::STOP};
use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;
use std::{
    cell::RefCell,
    hint::spin_loop,
    sync::atomic::{
        AtomicBool, AtomicUsize,
        Ordering::{Acquire, Release},
    },
};
use support::sleeper::Sleeper;
use tokio::runtime::Runtime;

/// Samples at the start of a cell that do not count: what it needs is not in the caches yet.
const WARM_UP: usize = 20;

/// What is written of each row, as parts of 1.
const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 1.0];
/// Drawn percentiles. The maximum is one sample, and the machine's more than the contender's.
const DRAWN: usize = PERCENTILES.len() - 1;
/// The contenders with the least at the last drawn percentile. More lines than these cannot be distinguished.
const SHOWN: usize = 10;

/// A contender that is run for a moment: the nanoseconds of each sample, for each title of the group.
struct Sampled {
    name: &'static str,
    run: Rc<dyn Fn() -> Vec<Vec<u64>>>,
    /// The nanoseconds of all rounds, for each title. The same samples as a floor are not among them.
    kept: Rc<RefCell<[Histogram<u64>; 2]>>,
}

impl Sampled {
    fn new(name: &'static str, run: impl Fn() -> Vec<Vec<u64>> + 'static) -> Self {
        let empty = || Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("good bounds");
        Self { name, run: Rc::new(run), kept: Rc::new(RefCell::new([empty(), empty()])) }
    }

    fn row(&self) -> Row {
        let (run, kept) = (Rc::clone(&self.run), Rc::clone(&self.kept));
        Row::new(self.name, move || {
            let samples = run();
            for (histogram, samples) in kept.borrow_mut().iter_mut().zip(&samples) {
                for nanos in samples {
                    histogram.saturating_record(*nanos);
                }
            }
            figures(samples)
        })
    }

    fn percentiles(&self, which: usize) -> [u64; PERCENTILES.len()] {
        PERCENTILES.map(|part| self.kept.borrow()[which].value_at_quantile(part))
    }
}

/// The median and the 99th percentile for each title, one after the other.
fn figures(samples: Vec<Vec<u64>>) -> Vec<f64> {
    let of = |mut samples: Vec<u64>| {
        samples.sort_unstable();
        [50, 99].map(|percent| {
            let nanos = samples[samples.len() * percent / 100];
            Duration::from_nanos(nanos.max(1)).as_secs_f64() * 1e9
        })
    };
    samples.into_iter().flat_map(of).collect()
}

/// Contenders that are measured together. The first is the floor.
struct Group {
    titles: Vec<&'static str>,
    contenders: Vec<Sampled>,
}

impl Group {
    fn table(&self) -> Table {
        let rows = self.contenders.iter().map(Sampled::row);
        let mut table = Table::new(self.titles[0], rows.collect());
        let floor = Rc::clone(&self.contenders[0].run);
        table.floor = Rc::new(move || figures(floor()));
        table
    }
}

/// Each call by itself; it gets the numbers from 1 on.
fn timed(count: usize, mut operation: impl FnMut(u64)) -> Vec<u64> {
    // Not zeros: those would be pages that the system has yet to find, in the midst of it all.
    let mut nanos = vec![1; WARM_UP + count];
    let begun = Instant::now();
    let mut done = 0;
    for (number, nanos) in (1..).zip(&mut nanos) {
        let start = Instant::now();
        operation(number);
        let elapsed = start.elapsed();
        *nanos = whole_nanos(elapsed);
        done += 1;
        if done % 64 == 0 && begun.elapsed() > ENOUGH {
            break;
        }
    }
    nanos.truncate(done);
    nanos.split_off(WARM_UP)
}

fn whole_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Never 0, and never the same twice on one thread that does anything else meanwhile.
fn since(epoch: Instant) -> u64 {
    whole_nanos(epoch.elapsed()) + 1
}

/// The samples of a send in a cell: less than a millisecond, where all is well.
const SENDS: usize = 4_000;

/// What is timed of a contender that overwrites.
#[derive(Clone, Copy)]
enum What {
    SendAlone,
    SendToPolling(Pair),
    SendWithOthers(usize, Option<Pair>),
    HandOver(Pair),
}

impl Visit<u64> for What {
    type Found = Sampled;

    fn visit<C: Overwrites<u64>>(&mut self, contender: C) -> Option<Sampled> {
        let run: Box<dyn Fn() -> Vec<u64>> = match *self {
            Self::SendAlone => Box::new(move || alone(contender)),
            Self::SendToPolling(pair) => Box::new(move || to_polling(contender, pair)),
            Self::HandOver(pair) => Box::new(move || {
                let [_, nanos] = hand_overs(polled(contender), Some(pair), false, 1_000);
                nanos
            }),
            Self::SendWithOthers(..) => return None,
        };
        Some(Sampled::new(contender.name(), move || vec![run()]))
    }

    fn shared<C: Overwrites<u64, Tx: Clone>>(&mut self, contender: C) -> Option<Sampled> {
        if let Self::SendWithOthers(count, pair) = *self {
            let run = move || vec![with_others(contender, count, pair)];
            return Some(Sampled::new(contender.name(), run));
        }
        self.visit(contender)
    }
}

/// Sends that are timed, and the number that was sent last.
fn sends<C: Overwrites<u64>>(contender: C, tx: &mut C::Tx) -> (Vec<u64>, u64) {
    let mut last = 0;
    let nanos = timed(SENDS, |number| {
        black_box(contender.send(tx, number));
        last = number;
    });
    (nanos, last)
}

fn alone(contender: impl Overwrites<u64>) -> Vec<u64> {
    let (mut tx, mut rx) = contender.open(1);
    let (nanos, last) = sends(contender, &mut tx);
    assert_eq!(contender.try_recv(&mut rx), Some(last), "{} keeps the newest", contender.name());
    nanos
}

fn to_polling(contender: impl Overwrites<u64>, pair: Pair) -> Vec<u64> {
    let (mut tx, mut rx, _kept) = open_elsewhere(contender);
    let ended = Arc::<CachePadded<AtomicBool>>::default();
    let is_over = Arc::clone(&ended);
    let receiver = start_there(Some(pair), move || {
        let mut last = 0;
        loop {
            // Looked at first: the value that is received then is the last.
            let is_over = is_over.load(Acquire);
            if let Some(value) = contender.try_recv(&mut rx) {
                assert!(value > last, "{} delivers in order, each once", contender.name());
                last = value;
            } else if is_over {
                break last;
            }
            spin_loop();
        }
    });
    let (nanos, last) = sends(contender, &mut tx);
    ended.store(true, Release);
    let newest = receiver.join().expect("the receiver ends well");
    assert_eq!(newest, last, "{} delivers the newest", contender.name());
    nanos
}

fn with_others<C>(contender: C, count: usize, pair: Option<Pair>) -> Vec<u64>
where
    C: Overwrites<u64, Tx: Clone>,
{
    let mut senders = SenderHandles::open(contender, count, pair);
    let nanos = senders.together(|tx, meeting| {
        meeting.meet();
        sends(contender, tx).0
    });
    assert!(contender.try_recv(&mut senders.rx).is_some(), "{} keeps a value", contender.name());
    nanos.concat()
}

/// Sends, and hand-overs to another thread, which is asleep before each send if it is to be parked.
fn hand_overs(
    contender: impl Blocks<u64>,
    pair: Option<Pair>,
    parked: bool,
    count: usize,
) -> [Vec<u64>; 2] {
    let warm_up = WARM_UP.min(count / 8);
    let (mut tx, mut rx, _kept) = open_elsewhere(contender);
    let epoch = Instant::now();
    let (received, sleeper) =
        (Arc::<CachePadded<AtomicUsize>>::default(), Arc::<CachePadded<Sleeper>>::default());
    let (counter, itself) = (Arc::clone(&received), Arc::clone(&sleeper));
    let thread = start_there(pair, move || {
        itself.is_this_thread();
        let mut nanos = vec![1; warm_up + count];
        for (number, nanos) in (1..).zip(&mut nanos) {
            let sent = contender.recv(&mut rx);
            *nanos = since(epoch).saturating_sub(sent);
            counter.store(number, Release);
        }
        assert_eq!(contender.recv(&mut rx), STOP, "{} delivers each", contender.name());
        nanos.split_off(warm_up)
    });
    let mut sends = vec![1; warm_up + count];
    for (number, nanos) in (1..).zip(&mut sends) {
        if parked {
            until_asleep(&sleeper);
        }
        let sent = since(epoch);
        contender.put(&mut tx, sent);
        *nanos = since(epoch) - sent;
        poll(LOOKS, || (received.load(Acquire) == number).then_some(()));
    }
    contender.put(&mut tx, STOP);
    [sends.split_off(warm_up), thread.join().expect("the receiver ends well")]
}

/// Between two tasks that wait, there and back.
pub(super) fn between_tasks(contender: impl Awaits, runtime: &Runtime) -> Vec<u64> {
    const TRIPS: usize = WARM_UP + 100;
    let ((mut there, mut inbox), (mut outbox, mut back)) = (contender.open(1), contender.open(1));
    let epoch = Instant::now();
    let echo = runtime.spawn(async move {
        let mut nanos = vec![1; TRIPS];
        for nanos in &mut nanos {
            let sent = inbox.take().await;
            *nanos = since(epoch).saturating_sub(sent);
            outbox.put(since(epoch)).await;
        }
        nanos.split_off(WARM_UP)
    });
    let measuring = runtime.spawn(async move {
        let mut nanos = vec![1; TRIPS];
        for nanos in &mut nanos {
            there.put(since(epoch)).await;
            let sent = back.take().await;
            *nanos = since(epoch).saturating_sub(sent);
        }
        nanos.split_off(WARM_UP)
    });
    let mut nanos = runtime.block_on(measuring).expect("the measuring task ends well");
    nanos.extend(runtime.block_on(echo).expect("the echo ends well"));
    nanos
}

pub(super) fn to_parked(contender: impl Blocks<u64>, pair: Option<Pair>) -> Vec<Vec<u64>> {
    // Each sample takes some 50 µs.
    hand_overs(contender, pair, true, 40).into()
}

fn tasks(title: &'static str, runtime: &Arc<Runtime>) -> Group {
    let contenders = awaiting().into_iter().map(|contender| {
        let runtime = Arc::clone(runtime);
        let run = move || vec![(contender.hand_overs)(Arc::clone(&runtime))];
        Sampled::new(contender.name, run)
    });
    Group { titles: vec![title], contenders: contenders.collect() }
}

const HAND_OVER: &str = "hand-over between two polling threads";

fn groups(setup: &Setup) -> Vec<Group> {
    let pair = setup.pair();
    let mut whats = vec![("send, displacing", What::SendAlone)];
    whats.extend(pair.map(|pair| ("send, a receiver polls", What::SendToPolling(pair))));
    whats.push(("send, two senders at once", What::SendWithOthers(2, pair)));
    whats.push(("send, four senders at once", What::SendWithOthers(4, pair)));
    whats.extend(pair.map(|pair| (HAND_OVER, What::HandOver(pair))));
    let clock = || vec![timed(SENDS, |number| _ = black_box(number))];
    let of_polling = whats.into_iter().map(|(title, mut what)| {
        let floors = match what {
            What::HandOver(_) => [what.visit(bare_flag()), None],
            What::SendAlone => [
                what.shared(bare_swap::<true>()),
                Some(Sampled::new("nothing: the clock alone", clock)),
            ],
            _ => [what.shared(bare_swap::<true>()), None],
        };
        Group { titles: vec![title], contenders: after(floors, each_word(&mut what)) }
    });
    let mut groups = of_polling.collect::<Vec<_>>();
    let parked = blocking()
        .into_iter()
        .map(|contender| Sampled::new(contender.name, move || (contender.hand_overs)(pair)));
    let titles = vec!["send to a parked thread", "hand-over to a parked thread"];
    groups.push(Group { titles, contenders: parked.collect() });
    let [one, two] = &setup.runtimes;
    groups.push(tasks("hand-over between two tasks, runtime of one thread", one));
    groups.push(tasks("hand-over between two tasks, runtime of two threads", two));
    groups
}

pub(super) fn measured(setup: &Setup) -> Section {
    let mut groups = groups(setup);
    groups.retain(|group| setup.wants(group.titles[0]));
    let tables = groups.iter().map(Group::table).collect();
    let tables = rounds(setup, tables, Duration::from_secs(setup.pick(60, 9, 0)));
    let mut section = Section::text(format!(
        "## Latency\n\nNanoseconds. Each sample is timed by itself, \
         so the clock's cost is in all of them; the ratios are those of p50 and p99 to the first row's.\n\n{}",
        rounds_line(&tables)
    ));
    let head = ["", "p50", "p90", "p99", "p99.9", "max", "p50 ratio", "p99 ratio"];
    for (group, table) in groups.iter().zip(&tables) {
        for (which, title) in group.titles.iter().enumerate() {
            let [median, tail] = [2 * which, 2 * which + 1];
            let lines = table.rows.iter().zip(&group.contenders).map(|(row, contender)| {
                let percentiles = contender.percentiles(which).map(with_commas);
                let ratios = [median, tail].map(|figure| format!("{:.2}", row.ratio(figure)[1]));
                [row.name.clone()].into_iter().chain(percentiles).chain(ratios).collect()
            });
            section.text += &heading(title);
            section.text += &written(&head, 1, lines);
            section.standings.push(table.standing(format!("{title}, p50"), median));
            section.standings.push(table.standing(format!("{title}, p99"), tail));
        }
        if group.titles[0] == HAND_OVER {
            section.chart = Some(chart(&group.contenders));
        }
    }
    section
}

fn chart(contenders: &[Sampled]) -> Chart {
    let lines = contenders.iter().map(|contender| {
        let points = PERCENTILES[..DRAWN].iter().zip(contender.percentiles(0));
        let point = |(part, nanos): (&f64, u64)| {
            (1.0 / (1.0 - part), Duration::from_nanos(nanos).as_secs_f64() * 1e9)
        };
        Line::new(contender.name.to_owned(), points.map(point))
    });
    let mut lines = lines.collect::<Vec<_>>();
    lines.sort_by(|one, other| one.end().1.total_cmp(&other.end().1));
    lines.truncate(SHOWN);
    Chart {
        file: "latency.svg",
        unit: time,
        what: "or less for 999 of 1,000 hand-overs between polling threads".into(),
        x: "one hand-over in so many takes longer (1 in 100: p99)",
        drawing: Drawing::Lines("ns from the send to the receive", lines),
    }
}

/// What the clock adds to each sample, as a sentence.
pub(super) fn clock() -> String {
    let mut nanos = timed(100_000, |_| ());
    nanos.sort_unstable();
    let (cost, tail) = (nanos[nanos.len() / 2], nanos[nanos.len() * 99 / 100]);
    // The least by which two readings differ that do.
    let mut steps = [&[0], nanos.as_slice()].concat();
    steps.dedup();
    let step = steps.windows(2).map(|two| two[1] - two[0]).min().unwrap_or(0);
    format!(
        "The clock: two readings, one right after the other, are {cost} ns apart (p99: {tail} ns), and it goes in steps \
         of {step} ns."
    )
}
