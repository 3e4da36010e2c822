//! Actors that are tasks.

use super::{
    Setting,
    receiving::{Outcome, Reader},
    sending::{Next, Writer},
};
use crate::{
    tally::cancelled,
    wakers::{habit, oddly, poll_once},
};
use futures::StreamExt;
use overwrite_channel::watch::Receiver;
use std::{mem, sync::Arc, task::Poll, time::Duration};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

pub(super) async fn send(mut writer: Writer) {
    loop {
        match writer.step() {
            Next::Go => {}
            Next::Yield => yield_now().await,
            Next::Nap(time) => sleep(time).await,
            Next::UntilSeen(changes) => {
                writer.post.doing("waits until its change is seen");
                let mut looks = 0;
                while !writer.world.all_have_seen(changes) {
                    looks += 1;
                    // A task that only yields keeps its worker busy.
                    if looks % 50 == 0 {
                        sleep(Duration::from_millis(1)).await;
                    } else {
                        yield_now().await;
                    }
                }
            }
            Next::UntilClosed(time) => {
                writer.post.doing("watch::Sender::closed");
                let closed = writer.closed();
                match time {
                    None => closed.await,
                    Some(time) => {
                        if timeout(time, closed).await.is_err() {
                            cancelled();
                        }
                    }
                }
            }
            Next::End => break,
        }
        if writer.dice.one_in(10) {
            yield_now().await;
        }
    }
    writer.leave();
}

pub(super) async fn receive(mut reader: Reader, mut rx: Receiver<Setting>) {
    let world = Arc::clone(&reader.world);
    while reader.goes_on() {
        if reader.dice.one_in(10) {
            world.mishaps.catch(|| reader.glance(&mut rx));
            reader.add_up(&rx);
        }
        if reader.dice.one_in(10) {
            // Kept while others send, and while this task moves between the workers.
            let kept = rx.borrow();
            let number = kept.number;
            yield_now().await;
            kept.verify();
            assert_eq!(kept.number, number, "it changed while it was looked at");
            drop(kept);
        }
        let outcome = world.mishaps.catch_in(async {
            let outcome = step(&mut reader, &mut rx).await;
            if matches!(outcome, Outcome::Changed) {
                reader.look(&mut rx);
            }
            outcome
        });
        let outcome = outcome.await;
        reader.add_up(&rx);
        if let Some(Outcome::End) = outcome {
            reader.check_end(&mut rx);
            break;
        }
        if reader.dice.one_in(10) {
            yield_now().await;
        }
    }
    reader.leave(rx);
}

/// One wait of any kind.
async fn step(reader: &mut Reader, rx: &mut Receiver<Setting>) -> Outcome {
    let endless = ["changed", "wait_for", "next", "drop", "forget"];
    let timed = ["timeout", "wait_for timeout", "next timeout", "drop"];
    let world = Arc::clone(&reader.world);
    let kind = match () {
        () if world.patient => reader.dice.pick(&endless),
        () if world.senders_first && reader.dice.one_in(2) => reader.dice.pick(&endless),
        () => reader.dice.pick(&timed),
    };
    let time = reader.dice.moment();
    let bad_wakers = world.rough.then_some(4);
    let waits = habit(&mut reader.dice, bad_wakers, false);
    let waits_a_moment = habit(&mut reader.dice, bad_wakers, true);
    match kind {
        "changed" => {
            reader.post.doing("changed");
            oddly(waits, rx.changed()).await.map_or(Outcome::End, |()| Outcome::Changed)
        }
        "wait_for" => {
            reader.post.doing("wait_for");
            let wanted = oddly(waits, rx.wait_for(|setting| reader.wants(setting, false))).await;
            wanted.map_or(Outcome::End, |_| Outcome::Noted)
        }
        "next" => {
            reader.post.doing("watch Stream::next");
            let next = oddly(waits, rx.next()).await;
            next.map_or(Outcome::End, |setting| noted(reader, &setting))
        }
        "timeout" => {
            reader.post.doing("timeout of changed");
            match timeout(time, oddly(waits_a_moment, rx.changed())).await {
                Ok(result) => result.map_or(Outcome::End, |()| Outcome::Changed),
                Err(_late) => given_up(),
            }
        }
        "wait_for timeout" => {
            reader.post.doing("timeout of wait_for");
            let wanted = rx.wait_for(|setting| reader.wants(setting, true));
            match timeout(time, oddly(waits_a_moment, wanted)).await {
                Ok(result) => result.map_or(Outcome::End, |_| Outcome::Noted),
                Err(_late) => given_up(),
            }
        }
        "next timeout" => {
            reader.post.doing("timeout of watch Stream::next");
            match timeout(time, oddly(waits_a_moment, rx.next())).await {
                Ok(next) => next.map_or(Outcome::End, |setting| noted(reader, &setting)),
                Err(_late) => given_up(),
            }
        }
        "drop" => {
            reader.post.doing("changed, polled and dropped");
            let mut future = rx.changed();
            for _ in 0..reader.dice.within(1, 3) {
                if let Poll::Ready(result) = poll_once(&mut future).await {
                    return result.map_or(Outcome::End, |()| Outcome::Changed);
                }
                yield_now().await;
            }
            given_up()
        }
        _ => {
            reader.post.doing("changed, polled and forgotten");
            let mut future = rx.changed();
            if let Poll::Ready(result) = poll_once(&mut future).await {
                return result.map_or(Outcome::End, |()| Outcome::Changed);
            }
            mem::forget(future);
            cancelled();
            reader.post.doing("changed, after a forgotten one");
            rx.changed().await.map_or(Outcome::End, |()| Outcome::Changed)
        }
    }
}

fn noted(reader: &mut Reader, setting: &Setting) -> Outcome {
    assert!(reader.note(setting), "the stream repeats itself");
    Outcome::Noted
}

fn given_up() -> Outcome {
    cancelled();
    Outcome::Noted
}
