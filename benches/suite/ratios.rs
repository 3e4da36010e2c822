//! What an operation costs: a send, a receive, a round trip between two threads that poll, and several senders.
//!
//! *On one thread* there are two readings. Back to back, nothing is written to memory between one operation and the
//! next; that favours a bare swap over all that keep a value outside the word, because an exchange waits until earlier
//! writes have reached the cache. Where each result is written to memory, as in criterion's `iter`, the swap waits too.
//!
//! *Larger values* go round: what is received is sent next. So no time is spent on making a value, and a `String` is
//! allocated only by contenders that clone it for the receiver, `watch` and `broadcast`.
//!
//! *A round trip* is a value sent to a thread on another core that sends it back; both poll. The floor is a flag that
//! carries a number, whatever the size of the value.
//!
//! *Several senders* each send a fixed number of values into one slot; the time is from the first one's start to the
//! last one's end, divided by the number of all sends.

use super::{
    Section, Setup,
    charts::{Chart, Drawing},
    contender::{Elsewhere, Overwrites, Payload, Polled, Visit, Words, open_elsewhere},
    measure::{Row, Run, Table, cell, ratio_tables, timed},
    peers::{BareFlag, BareSlot, BareSwap, FlagAndValue, after, each, each_copy, each_word},
    threads::{Meeting, Pair},
    waits::Echo,
};
use crossbeam_utils::CachePadded;
use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

/// The sends of a sender before it is timed.
const WARM_UP: u32 = 100;

/// A contender, and what sets it up.
type Named = (String, Box<dyn Fn() -> Run>);

/// Contenders that are compared. The first is the floor.
pub(crate) struct Contest {
    pub(crate) title: String,
    /// The operations of a batch.
    batch: u32,
    pub(crate) contenders: Vec<Named>,
}

/// What is timed with numbers on one thread. With `WRITTEN`, each result is written to memory.
#[derive(Clone, Copy)]
enum Numbers<const WRITTEN: bool> {
    Send,
    SendAndReceive,
    /// A look at an empty slot.
    Look,
}

impl<const WRITTEN: bool> Numbers<WRITTEN> {
    /// Adds a result to those before it, or writes it to memory.
    fn keep(sum: u64, result: Option<u64>) -> u64 {
        let result = result.unwrap_or_default();
        if WRITTEN { black_box(result) } else { sum.wrapping_add(result) }
    }

    fn run<C: Overwrites<u64>>(self) -> Run {
        let (mut tx, mut rx) = C::open(1);
        Box::new(move |count| {
            let mut kept = 0;
            let time = timed(|| match self {
                Self::Send => {
                    for value in 1..=u64::from(count) {
                        kept = Self::keep(kept, C::send(&mut tx, value));
                    }
                }
                Self::SendAndReceive => {
                    for value in 1..=u64::from(count) {
                        kept = Self::keep(kept, C::send(&mut tx, value));
                        kept = Self::keep(kept, C::try_recv(&mut rx));
                    }
                }
                Self::Look => {
                    for _ in 0..count {
                        assert_eq!(C::try_recv(&mut rx), None, "{} is empty", C::NAME);
                    }
                }
            });
            black_box(kept);
            time
        })
    }
}

impl<const WRITTEN: bool> Visit<u64> for Numbers<WRITTEN> {
    type Found = Named;

    fn visit<C: Overwrites<u64>>(&mut self) -> Option<Named> {
        let what = *self;
        Some((C::name(), Box::new(move || what.run::<C>())))
    }
}

/// A value that is sent, received, and sent again.
struct Round;

impl<T: Payload> Visit<T> for Round {
    type Found = Named;

    fn visit<C: Overwrites<T>>(&mut self) -> Option<Named> {
        let start = || -> Run {
            let (mut tx, mut rx) = C::open(1);
            let mut value = T::new(1);
            Box::new(move |count| {
                timed(|| {
                    for _ in 0..count {
                        C::send(&mut tx, value.take());
                        value = C::try_recv(&mut rx).expect("the value that was sent");
                        black_box(&mut value);
                    }
                })
            })
        };
        Some((C::name(), Box::new(start)))
    }
}

/// To a thread that sends back what it receives, both sides polling.
struct RoundTrip(Pair);

impl<T: Payload> Visit<T> for RoundTrip {
    type Found = Named;

    fn visit<C: Overwrites<T>>(&mut self) -> Option<Named> {
        let pair = self.0;
        let start = move || -> Run {
            let mut echo = Echo::<T, Polled<C>>::start(Some(pair));
            Box::new(move |count| timed(|| echo.round_trips(count)))
        };
        Some((C::name(), Box::new(start)))
    }
}

/// Several threads that send into one slot, while nothing receives.
struct Senders {
    count: usize,
    pair: Option<Pair>,
}

impl Visit<u64> for Senders {
    type Found = Named;

    fn visit<C: Overwrites<u64>>(&mut self) -> Option<Named> {
        None
    }

    fn visit_shared<C: Overwrites<u64, Tx: Clone>>(&mut self) -> Option<Named> {
        let Self { count, pair } = *self;
        let start = move || -> Run {
            let mut crowd = Crowd::<C>::open(count, pair);
            Box::new(move |sends| {
                let each = sends.div_ceil(u32::try_from(count).expect("a few senders"));
                let times = crowd.together(|tx, meeting| {
                    (0..WARM_UP).for_each(|_| _ = black_box(C::send(tx, 1)));
                    meeting.wait();
                    let start = Instant::now();
                    for value in 1..=u64::from(each) {
                        black_box(C::send(tx, value));
                    }
                    [start, Instant::now()]
                });
                // From the first sender's start to the last one's end.
                let [starts, ends] = [0, 1].map(|end| times.iter().map(move |time| time[end]));
                let both = ends.max().zip(starts.min());
                both.map_or(Duration::ZERO, |(end, start)| end - start)
            })
        };
        Some((C::name(), Box::new(start)))
    }
}

/// The handles of several senders of one slot. No two threads write to one cache line but for the slot's own.
pub(crate) struct Crowd<C: Overwrites<u64>> {
    handles: Vec<CachePadded<C::Tx>>,
    pub(crate) rx: C::Rx,
    _kept: Vec<(C::Tx, C::Rx)>,
    pair: Option<Pair>,
}

impl<C: Overwrites<u64, Tx: Clone>> Crowd<C> {
    pub(crate) fn open(count: usize, pair: Option<Pair>) -> Self {
        let Elsewhere { tx, rx, kept } = open_elsewhere::<u64, C>();
        // The first handle is used too: an idle one would be a handle more than there are senders.
        let mut handles = vec![CachePadded::new(tx)];
        while handles.len() < count {
            handles.push(handles[0].clone());
        }
        Self { handles, rx, _kept: kept, pair }
    }

    /// Runs the work in a thread for each sender, every second thread on the second core.
    pub(crate) fn together<R: Send>(
        &mut self,
        work: impl Fn(&mut C::Tx, &Meeting) -> R + Sync,
    ) -> Vec<R> {
        let (work, pair) = (&work, self.pair);
        let meeting = &Meeting::of(self.handles.len());
        thread::scope(|scope| {
            let senders = self.handles.iter_mut().enumerate().map(|(sender, tx)| {
                scope.spawn(move || {
                    // The others stay on the core of their maker.
                    if let (Some(pair), true) = (pair, sender % 2 == 1) {
                        pair.go_there();
                    }
                    let result = work(tx, meeting);
                    // The end of a thread takes a core from a sender that shares it, so it has to wait.
                    meeting.wait();
                    result
                })
            });
            let senders = senders.collect::<Vec<_>>().into_iter();
            senders.map(|sender| sender.join().expect("a sender ends well")).collect()
        })
    }
}

fn numbers<const WRITTEN: bool>(title: &str, mut what: Numbers<WRITTEN>) -> Contest {
    let floors = match what {
        Numbers::Look => vec![],
        _ => vec![what.visit::<BareSwap<false>>()],
    };
    let floors = floors.into_iter().chain([what.visit::<BareSlot>()]);
    Contest {
        title: title.into(),
        batch: 1_000,
        contenders: after(floors.collect::<Vec<_>>(), each_word(&mut what)),
    }
}

fn rounds<T: Payload>(each: fn(&mut Round) -> Vec<Named>) -> Contest {
    let title = format!("send + try_recv, {}", T::NAME);
    let floor = Visit::<T>::visit::<BareSlot>(&mut Round);
    Contest { title, batch: 200, contenders: after([floor], each(&mut Round)) }
}

/// With the least that a value beside the flag costs, if it is large.
fn trips<T: Payload>(
    pair: Pair,
    with_value: Option<fn(&mut RoundTrip) -> Option<Named>>,
    each: fn(&mut RoundTrip) -> Vec<Named>,
) -> Contest {
    let mut trip = RoundTrip(pair);
    let title = format!("round trip, {}", T::NAME);
    let floors =
        [Visit::<u64>::visit::<BareFlag>(&mut trip), with_value.and_then(|visit| visit(&mut trip))];
    Contest { title, batch: 30, contenders: after(floors, each(&mut trip)) }
}

fn large_trips<T: Payload + Copy>(pair: Pair) -> Contest {
    trips::<T>(pair, Some(Visit::<T>::visit::<FlagAndValue>), each_copy::<T, _>)
}

fn senders(count: usize, pair: Option<Pair>) -> Contest {
    let mut senders = Senders { count, pair };
    let floor = senders.visit_shared::<BareSwap<false>>();
    let contenders = after([floor], each_word(&mut senders));
    let batch = if count == 2 { 4_000 } else { 8_000 };
    Contest { title: format!("{count} senders"), batch, contenders }
}

/// The contests whose results are written to memory, as criterion writes them.
pub(crate) fn contests(pair: Option<Pair>) -> Vec<Contest> {
    let mut contests = vec![
        numbers("send, results written", Numbers::<true>::Send),
        numbers("send + try_recv, results written", Numbers::<true>::SendAndReceive),
        numbers("try_recv of nothing", Numbers::<true>::Look),
        rounds::<Words<8>>(each_copy::<Words<8>, _>),
        rounds::<Words<128>>(each_copy::<Words<128>, _>),
        rounds::<String>(each::<String, _>),
    ];
    if let Some(pair) = pair {
        contests.extend([
            trips::<u64>(pair, None, each_word),
            large_trips::<Words<8>>(pair),
            large_trips::<Words<128>>(pair),
        ]);
    }
    contests.extend([senders(2, pair), senders(4, pair)]);
    contests
}

pub(crate) fn measured(setup: &Setup) -> Section {
    let mut contests = contests(setup.pair());
    contests.insert(1, numbers("send, back to back", Numbers::<false>::Send));
    contests.insert(3, numbers("send + try_recv, back to back", Numbers::<false>::SendAndReceive));
    let tables = contests.into_iter().map(|contest| {
        let Contest { title, batch, contenders } = contest;
        let rows = contenders.into_iter().map(|(name, start)| Row::new(name, cell(batch, start)));
        Table::new(title, rows.collect())
    });
    let (text, tables) = ratio_tables(setup, tables.collect());
    let text = format!(
        "## What an operation costs\n\n\
         *Results written:* each result is written to memory, as in criterion's `iter`; *back to back:* nothing is. A \
         bare swap gains by the second, because an exchange waits until earlier writes have reached the cache.\n\n\
         {text}"
    );
    let mut section = Section::of_ratios(text, &tables);
    let drawn =
        section.standings.iter().find(|table| table.title == "send + try_recv, results written");
    section.chart = drawn.map(|table| Chart {
        file: "cost.svg",
        unit: |times| format!("{times:.2}"),
        what: "times two bare swaps for a send and a receive on one thread".into(),
        x: "times two bare swaps, with the quartiles of the rounds",
        drawing: Drawing::Bars(table.cells.clone()),
    });
    section
}
