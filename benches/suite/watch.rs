//! What `watch` costs, beside tokio's, and beside the slot that it is made of.
//!
//! The floor is that slot, an `ArcSwap` alone, for which no receiver can wait; where a receiver waits, it is tokio's
//! `watch`, or the bare wake. A send is `send_replace`, which does not ask for receivers.
//!
//! `arc_swap` keeps a record of each thread that uses an `ArcSwap`. A record outlives its thread, until a later thread takes
//! it over, and a store visits all records. So each figure is measured in a process of its own, and the contests named
//! *after … threads looked* show what the records cost.

use super::{
    check, child,
    prelude::*,
    waits::{Echo, between_tasks},
};
use std::{
    any::Any,
    pin::Pin,
    process::Stdio,
    sync::Barrier,
    task::{Context, Poll, Waker},
    thread,
};
use tokio::runtime::Runtime;

/// The option that makes a process such a child.
const OPTION: &str = "--watch-child";
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
    fn repeat(self, tx: &impl Replace, rx: &impl Look, count: u32) {
        let numbers = 0..u64::from(count);
        match self {
            Send => numbers.for_each(|number| tx.replace(number)),
            Increment => numbers.for_each(|_| tx.increment()),
            Borrow => numbers.for_each(|_| _ = black_box(rx.look())),
            HasChanged => numbers.for_each(|_| assert!(!rx.is_changed(), "nothing changes")),
        }
    }
}

/// Each contender keeps the newest value and increments it.
fn keeps(contender: impl Watches) {
    let (tx, rx) = contender.open(1);
    tx.replace(1);
    tx.increment();
    assert_eq!(rx.look(), 2, "{} has the newest", contender.name());
}

fn contest(title: &str, batch: u32, contenders: Vec<Timed>) -> Contest {
    Contest::new(format!("watch: {title}"), batch, contenders)
}

/// What else there is, or was.
#[derive(Clone, Copy)]
enum Beside {
    /// So many receivers, which do nothing.
    Receivers(usize),
    /// So many threads, which have looked at the same time, and ended.
    Looked(usize),
    /// A thread that does this without a pause.
    Busy(Operation, Pair),
}

use Beside::{Busy, Looked, Receivers};

/// Has so many threads look, beside this one. They end when all have looked.
fn look_together(rx: &impl Look, threads: usize) {
    black_box(rx.look());
    let all = Barrier::new(threads);
    let look = || {
        black_box(rx.look());
        all.wait();
    };
    thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(look)));
}

/// Repeats an operation.
fn repeated(contender: impl Watches, operation: Operation, beside: Beside) -> Timed {
    Timed::new(contender.name(), move || {
        let (tx, rx) = contender.open(1);
        let kept: Box<dyn Any> = match beside {
            Receivers(count) => Box::new(vec![rx.clone(); count - 1]),
            Looked(threads) => {
                look_together(&rx, threads);
                Box::new(())
            }
            Busy(other, pair) => {
                let (tx, rx) = (tx.clone(), rx.clone());
                Box::new(Companion::start(pair, move || other.repeat(&tx, &rx, COUNT)))
            }
        };
        move |count| {
            let _ = &kept;
            timed(|| operation.repeat(&tx, &rx, count))
        }
    })
}

fn operations(title: &str, operation: Operation, beside: Beside) -> Contest {
    let contenders = vec![
        repeated(swap_alone(), operation, beside),
        repeated(watch(), operation, beside),
        repeated(tokio_watch(), operation, beside),
    ];
    contest(title, COUNT, contenders)
}

/// A send that wakes so many tasks, and a poll of each, after which it waits again.
fn waking(receivers: usize) -> Contest {
    fn of<C: Watches + Awaits>(contender: C, receivers: usize) -> Timed {
        let task = |mut rx: C::Rx| -> Pin<Box<dyn Future<Output = ()>>> {
            Box::pin(async move {
                loop {
                    black_box(rx.take().await);
                }
            })
        };
        Timed::new(contender.name(), move || {
            let (tx, rx) = contender.open(1);
            let mut tasks = vec![rx; receivers].into_iter().map(task).collect::<Vec<_>>();
            let mut poll_all = move || {
                let mut cx = Context::from_waker(Waker::noop());
                for task in &mut tasks {
                    assert_eq!(task.as_mut().poll(&mut cx), Poll::Pending);
                }
            };
            poll_all();
            move |count| {
                timed(|| {
                    for number in 0..count {
                        tx.replace(number.into());
                        poll_all();
                    }
                })
            }
        })
    }
    let title = format!("send that wakes tasks ({receivers}), and their polls");
    contest(&title, COUNT / 10, vec![of(tokio_watch(), receivers), of(watch(), receivers)])
}

/// All contests. Those of two threads need two cores.
fn contests(pair: Option<Pair>, runtimes: &[Arc<Runtime>; 2]) -> Vec<Contest> {
    let mut contests = vec![
        operations("send, 1 receiver that does not wait", Send, Receivers(1)),
        operations("send, 8 receivers that do not wait", Send, Receivers(8)),
        operations("send, 64 receivers that do not wait", Send, Receivers(64)),
        operations("send, after 1 thread looked", Send, Looked(1)),
        operations("send, after 8 threads looked", Send, Looked(8)),
        operations("send, after 64 threads looked", Send, Looked(64)),
        operations("send_modify", Increment, Receivers(1)),
        operations("borrow", Borrow, Receivers(1)),
        operations("has_changed", HasChanged, Receivers(1)),
        waking(1),
        waking(8),
        waking(64),
    ];
    for (threads, runtime) in ["one thread", "two threads"].into_iter().zip(runtimes) {
        let contenders = vec![
            between_tasks(bare_notify(), Arc::clone(runtime)),
            between_tasks(watch(), Arc::clone(runtime)),
            between_tasks(tokio_watch(), Arc::clone(runtime)),
        ];
        contests.push(contest(
            &format!("round trip, two tasks on {threads} of tokio's"),
            50,
            contenders,
        ));
    }
    if let Some(pair) = pair {
        let threads = vec![
            Echo::timed(bare_park(), Some(pair)),
            Echo::timed(watch_on_thread(), Some(pair)),
            Echo::timed(tokio_watch_on_thread(), Some(pair)),
        ];
        contests.extend([
            operations("borrow, another thread borrows", Borrow, Busy(Borrow, pair)),
            operations("borrow, another thread sends", Borrow, Busy(Send, pair)),
            operations("send, another thread borrows", Send, Busy(Borrow, pair)),
            operations("send, another thread sends", Send, Busy(Send, pair)),
            operations("send_modify, another thread modifies", Increment, Busy(Increment, pair)),
            contest("round trip, two threads on two cores", 30, threads),
        ]);
    }
    contests
}

/// The contest as a table of which a child measures each cell.
fn in_children(Contest { title, contenders, .. }: Contest) -> Table {
    let row = |Timed { name, .. }: &Timed| {
        let (title, name) = (title.clone(), *name);
        Row::new(name, move || vec![in_child(&title, name)])
    };
    Table::new(&title, contenders.iter().map(row).collect())
}

/// Has a child measure the contender, and returns its nanoseconds. Panics if the child does.
fn in_child(title: &str, name: &str) -> f64 {
    let output = child::command(OPTION, &[title, name]).stderr(Stdio::inherit()).output();
    let output = output.expect("a child process");
    let nanos = String::from_utf8_lossy(&output.stdout).trim().parse();
    nanos.unwrap_or_else(|_| panic!("{title}: the process of {name} failed: {}", output.status))
}

/// If this process is a child, does everything that it is for, and returns `true`.
pub(super) fn is_child() -> bool {
    let Some([title, name]) = child::arguments(OPTION) else { return false };
    let setup = Setup::new();
    let mut contests = contests(setup.pair(), &setup.runtimes).into_iter();
    let contest = contests.find(|contest| contest.title == title).expect("a contest");
    let mut contenders = contest.contenders.into_iter();
    let contender = contenders.find(|contender| contender.name == name).expect("a contender");
    println!("{}", nanos(contest.batch, (contender.start)()));
    true
}

pub(super) fn measured(setup: &Setup) -> Section {
    keeps(swap_alone());
    keeps(watch());
    keeps(tokio_watch());
    check::wakes(watch_on_thread());
    check::wakes(tokio_watch_on_thread());
    // This thread is not pinned, or the children would be.
    let contests = contests(Pair::floating(), &setup.runtimes);
    let head = "## `watch`\n\n\
                `arc_swap` keeps a record of each thread that uses an `ArcSwap`. A record outlives its thread, until a \
                later thread takes it over, and a store visits all records. So each figure is measured in a process of \
                its own. *After 8 threads looked*: 8 threads have each looked once, all before the first of them ended.";
    Section::of_ratios(setup, head, contests.into_iter().map(in_children).collect())
}
