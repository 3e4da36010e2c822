//! A crowd: one task with many receivers. Most are idle; some wait in futures, or have left the task's waker behind.
//! A future that was woken is polled a while later, dropped or forgotten, and receivers come and go.

use super::{Value, receiver::Reader};
use crate::actor::{come_and_go, gave_up, moment, poll_once};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use overwrite_channel::{Receiver, RecvError};
use std::{
    future::poll_fn,
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

pub(super) async fn receive(mut reader: Reader, mut rxs: Vec<Receiver<Value>>) {
    let rules = Arc::clone(&reader.world.rules);
    let size = rxs.len();
    while !rxs.is_empty() && reader.goes_on() {
        reader.actor.doing(&"receivers of a crowd come and go");
        come_and_go(&mut reader.actor.dice, &mut rxs, size, |rx| {
            rules.catch(|| drop(rx));
        });
        if wait(&mut reader, &mut rxs).await {
            reader.check_end(&mut rxs[0]);
            break;
        }
    }
    for rx in rxs {
        reader.leave(rx);
    }
}

/// Lets some receivers wait for some time. Returns `true` if no sender is left.
async fn wait(reader: &mut Reader, rxs: &mut [Receiver<Value>]) -> bool {
    let world = Arc::clone(&reader.world);
    let rules = &world.rules;
    let (spare, rxs) = rxs.split_first_mut().expect("some stay");
    let mut waits = FuturesUnordered::new();
    reader.actor.doing(&"receivers of a crowd begin to wait");
    for rx in rxs {
        match reader.actor.dice.below(8) {
            0 | 1 => waits.push(rx.recv_async()),
            2 => {
                let mut left = poll_fn(|cx| rx.poll_recv(cx));
                let poll = rules.catch_in(poll_once(&mut left)).await.flatten();
                if let Some(Ok(value)) = poll {
                    reader.got(value);
                }
            }
            _ => {}
        }
    }
    if world.stalls && reader.actor.dice.one_in(3) {
        // Until all wait.
        let mut poll = || rules.catch(|| waits.next().now_or_never().flatten()).flatten();
        while let Some(Ok(value)) = poll() {
            reader.got(value);
        }
        stall(reader, spare).await;
    }
    let mut is_over = false;
    for _ in 0..reader.actor.dice.below(20) {
        reader.actor.doing(&"a crowd waits");
        let next = timeout(moment(&mut reader.actor.dice), waits.next());
        match rules.catch_in(next).await {
            Some(Ok(Some(Ok(value)))) => reader.got(value),
            Some(Ok(Some(Err(RecvError)))) => is_over = true,
            Some(Ok(None)) => break,
            Some(Err(_late)) => gave_up().unwrap_or(()),
            None => {}
        }
        // A future that is woken meanwhile holds up the other receivers.
        reader.actor.doing(&"a crowd does something else");
        match reader.actor.dice.below(20) {
            0 => sleep(Duration::from_millis(5)).await,
            1..4 => sleep(moment(&mut reader.actor.dice)).await,
            4..12 => yield_now().await,
            _ => {}
        }
    }
    reader.actor.doing(&"a crowd gives up");
    for future in waits {
        if reader.actor.dice.one_in(4) {
            mem::forget(future);
        } else {
            rules.catch(|| drop(future));
        }
    }
    is_over
}

/// Polls no future until a receiver beside the crowd has taken a value. There is one that does, because the senders send
/// again, and each send that displaces a value notifies one more.
async fn stall(reader: &Reader, spare: &Receiver<Value>) {
    reader.actor.doing(&"a crowd stalls");
    let taken = || reader.world.ledger.taken.load(SeqCst);
    let before = taken();
    while taken() == before && !spare.is_closed() {
        sleep(Duration::from_millis(1)).await;
    }
}
