//! What `watch` costs, beside tokio's, and beside the slot that it is made of.
//!
//! The floor is that slot, an `ArcSwap` alone, for which no receiver can wait; where a receiver waits, it is tokio's
//! `watch`, or the bare wake. A send is `send_replace`, which does not ask for receivers.

use super::{
    Section, Setup, check,
    contender::{Awaits, Elsewhere, Watches, open_elsewhere},
    measure::{Row, Run, Table, cell, ratio_tables, timed},
    peers::{BareNotify, BarePark, SwapAlone, TokioWatch, Watch, WatchOnThread},
    threads::{Companion, Pair},
    waits::{task_row, thread_row},
};
use std::{
    hint::black_box,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::runtime::Runtime;

/// The operations of a batch.
const COUNT: u32 = 10_000;

/// What is measured, or goes on meanwhile.
#[derive(Clone, Copy)]
enum Operation {
    Send,
    Increment,
    Borrow,
    HasChanged,
}

use Operation::{Borrow, HasChanged, Increment, Send};

impl Operation {
    fn repeat<C: Watches>(self, tx: &C::Tx, rx: &C::Rx, count: u32) {
        let numbers = 0..u64::from(count);
        match self {
            Send => numbers.for_each(|number| C::replace(tx, number)),
            Increment => numbers.for_each(|_| C::increment(tx)),
            Borrow => numbers.for_each(|_| _ = black_box(C::borrow(rx))),
            HasChanged => numbers.for_each(|_| assert!(!C::has_changed(rx), "nothing changes")),
        }
    }
}

/// Each peer keeps the newest value and increments it.
fn keeps<C: Watches>() {
    let (tx, rx) = C::open(1);
    C::replace(&tx, 1);
    C::increment(&tx);
    assert_eq!(C::borrow(&rx), 2, "{} has the newest", C::NAME);
}

fn alone<C: Watches>(operation: Operation, receivers: usize) -> Row {
    keeps::<C>();
    // One channel for all cells: the first pages of a new one are measured by `fresh`.
    let (tx, rx) = C::open(1);
    let handles = Rc::new((tx, vec![rx; receivers]));
    let start = move || -> Run {
        let handles = Rc::clone(&handles);
        Box::new(move |count| {
            let (tx, receivers) = &*handles;
            timed(|| operation.repeat::<C>(tx, &receivers[0], count))
        })
    };
    Row::new(C::NAME, cell(COUNT, start))
}

fn table_alone(title: &str, operation: Operation, receivers: usize) -> Table {
    let rows = vec![
        alone::<SwapAlone>(operation, receivers),
        alone::<Watch>(operation, receivers),
        alone::<TokioWatch>(operation, receivers),
    ];
    Table::new(format!("watch: {title}"), rows)
}

/// While another thread does something else without a pause.
fn beside<C: Watches>(operation: Operation, other: Operation, pair: Pair) -> Row {
    let start = move || -> Run {
        let Elsewhere { tx, rx, kept } = open_elsewhere::<u64, C>();
        let (tx_there, rx_there) = (tx.clone(), rx.clone());
        let companion =
            Companion::start(pair, move || other.repeat::<C>(&tx_there, &rx_there, COUNT));
        Box::new(move |count| {
            let _ = (&kept, &companion);
            timed(|| operation.repeat::<C>(&tx, &rx, count))
        })
    };
    Row::new(C::NAME, cell(COUNT, start))
}

fn table_beside(title: &str, operation: Operation, other: Operation, pair: Pair) -> Table {
    let rows = vec![
        beside::<SwapAlone>(operation, other, pair),
        beside::<Watch>(operation, other, pair),
        beside::<TokioWatch>(operation, other, pair),
    ];
    Table::new(format!("watch: {title}"), rows)
}

/// A send that wakes so many tasks, and a poll of each, after which it waits again.
fn waking<C: Watches + Awaits>(receivers: usize) -> Row {
    let start = move || -> Run {
        let (tx, rx) = C::open(1);
        let mut cx = Context::from_waker(Waker::noop());
        let task = |mut rx: C::Rx| -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                loop {
                    black_box(C::recv(&mut rx).await);
                }
            })
        };
        let mut tasks = vec![rx; receivers].into_iter().map(task).collect::<Vec<_>>();
        let mut poll_all = move || {
            for task in &mut tasks {
                assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
            }
        };
        poll_all();
        Box::new(move |count| {
            timed(|| {
                for number in 0..count {
                    C::replace(&tx, number.into());
                    poll_all();
                }
            })
        })
    };
    Row::new(C::NAME, cell(COUNT / 10, start))
}

fn table_waking(receivers: usize) -> Table {
    let title = format!("watch: send that wakes tasks ({receivers}), and their polls");
    Table::new(title, vec![waking::<TokioWatch>(receivers), waking::<Watch>(receivers)])
}

fn tasks(title: &str, runtime: &Arc<Runtime>) -> Table {
    let rows = vec![
        task_row::<BareNotify>(runtime),
        task_row::<Watch>(runtime),
        task_row::<TokioWatch>(runtime),
    ];
    Table::new(format!("watch: round trip, {title}"), rows)
}

fn threads(title: &str, pair: Pair) -> Table {
    let pair = Some(pair);
    let rows = vec![
        thread_row::<BarePark>(pair),
        thread_row::<Watch>(pair),
        thread_row::<WatchOnThread>(pair),
    ];
    Table::new(format!("watch: round trip, {title}"), rows)
}

pub(super) fn measured(setup: &Setup) -> Section {
    let runtimes = &setup.runtimes;
    let mut tables = vec![
        table_alone("send, 1 receiver that does not wait", Send, 1),
        table_alone("send, 8 receivers that do not wait", Send, 8),
        table_alone("send, 64 receivers that do not wait", Send, 64),
        table_alone("send_modify", Increment, 1),
        table_alone("borrow", Borrow, 1),
        table_alone("has_changed", HasChanged, 1),
        table_waking(1),
        table_waking(8),
        table_waking(64),
        tasks("two tasks on one thread of tokio's", &runtimes[0]),
        tasks("two tasks on two threads of tokio's", &runtimes[1]),
    ];
    check::wakes::<Watch>();
    check::wakes::<WatchOnThread>();
    if let Some(pair) = setup.pair() {
        tables.extend([
            table_beside("borrow, another thread borrows", Borrow, Borrow, pair),
            table_beside("borrow, another thread sends", Borrow, Send, pair),
            table_beside("send, another thread borrows", Send, Borrow, pair),
            table_beside("send, another thread sends", Send, Send, pair),
            table_beside("send_modify, another thread modifies", Increment, Increment, pair),
            threads("two threads on two cores", pair),
        ]);
    }
    let (text, tables) = ratio_tables(setup, tables);
    Section::of_ratios(format!("## `watch`\n\n{text}"), &tables)
}
