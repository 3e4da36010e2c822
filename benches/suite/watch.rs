//! What `watch` costs, beside tokio's, and beside the slot that it is made of.
//!
//! The floor is that slot, an `ArcSwap` alone, for which no receiver can wait; where a receiver waits, it is tokio's
//! `watch`, or the bare wake. A send is `send_replace`, which does not ask for receivers.

use super::{
    check,
    prelude::*,
    waits::{Echo, between_tasks},
};
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

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

/// Repeats an operation, while another thread does something else without a pause, or alone. All cells use one channel: the
/// first pages of a new one are measured by `fresh`.
fn repeated(
    contender: impl Watches,
    operation: Operation,
    receivers: usize,
    beside: Option<(Operation, Pair)>,
) -> Timed {
    let (tx, rx, kept) = open_elsewhere(contender);
    let opened = Rc::new((tx, vec![rx; receivers], kept));
    Timed::new(contender.name(), move || {
        let opened = Rc::clone(&opened);
        let (tx_there, rx_there) = (opened.0.clone(), opened.1[0].clone());
        let companion = beside.map(|(other, pair)| {
            Companion::start(pair, move || other.repeat(&tx_there, &rx_there, COUNT))
        });
        move |count| {
            let _ = &companion;
            timed(|| operation.repeat(&opened.0, &opened.1[0], count))
        }
    })
}

fn operations(
    title: &str,
    operation: Operation,
    receivers: usize,
    beside: Option<(Operation, Pair)>,
) -> Contest {
    let contenders = vec![
        repeated(swap_alone(), operation, receivers, beside),
        repeated(watch(), operation, receivers, beside),
        repeated(tokio_watch(), operation, receivers, beside),
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

pub(super) fn measured(setup: &Setup) -> Section {
    keeps(swap_alone());
    keeps(watch());
    keeps(tokio_watch());
    check::wakes(watch_on_thread());
    check::wakes(tokio_watch_on_thread());
    let mut contests = vec![
        operations("send, 1 receiver that does not wait", Send, 1, None),
        operations("send, 8 receivers that do not wait", Send, 8, None),
        operations("send, 64 receivers that do not wait", Send, 64, None),
        operations("send_modify", Increment, 1, None),
        operations("borrow", Borrow, 1, None),
        operations("has_changed", HasChanged, 1, None),
        waking(1),
        waking(8),
        waking(64),
    ];
    for (threads, runtime) in ["one thread", "two threads"].into_iter().zip(&setup.runtimes) {
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
    if let Some(pair) = setup.pair() {
        let threads = vec![
            Echo::timed(bare_park(), Some(pair)),
            Echo::timed(watch_on_thread(), Some(pair)),
            Echo::timed(tokio_watch_on_thread(), Some(pair)),
        ];
        contests.extend([
            operations("borrow, another thread borrows", Borrow, 1, Some((Borrow, pair))),
            operations("borrow, another thread sends", Borrow, 1, Some((Send, pair))),
            operations("send, another thread borrows", Send, 1, Some((Borrow, pair))),
            operations("send, another thread sends", Send, 1, Some((Send, pair))),
            operations(
                "send_modify, another thread modifies",
                Increment,
                1,
                Some((Increment, pair)),
            ),
            contest("round trip, two threads on two cores", 30, threads),
        ]);
    }
    Section::of_ratios(setup, "## `watch`", contests)
}
