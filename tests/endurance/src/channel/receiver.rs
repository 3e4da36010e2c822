//! The calls of a receiver.

use super::{Value, World};
use crate::{
    actor::{Actor, Mode, Waited},
    crew::Part,
    receiver::{View, goes_on},
    setting::MOST_SENDERS,
};
use futures::{FutureExt, StreamExt, poll};
use overwrite_channel::{
    Receiver, RecvError, RecvTimeoutError, TryRecvError, Waitable, wait_any, wait_any_timeout,
};
use std::{
    array,
    future::{Future, poll_fn},
    mem,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
};
use support::{ledger::Fate, panics::strike};

/// A receiver of one of the channels.
#[derive(Clone)]
pub(super) struct Viewer {
    rx: Receiver<Value>,
    log: Log,
}

/// What all receivers that an actor has of one channel have received.
#[derive(Clone)]
struct Log {
    world: Arc<World>,
    /// For each sender, one more than the last number received.
    last: Arc<[AtomicUsize; MOST_SENDERS]>,
}

impl Log {
    fn got(&self, value: Value) {
        let (number, sender) = (value.number(), value.sender);
        self.world.taken.fetch_add(1, Relaxed);
        value.meets(Fate::Received);
        let last = self.last[sender].swap(number + 1, Relaxed);
        let is_late = self.world.keeps_order() && last > number;
        assert!(!is_late, "value {number} came after a later one of the same sender");
    }
}

impl Viewer {
    pub(super) fn new(world: &Arc<World>, rx: Receiver<Value>) -> Self {
        let last = Arc::new(array::from_fn(|_| AtomicUsize::new(0)));
        Self { rx, log: Log { world: Arc::clone(world), last } }
    }

    /// Polls a future, and moves it to another task, which has another waker.
    async fn move_to_another_task(&mut self) -> Result<(), RecvError> {
        // A clone stays if a waker panics in the other task, which takes the moved receiver with it.
        let clone = self.clone();
        let mut moved = mem::replace(self, clone);
        let mut future = Box::pin(async move {
            let result = moved.wait().await;
            (moved, result)
        });
        let (moved, result) = match poll!(&mut future) {
            Poll::Ready(output) => output,
            Poll::Pending => match tokio::spawn(future).await {
                Ok(output) => output,
                Err(panic) => resume_unwind(panic.into_panic()),
            },
        };
        *self = moved;
        result
    }
}

impl View for Viewer {
    const ALL_ARE_WOKEN: bool = false;

    fn wait(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log } = self;
        rx.recv_async().map(|came| came.map(|value| log.got(value)))
    }

    fn poll(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log } = self;
        poll_fn(|cx| rx.poll_recv(cx)).map(|came| came.map(|value| log.got(value)))
    }

    fn next(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log } = self;
        StreamExt::next(rx).map(|next| next.map(|value| log.got(value)).ok_or(RecvError))
    }

    fn block(&mut self, wait: Mode) -> Waited<()> {
        let came = wait.block(&mut self.rx, Receiver::recv, Receiver::recv_timeout);
        came.map(|came| came.map(|value| self.log.got(value)))
    }

    async fn wait_for(&mut self, actor: &mut Actor, wait: Mode) -> Waited<()> {
        let (mut dice, rough) = (actor.dice.split(), actor.rules.rough);
        let Self { rx, log } = self;
        let taken = &log.world.taken;
        let wants = |value: &Value| {
            taken.fetch_add(1, Relaxed);
            let is_wanted = !dice.one_in(3);
            if !is_wanted {
                value.of.will_meet(Fate::Unwanted);
            } else if rough && dice.one_in(20) {
                // The value is dropped as the panic unwinds, which notes its fate.
                strike();
            }
            is_wanted
        };
        let came = if wait.blocks {
            wait.block(
                (rx, wants),
                |(rx, wants)| rx.recv_matching(wants),
                |(rx, wants), limit| rx.recv_matching_timeout(limit, wants),
            )
        } else {
            wait.until(rx.recv_matching_async(wants)).await
        };
        came.map(|came| came.map(|value| log.got(value)))
    }

    /// Does not wait, or waits in a future that is polled here and then moved.
    async fn own(&mut self, actor: &mut Actor, wait: Mode) -> Waited<()> {
        if wait.limit.is_none() && actor.dice.one_in(2) {
            return Some(self.move_to_another_task().await);
        }
        let came = match self.rx.try_recv() {
            Err(TryRecvError::Empty) => None,
            result => Some(result.map_err(|_disconnected| RecvError)),
        };
        came.map(|came| came.map(|value| self.log.got(value)))
    }

    fn fiddle(&mut self, actor: &mut Actor) {
        let rx = &mut self.rx;
        match actor.dice.below(4) {
            // The handle that waited before goes, with whatever it left behind.
            0 => *rx = rx.clone(),
            1 => assert!(rx.clone().same_channel(rx)),
            2 => drop([rx.clone(), rx.clone(), rx.clone()]),
            _ => rx.set_spin_limit(actor.dice.pick(&[0, 3, 10])),
        }
    }

    fn taken(&self) -> Option<usize> {
        (self.log.world.stalls && !self.rx.is_closed()).then(|| self.log.world.taken.load(Relaxed))
    }

    fn check_end(&mut self, actor: &Actor) {
        assert!(self.rx.is_closed(), "`Disconnected`, and a sender is left");
        assert!(self.rx.is_empty(), "`Disconnected`, and a value is left");
        let again = actor.rules.catch(|| self.rx.try_recv());
        assert!(matches!(again, Some(Err(TryRecvError::Disconnected))), "an end, and then not");
    }

    fn leave(self, actor: &Actor) {
        actor.rules.catch(|| drop(self.rx));
    }
}

/// Makes the part of an actor that waits for several channels at once, on a thread.
pub(super) fn part_of_any(actor: Actor, steps: Option<usize>, viewers: Vec<Viewer>) -> Part {
    Part::new(Arc::clone(&actor.post), async move { receive_any(actor, steps, viewers) })
}

fn receive_any(mut actor: Actor, mut steps: Option<usize>, mut viewers: Vec<Viewer>) {
    let rules = Arc::clone(&actor.rules);
    while !viewers.is_empty() && goes_on(&mut steps) {
        let any = actor.dice.below(viewers.len());
        if actor.dice.one_in(15) {
            rules.catch(|| viewers[any].fiddle(&mut actor));
        }
        let (_, wait) = actor.draw(&["wait_any"], 1);
        let mut each: Vec<_> =
            viewers.iter_mut().map(|of| &mut of.rx as &mut dyn Waitable).collect();
        let ready = rules.catch(|| {
            wait.block(
                &mut each[..],
                |each| Ok(wait_any(each)),
                |each, limit| wait_any_timeout(each, limit).ok_or(RecvTimeoutError::Timeout),
            )
        });
        let Some(Ok(ready)) = ready.flatten() else { continue };
        match rules.catch(|| viewers[ready].rx.try_recv()) {
            Some(Ok(value)) => viewers[ready].log.got(value),
            // Another receiver was faster.
            Some(Err(TryRecvError::Empty)) | None => {}
            Some(Err(TryRecvError::Disconnected)) => {
                viewers[ready].check_end(&actor);
                viewers.remove(ready).leave(&actor);
            }
        }
    }
    for viewer in viewers {
        viewer.leave(&actor);
    }
}
