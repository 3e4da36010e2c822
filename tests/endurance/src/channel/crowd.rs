//! A crowd: one task with many receivers. Most are idle; others wait in futures, or have left the task's waker behind.
//! A future that was woken is polled a while later, dropped or forgotten, and receivers come and go.

use super::{Value, receiving::Reader};
use crate::{tally::cancelled, wakers::poll_once};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use overwrite_channel::{Receiver, RecvError, RecvFuture};
use std::{
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};

/// A receiver's wait, with a waker of its own, and whether it is forgotten at its end.
struct Wait<'a> {
    future: Option<RecvFuture<'a, Value>>,
    is_forgotten: bool,
}

impl Future for Wait<'_> {
    type Output = Result<Value, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.future.as_mut().expect("it is polled before its end");
        Pin::new(future).poll(cx)
    }
}

impl Wait<'_> {
    fn end(&mut self) {
        let future = self.future.take();
        if self.is_forgotten {
            mem::forget(future);
        }
    }
}

pub(super) async fn receive(mut reader: Reader, mut rxs: Vec<Receiver<Value>>) {
    let world = Arc::clone(&reader.world);
    let size = rxs.len();
    while !rxs.is_empty() && reader.goes_on() {
        reader.post.doing("receivers of a crowd come and go");
        // One by one: a drop that panics does not keep the next one.
        for _ in 0..reader.dice.below(size) {
            let at = reader.dice.below(rxs.len());
            let come = reader.dice.one_in(2).then(|| rxs[at].clone());
            let goes = (rxs.len() > size / 2).then(|| rxs.swap_remove(at));
            rxs.extend(come.filter(|_| rxs.len() < size));
            world.mishaps.catch(|| drop(goes));
        }
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
    let (spare, rxs) = rxs.split_first_mut().expect("some stay");
    let mut waits = FuturesUnordered::new();
    reader.post.doing("receivers of a crowd begin to wait");
    for rx in rxs {
        match reader.dice.below(8) {
            0 | 1 => {
                let is_forgotten = reader.dice.one_in(4);
                waits.push(Wait { future: Some(rx.recv_async()), is_forgotten });
            }
            2 => {
                let mut left = poll_fn(|cx| rx.poll_recv(cx));
                let poll = world.mishaps.catch_in(poll_once(&mut left)).await;
                if let Some(Poll::Ready(Ok(value))) = poll {
                    reader.got(value);
                }
            }
            _ => {}
        }
    }
    if world.stalls && reader.dice.one_in(3) {
        // Until all wait.
        let mut poll = || world.mishaps.catch(|| waits.next().now_or_never().flatten()).flatten();
        while let Some(Ok(value)) = poll() {
            reader.got(value);
        }
        stall(reader, spare).await;
    }
    let mut is_over = false;
    for _ in 0..reader.dice.below(20) {
        reader.post.doing("a crowd waits");
        let next = timeout(reader.dice.moment(), waits.next());
        match world.mishaps.catch_in(next).await {
            Some(Ok(Some(Ok(value)))) => reader.got(value),
            Some(Ok(Some(Err(RecvError)))) => is_over = true,
            Some(Ok(None)) => break,
            Some(Err(_late)) => cancelled(),
            None => {}
        }
        // A future that is woken meanwhile holds up the other receivers.
        reader.post.doing("a crowd does something else");
        match reader.dice.below(20) {
            0 => sleep(Duration::from_millis(5)).await,
            1..4 => sleep(reader.dice.moment()).await,
            4..12 => yield_now().await,
            _ => {}
        }
    }
    reader.post.doing("a crowd gives up");
    for wait in &mut waits {
        world.mishaps.catch(|| wait.end());
    }
    is_over
}

/// Polls no future until a receiver beside the crowd has taken a value. There is one that does, because the senders send
/// again, and each send that displaces a value notifies one more.
async fn stall(reader: &mut Reader, spare: &Receiver<Value>) {
    reader.post.doing("a crowd stalls");
    let ledger = &reader.world.ledger;
    let taken = ledger.taken();
    while ledger.taken() == taken && !spare.is_closed() {
        sleep(Duration::from_millis(1)).await;
    }
}
