//! What each contender costs, by criterion: on one thread, between two that poll, and for several that
//! send.
//!
//! Criterion measures one contender after the other, and a busy machine changes meanwhile. For how
//! they compare, see the `ratios` bench, which also says what is measured. Plots of each and of each group are
//! drawn under `target/criterion`, with `report/index.html` as the way in.
//!
//! ```text
//! cargo bench --bench slot                            # four minutes
//! cargo bench --bench slot -- --quick                 # under two
//! cargo bench --bench slot -- overwrite-channel       # this crate's, in all groups
//! cargo bench --bench slot -- --save-baseline before  # and, after a change, --baseline before
//! ```

mod cores;
mod crowd;
mod echo;
mod peers;

use cores::Pair;
use criterion::{Bencher, BenchmarkGroup, Criterion, measurement::WallTime};
use crowd::wall_times;
use echo::Echo;
use peers::{
    BareFlag, BareSlot, BareSwap, FlagAndValue, Payload, Peer, Visit, VisitSenders, Words, each,
    each_copy, each_with_senders, each_word,
};
use std::{hint::black_box, time::Duration};

/// A way to measure a contender.
trait Cost<T: Payload> {
    fn of<P: Peer<T>>(&self, b: &mut Bencher<'_>);
}

struct Group<'a, C>(BenchmarkGroup<'a, WallTime>, C);

impl<T: Payload, C: Cost<T>> Visit<T> for Group<'_, C> {
    fn visit<P: Peer<T>>(&mut self) {
        let Self(group, cost) = self;
        group.bench_function(P::NAME, |b| cost.of::<P>(b));
    }
}

struct Send;

impl Cost<u64> for Send {
    fn of<P: Peer<u64>>(&self, b: &mut Bencher<'_>) {
        let (mut tx, _rx) = P::open();
        b.iter(|| P::send(&mut tx, black_box(1)));
    }
}

struct SendAndReceive;

impl Cost<u64> for SendAndReceive {
    fn of<P: Peer<u64>>(&self, b: &mut Bencher<'_>) {
        let (mut tx, mut rx) = P::open();
        b.iter(|| {
            black_box(P::send(&mut tx, black_box(1)));
            P::try_recv(&mut rx)
        });
    }
}

/// Looking at what is empty.
struct Look;

impl Cost<u64> for Look {
    fn of<P: Peer<u64>>(&self, b: &mut Bencher<'_>) {
        let (_tx, mut rx) = P::open();
        b.iter(|| P::try_recv(&mut rx));
    }
}

/// A value that is sent, received, and sent again.
struct Round;

impl<T: Payload> Cost<T> for Round {
    fn of<P: Peer<T>>(&self, b: &mut Bencher<'_>) {
        let (mut tx, mut rx) = P::open();
        let mut value = T::new(1);
        b.iter(|| {
            P::send(&mut tx, value.take());
            value = P::try_recv(&mut rx).expect("what was sent");
            black_box(&mut value);
        });
    }
}

struct RoundTrip(Pair);

impl<T: Payload> Cost<T> for RoundTrip {
    fn of<P: Peer<T>>(&self, b: &mut Bencher<'_>) {
        let mut echo = Echo::<T, P>::start(self.0);
        b.iter(|| echo.round_trips(1));
    }
}

struct Crowd {
    senders: u32,
    pair: Option<Pair>,
}

impl VisitSenders<u64> for Group<'_, Crowd> {
    fn visit<P: Peer<u64, Tx: Clone>>(&mut self) {
        let Self(group, Crowd { senders, pair }) = self;
        group.bench_function(P::NAME, |b| {
            b.iter_custom(|sends| {
                let each = sends.div_ceil((*senders).into());
                let times = wall_times::<P>(*pair, *senders, each, 1, Duration::ZERO);
                times.into_iter().sum()
            });
        });
    }
}

fn numbers<C: Cost<u64>>(criterion: &mut Criterion, name: &str, cost: C) {
    let mut group = Group(criterion.benchmark_group(name), cost);
    group.visit::<BareSwap>();
    group.visit::<BareSlot>();
    each_word(&mut group);
    group.0.finish();
}

fn rounds<'a, T: Payload>(criterion: &'a mut Criterion, each: fn(&mut Group<'a, Round>)) {
    let name = format!("send + try_recv, {}", T::NAME);
    let mut group = Group(criterion.benchmark_group(name), Round);
    Visit::<T>::visit::<BareSlot>(&mut group);
    each(&mut group);
    group.0.finish();
}

fn trips<'a, T: Payload>(
    criterion: &'a mut Criterion,
    pair: Pair,
    each: fn(&mut Group<'a, RoundTrip>),
) {
    let name = format!("round trip, {}", T::NAME);
    let mut group = Group(criterion.benchmark_group(name), RoundTrip(pair));
    Visit::<u64>::visit::<BareFlag>(&mut group);
    each(&mut group);
    group.0.finish();
}

/// With the least that a value beside the flag costs.
fn large_trips<T: Payload + Copy>(criterion: &mut Criterion, pair: Pair) {
    trips::<T>(criterion, pair, |group| {
        Visit::<T>::visit::<FlagAndValue>(group);
        each_copy::<T>(group);
    });
}

fn crowd(criterion: &mut Criterion, senders: u32, pair: Option<Pair>) {
    let name = format!("{senders} senders");
    let mut group = Group(criterion.benchmark_group(name), Crowd { senders, pair });
    VisitSenders::visit::<BareSwap>(&mut group);
    each_with_senders(&mut group);
    group.0.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        // With the default, ten times as many, it draws for longer than it measures.
        .nresamples(10_000)
        .configure_from_args();
    let criterion = &mut criterion;
    let pair = Pair::pinned();
    peers::check_all();

    numbers(criterion, "send", Send);
    numbers(criterion, "send + try_recv", SendAndReceive);
    numbers(criterion, "try_recv of nothing", Look);
    rounds::<Words<8>>(criterion, each_copy::<Words<8>>);
    rounds::<Words<128>>(criterion, each_copy::<Words<128>>);
    rounds::<String>(criterion, each::<String>);
    if let Some(pair) = pair {
        trips::<u64>(criterion, pair, each_word);
        large_trips::<Words<8>>(criterion, pair);
        large_trips::<Words<128>>(criterion, pair);
    } else {
        println!("round trips: left out, there is one core only");
    }
    crowd(criterion, 2, pair);
    crowd(criterion, 4, pair);
    criterion.final_summary();
}
