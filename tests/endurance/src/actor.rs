//! What all actors have: the rules of their world, dice, a post, and ways to wait. An actor is one future, whether it
//! runs on a thread of its own or as a task.

use crate::{crew::may_block, posts::Post, tally::Count};
use futures::poll;
use overwrite_channel::{RecvError, RecvTimeoutError};
use std::{
    future::{Future, poll_fn},
    mem,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    thread::{self, panicking},
    time::Duration,
};
use support::{
    dice::Dice,
    panics::{caught, strike},
    waker::{Event, Task},
};
use tokio::{task, time};

/// What is drawn for a world of any flavour.
pub(crate) struct Rules {
    pub(crate) number: u64,
    /// Keys, predicates, closures, wakers and drops panic at times.
    pub(crate) rough: bool,
    /// The senders go first, and receivers stay until then. Otherwise senders stay until the receivers are gone.
    pub(crate) senders_first: bool,
    /// Every wait lasts until something comes. A receiver that gives up and looks again would hide a lost wake.
    pub(crate) patient: bool,
    /// A sender waits for the arrival of one in so many of its values.
    pub(crate) wait_one_in: usize,
    /// A sender pauses after one in so many sends.
    pub(crate) pause_one_in: usize,
    /// One waker in so many panics.
    bad_wakers: Option<usize>,
    /// How many injected panics the world has seen.
    pub(crate) panics: AtomicU64,
}

impl Rules {
    pub(crate) fn new(number: u64, dice: &mut Dice) -> Arc<Self> {
        let rough = dice.one_in(3);
        let senders_first = !dice.one_in(4);
        Arc::new(Self {
            number,
            rough,
            senders_first,
            patient: senders_first && !dice.one_in(3),
            wait_one_in: dice.pick(&[1, 4, 20, 100]),
            pause_one_in: dice.pick(&[2, 10, 100]),
            bad_wakers: rough.then(|| dice.pick(&[2, 4])),
            panics: AtomicU64::new(0),
        })
    }

    /// Draws how many steps a receiver takes that does not stay until the senders are gone.
    pub(crate) fn steps(&self, dice: &mut Dice) -> Option<usize> {
        (!self.senders_first).then(|| dice.pick(&[3, 20, 60]))
    }

    /// Runs `body`. Returns `None` if it ended by an injected panic.
    pub(crate) fn catch<R>(&self, body: impl FnOnce() -> R) -> Option<R> {
        let result = caught(body);
        if result.is_none() {
            self.panics.fetch_add(1, Relaxed);
            Count::Panics.add(1);
        }
        result
    }

    /// Runs a future as [`Self::catch`] runs a closure.
    pub(crate) async fn catch_in<R>(&self, body: impl Future<Output = R>) -> Option<R> {
        let mut body = pin!(body);
        poll_fn(|cx| match self.catch(|| body.as_mut().poll(cx)) {
            Some(poll) => poll.map(Some),
            None => Poll::Ready(None),
        })
        .await
    }
}

pub(crate) struct Actor {
    pub(crate) rules: Arc<Rules>,
    pub(crate) dice: Dice,
    pub(crate) post: Arc<Post>,
}

impl Actor {
    pub(crate) fn new(
        rules: &Arc<Rules>,
        name: &'static str,
        number: usize,
        dice: &mut Dice,
    ) -> Self {
        let post = Post::new(rules.number, name, number);
        Self { rules: Arc::clone(rules), dice: dice.split(), post }
    }

    /// Notes what the actor does next.
    pub(crate) fn doing(&self, operation: &'static str) {
        self.post.doing(operation);
    }

    /// Draws what a receiver does next. The first `blocking` steps have a blocking form, which an actor on a thread
    /// mostly chooses.
    pub(crate) fn draw(&mut self, steps: &[&'static str], blocking: usize) -> (&'static str, Mode) {
        let rules = &self.rules;
        let is_endless = rules.patient || (rules.senders_first && self.dice.one_in(2));
        let limit = (!is_endless).then(|| moment(&mut self.dice));
        let is_bad = rules.bad_wakers.is_some_and(|bad| self.dice.one_in(bad));
        let habit = match limit {
            _ if !is_bad => Habit::Wakes,
            Some(_) if self.dice.one_in(2) => Habit::PanicsInstead,
            _ => Habit::WakesAndPanics,
        };
        let blocks = may_block() && !self.dice.one_in(3);
        let step = self.dice.pick(if blocks { &steps[..blocking] } else { steps });
        self.post.doing(step);
        (step, Mode { blocks, limit, habit })
    }

    /// Yields at times: a task must let other tasks run.
    pub(crate) async fn breathe(&mut self) {
        if !may_block() && self.dice.one_in(10) {
            task::yield_now().await;
        }
    }
}

/// Lets other threads or tasks run.
pub(crate) async fn yield_now() {
    if may_block() { thread::yield_now() } else { task::yield_now().await }
}

/// Returns how many there are of a crowd: mostly more than one or two words of 64 bits have room for.
pub(crate) fn crowd(dice: &mut Dice) -> usize {
    dice.pick(&[20, 70, 130, 600])
}

/// Returns a time so short that it often ends while something is about to happen; at times zero.
pub(crate) fn moment(dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.pick(&[0, 1, 10, 50, 200, 1000]))
}

/// Counts a wait that was given up.
pub(crate) fn gave_up<T>() -> Option<T> {
    Count::GivenUp.add(1);
    None
}

/// Polls a future so many times, and gives it up: it is dropped, or forgotten.
pub(crate) async fn poll_some<F: Future + Unpin>(
    polls: usize,
    is_forgotten: bool,
    mut future: F,
) -> Option<F::Output> {
    for poll in 1..=polls {
        if let Poll::Ready(output) = poll!(&mut future) {
            drop(future);
            return Some(output);
        }
        if poll < polls {
            task::yield_now().await;
        }
    }
    if is_forgotten {
        mem::forget(future);
    }
    gave_up()
}

/// What a wait came to: `None` if the receiver gave it up, or found nothing.
pub(crate) type Waited<T> = Option<Result<T, RecvError>>;

/// How a receiver waits.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    pub(crate) blocks: bool,
    /// After so long it gives up.
    pub(crate) limit: Option<Duration>,
    habit: Habit,
}

/// What a waker does when it is woken.
#[derive(Clone, Copy)]
enum Habit {
    Wakes,
    WakesAndPanics,
    /// Only for waits that a timeout ends.
    PanicsInstead,
}

impl Mode {
    /// Waits by whichever of two calls of `rx` has the limit.
    pub(crate) fn block<R, T>(
        self,
        rx: R,
        recv: impl FnOnce(R) -> Result<T, RecvError>,
        recv_timeout: impl FnOnce(R, Duration) -> Result<T, RecvTimeoutError>,
    ) -> Waited<T> {
        let result = match self.limit {
            None => return Some(recv(rx)),
            Some(limit) => recv_timeout(rx, limit),
        };
        match result {
            Ok(value) => Some(Ok(value)),
            Err(RecvTimeoutError::Disconnected) => Some(Err(RecvError)),
            Err(RecvTimeoutError::Timeout) => gave_up(),
        }
    }

    /// Awaits the future, with a waker that is another one at each poll.
    pub(crate) async fn until<T>(
        self,
        future: impl Future<Output = Result<T, RecvError>>,
    ) -> Waited<T> {
        match self.limit {
            None => Some(self.oddly(future).await),
            Some(limit) => {
                time::timeout(limit, self.oddly(future)).await.map_or_else(|_late| gave_up(), Some)
            }
        }
    }

    async fn oddly<F: Future>(self, future: F) -> F::Output {
        // A local until the future is gone: if it were being returned by then, a panic of that drop would leak it
        // (https://github.com/rust-lang/rust/issues/47949).
        let output;
        {
            let mut future = pin!(future);
            output = poll_fn(|cx| {
                let waker = cx.waker().clone();
                let odd = Task::with(move |event| match (event, self.habit) {
                    (Event::Wake, Habit::Wakes) => waker.wake_by_ref(),
                    (Event::Wake, Habit::WakesAndPanics) => {
                        waker.wake_by_ref();
                        strike();
                    }
                    // It wakes if it may not panic.
                    (Event::Wake, Habit::PanicsInstead) if panicking() => waker.wake_by_ref(),
                    (Event::Wake, Habit::PanicsInstead) => strike(),
                    (Event::Clone | Event::Drop, _) => {}
                });
                future.as_mut().poll(&mut odd.context())
            })
            .await;
        }
        output
    }
}
