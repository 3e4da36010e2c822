//! Actors that are tasks.

use super::{
    Value,
    receiving::{Outcome, Reader},
    sending::{Next, WAITS, Writer},
};
use crate::{
    tally::cancelled,
    wakers::{habit, oddly, poll_once},
};
use futures::StreamExt;
use overwrite_channel::{Receiver, RecvError};
use std::{
    future::{Future, poll_fn},
    mem,
    sync::Arc,
    task::Poll,
    time::Duration,
};
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
            Next::UntilTaken(mut number) => {
                writer.post.doing(WAITS);
                let mut looks = 0;
                while !writer.is_taken_soon(number) {
                    looks += 1;
                    // A task that only yields keeps its worker busy.
                    if looks % 20 == 0 {
                        sleep(Duration::from_millis(1)).await;
                        number = writer.nudge(number);
                    } else {
                        yield_now().await;
                    }
                }
            }
            Next::UntilClosed(channel, time) => {
                writer.post.doing("Sender::closed");
                let closed = writer.closed(channel);
                match time {
                    None => closed.await,
                    Some(time) => {
                        if timeout(time, closed).await.is_err() {
                            cancelled();
                            continue;
                        }
                    }
                }
                assert!(writer.is_closed(channel), "closed, and a receiver is left");
            }
            Next::End => break,
        }
        if writer.dice.one_in(10) {
            yield_now().await;
        }
    }
    writer.leave();
}

pub(super) async fn receive(mut reader: Reader, rx: Receiver<Value>) {
    let world = Arc::clone(&reader.world);
    let mut rx = rx;
    while reader.goes_on() {
        if reader.dice.one_in(20) {
            world.mishaps.catch(|| reader.change(&mut rx));
        }
        if reader.dice.one_in(30) && world.senders_first {
            let (back, value) = move_to_another_task(&mut reader, rx).await;
            rx = back;
            if let Some(value) = value {
                reader.got(value);
            }
            continue;
        }
        match world.mishaps.catch_in(step(&mut reader, &mut rx)).await {
            Some(Outcome::Got(value)) => reader.got(value),
            Some(Outcome::Nothing) | None => {}
            Some(Outcome::End) => {
                reader.check_end(&mut rx);
                break;
            }
        }
        if reader.dice.one_in(10) {
            yield_now().await;
        }
    }
    reader.leave(rx);
}

/// One receive of any kind.
async fn step(reader: &mut Reader, rx: &mut Receiver<Value>) -> Outcome {
    let endless = ["recv_async", "matching", "next", "poll_recv", "drop", "forget", "left", "try"];
    let timed =
        ["timeout", "matching timeout", "next timeout", "poll timeout", "drop", "left", "try"];
    let world = Arc::clone(&reader.world);
    let kind = match () {
        () if world.patient => reader.dice.pick(&endless),
        () if world.senders_first && reader.dice.one_in(2) => reader.dice.pick(&endless),
        () => reader.dice.pick(&timed),
    };
    let time = reader.dice.moment();
    let mut taste = reader.taste();
    let waits = habit(&mut reader.dice, world.bad_wakers(), false);
    let waits_a_moment = habit(&mut reader.dice, world.bad_wakers(), true);
    match kind {
        "recv_async" => {
            reader.post.doing("Receiver::recv_async");
            oddly(waits, rx.recv_async()).await.into()
        }
        "matching" => {
            reader.post.doing("Receiver::recv_matching_async");
            oddly(waits, rx.recv_matching_async(|value| taste.wants(value))).await.into()
        }
        "next" => {
            reader.post.doing("Stream::next");
            oddly(waits, rx.next()).await.ok_or(RecvError).into()
        }
        "poll_recv" => {
            reader.post.doing("Receiver::poll_recv");
            oddly(waits, poll_fn(|cx| rx.poll_recv(cx))).await.into()
        }
        "timeout" => {
            reader.post.doing("timeout of recv_async");
            within(time, oddly(waits_a_moment, rx.recv_async())).await
        }
        "matching timeout" => {
            reader.post.doing("timeout of recv_matching_async");
            let matching = rx.recv_matching_async(|value| taste.wants(value));
            within(time, oddly(waits_a_moment, matching)).await
        }
        "next timeout" => {
            reader.post.doing("timeout of Stream::next");
            let next = oddly(waits_a_moment, rx.next());
            within(time, async { next.await.ok_or(RecvError) }).await
        }
        "poll timeout" => {
            reader.post.doing("timeout of poll_recv");
            within(time, oddly(waits_a_moment, poll_fn(|cx| rx.poll_recv(cx)))).await
        }
        "drop" => {
            reader.post.doing("recv_async, polled and dropped");
            let mut future = rx.recv_async();
            for _ in 0..reader.dice.within(1, 3) {
                if let Poll::Ready(result) = poll_once(&mut future).await {
                    drop(future);
                    return result.into();
                }
                yield_now().await;
            }
            cancelled();
            Outcome::Nothing
        }
        "forget" => {
            reader.post.doing("recv_async, polled and forgotten");
            let mut future = rx.recv_async();
            if let Poll::Ready(result) = poll_once(&mut future).await {
                drop(future);
                return result.into();
            }
            // What it owes to the others, the next wait makes up for.
            mem::forget(future);
            cancelled();
            reader.post.doing("recv_async, after a forgotten one");
            rx.recv_async().await.into()
        }
        "left" => {
            reader.post.doing("poll_recv, and goes on");
            let poll = poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await;
            match poll {
                Poll::Ready(result) => result.into(),
                Poll::Pending => {
                    cancelled();
                    Outcome::Nothing
                }
            }
        }
        _ => {
            reader.post.doing("Receiver::try_recv");
            rx.try_recv().into()
        }
    }
}

async fn within(
    time: Duration,
    receive: impl Future<Output = Result<Value, RecvError>>,
) -> Outcome {
    match timeout(time, receive).await {
        Ok(result) => result.into(),
        Err(_late) => {
            cancelled();
            Outcome::Nothing
        }
    }
}

/// A future is polled in this task, and then moves to another one, whose waker is another.
async fn move_to_another_task(
    reader: &mut Reader,
    rx: Receiver<Value>,
) -> (Receiver<Value>, Option<Value>) {
    reader.post.doing("recv_async, moved to another task");
    let mishaps = &reader.world.mishaps;
    // A waker of somebody else's that panics takes the task with it, and its receiver.
    let fallback = reader.world.rough.then(|| rx.clone());
    let mut future = Box::pin(async move {
        let mut rx = rx;
        let result = rx.recv_async().await;
        (rx, result.ok())
    });
    let output = match mishaps.catch_in(poll_once(&mut future)).await {
        Some(Poll::Ready(output)) => Some(output),
        // It has panicked, and may not be polled again.
        None => None,
        Some(Poll::Pending) => {
            let result = tokio::spawn(future).await;
            mishaps.sort(result.map_err(tokio::task::JoinError::into_panic))
        }
    };
    if let Some(output) = output {
        // Its drop may wake somebody.
        mishaps.catch(|| drop(fallback));
        return output;
    }
    (fallback.expect("a panic in a world without any"), None)
}
