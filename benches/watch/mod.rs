//! The tables of `watch`, beside tokio's, and beside the slot it is made of.
//!
//! A program that uses this module has `cores.rs`, `table.rs`, `tasks.rs`, `threads.rs` and `waits/` as modules of its
//! root.

mod peers;

use crate::{
    cores::Pair,
    table::{Measure, Row, Table, measure},
    tasks::{self, BareNotify, OverwriteWatch, Task},
    threads::{self, BarePark, Thread},
    waits::Runtimes,
};
use peers::{Ours, Peer, Slot, Tokios, Waits};
use std::{
    future::Future,
    hint::black_box,
    pin::Pin,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, Waker},
    thread,
};
use tokio::runtime::{Builder, Runtime};

const COUNT: u32 = 500;

/// What is measured, or goes on meanwhile.
trait Operation: 'static {
    fn run<P: Peer>(tx: &P::Tx, rx: &P::Rx, number: u64);
}

struct Sends;
struct Increment;
struct Borrow;
struct HasChanged;

impl Operation for Sends {
    fn run<P: Peer>(tx: &P::Tx, _: &P::Rx, number: u64) {
        P::send(tx, number);
    }
}

impl Operation for Increment {
    fn run<P: Peer>(tx: &P::Tx, _: &P::Rx, _: u64) {
        P::increment(tx);
    }
}

impl Operation for Borrow {
    fn run<P: Peer>(_: &P::Tx, rx: &P::Rx, _: u64) {
        black_box(P::borrow(rx));
    }
}

impl Operation for HasChanged {
    fn run<P: Peer>(_: &P::Tx, rx: &P::Rx, _: u64) {
        assert!(!P::has_changed(rx), "{} does not change", P::NAME);
    }
}

fn row<P: Peer>(measure: Measure) -> Row {
    Row::new(P::NAME, measure)
}

/// Each peer keeps the newest value and increments it.
fn check<P: Peer>() {
    let (tx, rx) = P::open();
    P::send(&tx, 1);
    P::increment(&tx);
    assert_eq!(P::borrow(&rx), 2, "{} has the newest", P::NAME);
}

/// The slot first, which is the floor.
fn table(title: String, [slot, ours, tokios]: [fn() -> Measure; 3]) -> Table {
    let rows = vec![row::<Slot>(slot()), row::<Ours>(ours()), row::<Tokios>(tokios())];
    Table { title, floor: slot(), rows }
}

/// On one thread, with so many receivers.
fn alone<O: Operation, P: Peer, const RECEIVERS: usize>() -> Measure {
    check::<P>();
    Box::new(|| {
        let (tx, rx) = P::open();
        let receivers = vec![rx; RECEIVERS];
        measure(COUNT, || {
            for number in 0..COUNT {
                O::run::<P>(&tx, &receivers[0], number.into());
            }
        })
    })
}

fn table_alone<O: Operation, const RECEIVERS: usize>(title: &str) -> Table {
    let measures =
        [alone::<O, Slot, RECEIVERS>, alone::<O, Ours, RECEIVERS>, alone::<O, Tokios, RECEIVERS>];
    table(format!("watch: {title}"), measures)
}

/// While another thread does something else without a pause.
fn beside<O: Operation, Other: Operation, P: Peer>(pair: Pair) -> Measure {
    Box::new(move || {
        let (tx, rx) = P::open();
        let (started, ended) = (&AtomicBool::new(false), &AtomicBool::new(false));
        thread::scope(|scope| {
            let (tx_there, rx_there) = (tx.clone(), rx.clone());
            scope.spawn(move || {
                pair.go_there();
                let mut number = 0;
                while !ended.load(Relaxed) {
                    Other::run::<P>(&tx_there, &rx_there, number);
                    number += 1;
                    started.store(true, Release);
                }
            });
            while !started.load(Acquire) {
                thread::yield_now();
            }
            let nanos = measure(COUNT, || {
                for number in 0..COUNT {
                    O::run::<P>(&tx, &rx, number.into());
                }
            });
            ended.store(true, Relaxed);
            nanos
        })
    })
}

fn table_beside<O: Operation, Other: Operation>(title: &str, pair: Pair) -> Table {
    let rows = vec![
        row::<Slot>(beside::<O, Other, Slot>(pair)),
        row::<Ours>(beside::<O, Other, Ours>(pair)),
        row::<Tokios>(beside::<O, Other, Tokios>(pair)),
    ];
    Table { title: format!("watch: {title}"), floor: beside::<O, Other, Slot>(pair), rows }
}

/// A send that wakes so many tasks, and a poll of each, after which it waits again.
fn waking<P: Waits>(receivers: usize) -> Measure {
    Box::new(move || {
        let (tx, rx) = P::open();
        let mut cx = Context::from_waker(Waker::noop());
        let task = |mut rx: P::Rx| -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                loop {
                    black_box(P::changed(&mut rx).await);
                }
            })
        };
        let mut tasks = vec![rx; receivers].into_iter().map(task).collect::<Vec<_>>();
        let mut poll_all = || {
            for task in &mut tasks {
                assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
            }
        };
        poll_all();
        let count = COUNT / 10;
        measure(count, || {
            for number in 0..count {
                P::send(&tx, number.into());
                poll_all();
            }
        })
    })
}

fn table_waking(receivers: usize) -> Table {
    let rows =
        vec![row::<Tokios>(waking::<Tokios>(receivers)), row::<Ours>(waking::<Ours>(receivers))];
    let title = format!("watch: send that wakes tasks ({receivers}), and their polls");
    Table { title, floor: waking::<Tokios>(receivers), rows }
}

fn tasks(title: &str, runtime: &Arc<Runtime>) -> Table {
    let floor = || tasks::round_trip::<BareNotify>(Arc::clone(runtime));
    let rows = vec![
        Row::new(BareNotify::NAME, floor()),
        Row::new(OverwriteWatch::NAME, tasks::round_trip::<OverwriteWatch>(Arc::clone(runtime))),
        Row::new(
            <tasks::Watch as Task>::NAME,
            tasks::round_trip::<tasks::Watch>(Arc::clone(runtime)),
        ),
    ];
    Table { title: format!("watch: round trip, {title}"), floor: floor(), rows }
}

impl Thread for Ours {
    const NAME: &'static str = "overwrite_channel::watch, blocking_changed";
    type Tx = <Self as Peer>::Tx;
    type Rx = <Self as Peer>::Rx;

    fn open() -> (Self::Tx, Self::Rx) {
        <Self as Peer>::open()
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.blocking_changed().expect("a sender is left");
        *rx.borrow_and_update()
    }
}

impl Thread for Tokios {
    const NAME: &'static str = "tokio::sync::watch, Runtime::block_on";
    type Tx = <Self as Peer>::Tx;
    type Rx = (Runtime, <Self as Peer>::Rx);

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = <Self as Peer>::open();
        (tx, (Builder::new_current_thread().build().expect("a runtime"), rx))
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv((runtime, rx): &mut Self::Rx) -> u64 {
        runtime.block_on(Self::changed(rx))
    }
}

fn threads(title: &str, pair: Option<Pair>) -> Table {
    let rows = vec![
        Row::new(BarePark::NAME, threads::round_trip::<BarePark>(pair)),
        Row::new(<Ours as Thread>::NAME, threads::round_trip::<Ours>(pair)),
        Row::new(<Tokios as Thread>::NAME, threads::round_trip::<Tokios>(pair)),
    ];
    let floor = threads::round_trip::<BarePark>(pair);
    Table { title: format!("watch: round trip, {title}"), floor, rows }
}

/// Where `pair` is pinned, the calling thread is, too.
pub(crate) fn tables(pair: Option<Pair>, runtimes: &Runtimes) -> Vec<Table> {
    let mut tables = vec![
        table_alone::<Sends, 1>("send, 1 receiver that does not wait"),
        table_alone::<Sends, 8>("send, 8 receivers that do not wait"),
        table_alone::<Sends, 64>("send, 64 receivers that do not wait"),
        table_alone::<Increment, 1>("send_modify"),
        table_alone::<Borrow, 1>("borrow"),
        table_alone::<HasChanged, 1>("has_changed"),
        table_waking(1),
        table_waking(8),
        table_waking(64),
        tasks("two tasks on one thread of tokio's", &runtimes.one),
        tasks("two tasks on two threads of tokio's", &runtimes.two),
    ];
    if let Some(pair) = pair {
        tables.extend([
            table_beside::<Borrow, Borrow>("borrow, another thread borrows", pair),
            table_beside::<Borrow, Sends>("borrow, another thread sends", pair),
            table_beside::<Sends, Borrow>("send, another thread borrows", pair),
            table_beside::<Sends, Sends>("send, another thread sends", pair),
            table_beside::<Increment, Increment>("send_modify, another thread modifies", pair),
            threads("two threads on two cores", Some(pair)),
        ]);
    }
    tables
}
