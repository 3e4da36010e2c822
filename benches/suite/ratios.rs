//! What an operation costs: a send, a receive, a round trip between two threads that poll, and several senders.
//!
//! *On one thread* there are two readings, back to back and with each result written to memory. The first favours a bare
//! swap over all that keep a value outside the word.
//!
//! *Larger values* go round: what is received is sent next. So no time is spent on making a value, and a `String` is
//! allocated only by contenders that clone it for the receiver, `watch` and `broadcast`.
//!
//! *A round trip* is a value sent to a thread on another core that sends it back; both poll. The floor is a flag that
//! carries a number, whatever the size of the value.
//!
//! *Several senders* each send a fixed number of values into one slot; the time is from the first one's start to the
//! last one's end, divided by the number of all sends.

use super::{prelude::*, waits::Echo};
use crossbeam_utils::CachePadded;
use std::thread;
use support::threads::Meeting;

/// The sends of a sender before it is timed.
const WARM_UP: u32 = 100;

/// What is timed with numbers on one thread. With `WRITTEN`, each result is written to memory.
#[derive(Clone, Copy)]
pub(super) enum Numbers<const WRITTEN: bool> {
    Send,
    SendAndReceive,
    /// A look at an empty slot.
    Look,
}

impl<const WRITTEN: bool> Visit<u64> for Numbers<WRITTEN> {
    type Found = Timed;

    fn visit<C: Overwrites<u64>>(&mut self, contender: C) -> Option<Timed> {
        // Adds a result to those before it, or writes it to memory.
        let keep = |sum: u64, result: Option<u64>| {
            let result = result.unwrap_or_default();
            if WRITTEN { black_box(result) } else { sum.wrapping_add(result) }
        };
        let what = *self;
        let start = move || {
            let (mut tx, mut rx) = contender.open(1);
            move |count| {
                let mut kept = 0;
                let time = timed(|| match what {
                    Self::Send => {
                        for value in 1..=u64::from(count) {
                            kept = keep(kept, contender.send(&mut tx, value));
                        }
                    }
                    Self::SendAndReceive => {
                        for value in 1..=u64::from(count) {
                            kept = keep(kept, contender.send(&mut tx, value));
                            kept = keep(kept, contender.try_recv(&mut rx));
                        }
                    }
                    Self::Look => {
                        for _ in 0..count {
                            assert_eq!(contender.try_recv(&mut rx), None, "it is empty");
                        }
                    }
                });
                black_box(kept);
                time
            }
        };
        Some(Timed::new(contender.name(), start))
    }
}

/// A value that is sent, received, and sent again.
struct Round;

impl<T: Payload> Visit<T> for Round {
    type Found = Timed;

    fn visit<C: Overwrites<T>>(&mut self, contender: C) -> Option<Timed> {
        let start = move || {
            let (mut tx, mut rx) = contender.open(1);
            let mut value = T::new(1);
            move |count| {
                timed(|| {
                    for _ in 0..count {
                        contender.send(&mut tx, value.take());
                        value = contender.try_recv(&mut rx).expect("the value that was sent");
                        black_box(&mut value);
                    }
                })
            }
        };
        Some(Timed::new(contender.name(), start))
    }
}

/// To a thread that sends back what it receives, both sides polling.
pub(super) struct RoundTrip(pub(super) Pair);

impl<T: Payload> Visit<T> for RoundTrip {
    type Found = Timed;

    fn visit<C: Overwrites<T>>(&mut self, contender: C) -> Option<Timed> {
        Some(Echo::timed(polled(contender), Some(self.0)))
    }
}

/// Several threads that send into one slot, while nothing receives.
struct Senders(usize, Option<Pair>);

impl Visit<u64> for Senders {
    type Found = Timed;

    fn visit<C: Overwrites<u64>>(&mut self, _: C) -> Option<Timed> {
        None
    }

    fn shared<C: Overwrites<u64, Tx: Clone>>(&mut self, contender: C) -> Option<Timed> {
        let Self(count, pair) = *self;
        let start = move || {
            let mut senders = SenderHandles::open(contender, count, pair);
            move |sends: u32| {
                let each = sends.div_ceil(u32::try_from(count).expect("a few senders"));
                let times = senders.together(|tx, meeting| {
                    (0..WARM_UP).for_each(|_| _ = black_box(contender.send(tx, 1)));
                    meeting.meet();
                    let start = Instant::now();
                    for value in 1..=u64::from(each) {
                        black_box(contender.send(tx, value));
                    }
                    [start, Instant::now()]
                });
                // From the first sender's start to the last one's end.
                let [starts, ends] = [0, 1].map(|end| times.iter().map(move |time| time[end]));
                let both = ends.max().zip(starts.min());
                both.map_or(Duration::ZERO, |(end, start)| end - start)
            }
        };
        Some(Timed::new(contender.name(), start))
    }
}

/// The handles of several senders of one slot. No two threads write to one cache line but for the slot's own.
pub(crate) struct SenderHandles<C: Contender> {
    handles: Vec<CachePadded<C::Tx>>,
    pub(crate) rx: C::Rx,
    _kept: Vec<Opened<C>>,
    pair: Option<Pair>,
}

impl<C: Contender<Tx: Clone>> SenderHandles<C> {
    pub(crate) fn open(contender: C, count: usize, pair: Option<Pair>) -> Self {
        let (tx, rx, kept) = open_elsewhere(contender);
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
                    meeting.meet();
                    result
                })
            });
            let senders = senders.collect::<Vec<_>>().into_iter();
            senders.map(|sender| sender.join().expect("a sender ends well")).collect()
        })
    }
}

fn numbers<const WRITTEN: bool>(title: &str, mut what: Numbers<WRITTEN>) -> Contest {
    let swap = match what {
        Numbers::Look => None,
        _ => what.visit(bare_swap::<false>()),
    };
    let floors = [swap, what.visit(bare_slot())];
    Contest::new(title, 1_000, after(floors, each_word(&mut what)))
}

fn rounds<T: Payload>(each: fn(&mut Round) -> Vec<Timed>) -> Contest {
    let floor = Round.visit(bare_slot::<T>());
    Contest::new(format!("send + try_recv, {}", T::size()), 200, after([floor], each(&mut Round)))
}

/// With the least that a value beside the flag costs, if it is large.
fn trips<T: Payload>(pair: Pair, with_value: Option<Timed>, peers: Vec<Timed>) -> Contest {
    let floors = [RoundTrip(pair).visit(bare_flag()), with_value];
    Contest::new(format!("round trip, {}", T::size()), 30, after(floors, peers))
}

fn large_trips<T: Payload + Copy>(pair: Pair) -> Contest {
    let mut trip = RoundTrip(pair);
    trips::<T>(pair, trip.visit(flag_and_value::<T>()), each_copy::<T, _>(&mut trip))
}

fn senders(count: usize, pair: Option<Pair>) -> Contest {
    let mut senders = Senders(count, pair);
    let floor = senders.shared(bare_swap::<false>());
    let batch = if count == 2 { 4_000 } else { 8_000 };
    Contest::new(format!("{count} senders"), batch, after([floor], each_word(&mut senders)))
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
            trips::<u64>(pair, None, each_word(&mut RoundTrip(pair))),
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
    let head = "## What an operation costs\n\n\
                *Results written:* each result is written to memory, as in criterion's `iter`; *back to back:* nothing \
                is. A bare swap gains by the second, because an exchange waits until earlier writes have reached the \
                cache.";
    let mut section = Section::of_ratios(setup, head, contests);
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
