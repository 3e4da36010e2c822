//! What a sender of any flavour does: one send after the other, with pauses, and now and then something else.

use crate::{
    actor::{Actor, crowd, moment, yield_now},
    crew::{Part, may_block},
    tally::Count,
};
use futures::future::join_all;
use std::{
    future::Future,
    hint::spin_loop,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
    thread,
    time::Duration,
};
use tokio::time;

/// A handle that sends, with all that its actor knows of it.
pub(crate) trait Transmit: Send + Sync + 'static {
    /// Sends in any way. Panics that are injected end in it.
    fn send(&mut self, actor: &mut Actor) -> Sent;

    /// Returns `true` if what was sent last has arrived, so that no receiver owes anything.
    fn has_arrived(&self) -> bool;

    /// Returns `true` if a receiver that would take the last value may be held up by futures that stall, until a value is
    /// displaced.
    fn may_stall(&self) -> bool {
        false
    }

    /// Makes calls that send nothing.
    fn fiddle(&mut self, actor: &mut Actor);

    /// Waits for the receivers' end.
    fn closed(&self) -> impl Future<Output = ()> + Unpin + Send;

    /// Checks the end of the receivers, or opens the channel again.
    fn outlive(&mut self, actor: &mut Actor);
}

/// How many sends more a sender makes if receivers stall: more than there are stalled futures in all stalls of a world.
pub(crate) const MOST_NUDGES: usize = 4000;

/// What a send came to.
#[derive(PartialEq)]
pub(crate) enum Sent {
    Made,
    NotMade,
    /// No receiver is left.
    Refused,
}

/// Makes the part of a sender, which sends so many times.
pub(crate) fn part<T: Transmit>(actor: Actor, quota: usize, txs: Vec<T>) -> Part {
    Part::new(Arc::clone(&actor.post), send_all(actor, quota, txs))
}

async fn send_all<T: Transmit>(mut actor: Actor, quota: usize, mut txs: Vec<T>) {
    let rules = Arc::clone(&actor.rules);
    let mut nudges = MOST_NUDGES;
    for _ in 0..quota {
        let at = actor.dice.below(txs.len());
        let tx = &mut txs[at];
        if actor.dice.one_in(20) {
            actor.doing("a sender is cloned, dropped and asked");
            rules.catch(|| tx.fiddle(&mut actor));
        }
        let sent = tx.send(&mut actor);
        if sent == Sent::Refused {
            assert!(!rules.senders_first, "refused, and a receiver is left");
            until_closed(&mut actor, tx).await;
        } else if sent == Sent::Made && rules.senders_first && actor.dice.one_in(rules.wait_one_in)
        {
            until_arrived(&mut actor, tx, &mut nudges).await;
        } else if actor.dice.one_in(rules.pause_one_in) {
            pause(&mut actor, tx).await;
        }
        actor.breathe().await;
    }
    if !rules.senders_first {
        // Only the receivers' end wakes this sender.
        for tx in &mut txs {
            until_closed(&mut actor, tx).await;
            tx.outlive(&mut actor);
        }
    }
    actor.doing("a sender is dropped");
    for tx in txs {
        rules.catch(|| drop(tx));
    }
}

/// Waits for the receivers' end, in one future, or in many at once.
async fn until_closed<T: Transmit>(actor: &mut Actor, tx: &T) {
    actor.doing("closed");
    let futures = if actor.dice.one_in(4) { crowd(&mut actor.dice) } else { 1 };
    join_all((0..futures).map(|_| tx.closed())).await;
}

/// Begins to wait for the receivers' end, which must not have come if the senders go first.
pub(crate) fn poll_closed(actor: &mut Actor, mut closed: impl Future<Output = ()> + Unpin) {
    let poll = Pin::new(&mut closed).poll(&mut Context::from_waker(Waker::noop()));
    assert!(!actor.rules.senders_first || poll.is_pending(), "closed, and a receiver is left");
    if actor.dice.one_in(2) {
        mem::forget(closed);
    }
    Count::GivenUp.add(1);
}

/// Waits until what was sent last has arrived.
async fn until_arrived<T: Transmit>(actor: &mut Actor, tx: &mut T, nudges: &mut usize) {
    const WAITS: &str = "waits until what it has sent arrives";
    actor.doing(WAITS);
    for look in 1.. {
        // For a moment, so that the next send comes while the receiver is about to fall asleep again. A thread does so
        // once, because it sleeps between later looks.
        let spins = match look {
            1 => 1000,
            _ if may_block() => 1,
            _ => 200,
        };
        let has_arrived = (0..spins).any(|_| {
            spin_loop();
            tx.has_arrived()
        });
        (0..actor.dice.below(50)).for_each(|_| spin_loop());
        if has_arrived {
            break;
        }
        if may_block() {
            thread::sleep(Duration::from_micros(50));
        } else if look % 20 == 0 {
            // A task that only yields keeps its worker busy.
            time::sleep(Duration::from_millis(1)).await;
        } else {
            yield_now().await;
        }
        if look % 20 == 0 && *nudges > 0 && tx.may_stall() {
            *nudges -= 1;
            tx.send(actor);
            actor.doing(WAITS);
        }
    }
}

/// Pauses. A pause may be a wait for the receivers' end.
async fn pause<T: Transmit>(actor: &mut Actor, tx: &T) {
    let time = moment(&mut actor.dice);
    match actor.dice.below(20) {
        0 if may_block() => thread::sleep(time),
        0 => time::sleep(time).await,
        1 => {
            let late = time::timeout(time, until_closed(actor, tx)).await.is_err();
            Count::GivenUp.add(late.into());
        }
        2..6 => (0..actor.dice.below(200)).for_each(|_| spin_loop()),
        _ => yield_now().await,
    }
}
