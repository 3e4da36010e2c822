//! What the slot costs, by criterion: alone on one thread, and between two that poll.
//!
//! Criterion measures one contender after the other, and a busy machine changes meanwhile. For how
//! they compare, see the `ratios` bench.

mod contenders;
mod cores;
mod echo;

use contenders::{
    BareFlag, BareSlot, BareSwap, Contender, Overwrite, Queue, RingChannel, TripleBuffer, check,
};
use cores::Pair;
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use echo::Echo;
use std::{hint::black_box, time::Duration};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn send<C: Contender>(group: &mut Group<'_>) {
    check::<C>();
    group.bench_function(C::NAME, |b| {
        let (mut tx, _rx) = C::open();
        b.iter(|| C::send(&mut tx, black_box(1)));
    });
}

fn send_and_receive<C: Contender>(group: &mut Group<'_>) {
    check::<C>();
    group.bench_function(C::NAME, |b| {
        let (mut tx, mut rx) = C::open();
        b.iter(|| {
            black_box(C::send(&mut tx, black_box(1)));
            C::try_recv(&mut rx)
        });
    });
}

fn round_trip<C: Contender>(group: &mut Group<'_>, pair: Pair) {
    check::<C>();
    group.bench_function(C::NAME, |b| {
        let mut echo = Echo::<C>::start(pair);
        b.iter(|| echo.round_trips(1));
    });
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let pair = Pair::pinned();

    let mut group = criterion.benchmark_group("send");
    send::<BareSwap>(&mut group);
    send::<BareSlot>(&mut group);
    send::<Overwrite>(&mut group);
    send::<TripleBuffer>(&mut group);
    send::<RingChannel>(&mut group);
    send::<Queue>(&mut group);
    group.finish();

    let mut group = criterion.benchmark_group("send + try_recv");
    send_and_receive::<BareSwap>(&mut group);
    send_and_receive::<BareSlot>(&mut group);
    send_and_receive::<Overwrite>(&mut group);
    send_and_receive::<TripleBuffer>(&mut group);
    send_and_receive::<RingChannel>(&mut group);
    send_and_receive::<Queue>(&mut group);
    group.finish();

    if let Some(pair) = pair {
        let mut group = criterion.benchmark_group("round trip");
        round_trip::<BareFlag>(&mut group, pair);
        round_trip::<Overwrite>(&mut group, pair);
        round_trip::<TripleBuffer>(&mut group, pair);
        round_trip::<RingChannel>(&mut group, pair);
        round_trip::<Queue>(&mut group, pair);
        group.finish();
    } else {
        println!("round trip: left out, there is one core only");
    }
    criterion.final_summary();
}
