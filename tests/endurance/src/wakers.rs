//! Futures polled in unusual ways: by a thread, by hand, with a waker that is another one at each poll, or
//! one that panics.

use crate::{dice::Dice, mishaps};
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// Wakes a parked thread. The flag, not the thread's token, says that it was woken: the blocking calls
/// use that token up.
struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&parked));
    // A local until the future is gone: were it being returned by then, a panic of that drop would leak it
    // (https://github.com/rust-lang/rust/issues/47949).
    let output;
    {
        let mut future = pin!(future);
        output = loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                break output;
            }
            while !parked.woken.swap(false, SeqCst) {
                thread::park();
            }
        };
    }
    output
}

/// Polls once, with the waker of the task that awaits this.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

/// What an odd waker does when it is woken.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Habit {
    Wakes,
    /// It wakes, and then it panics.
    WakesAndPanics,
    /// It panics instead: only for waits that somebody ends in another way.
    PanicsInstead,
}

struct Odd {
    inner: Waker,
    habit: Habit,
}

impl Wake for Odd {
    fn wake(self: Arc<Self>) {
        if self.habit != Habit::PanicsInstead || thread::panicking() {
            self.inner.wake_by_ref();
        }
        if self.habit != Habit::Wakes {
            mishaps::strike();
        }
    }
}

/// The same future, with a new waker at each poll.
pub(crate) async fn oddly<F: Future>(habit: Habit, future: F) -> F::Output {
    // As in `block_on`.
    let output;
    {
        let mut future = pin!(future);
        output = poll_fn(|cx| {
            let odd = Waker::from(Arc::new(Odd { inner: cx.waker().clone(), habit }));
            let poll = future.as_mut().poll(&mut Context::from_waker(&odd));
            drop(odd);
            poll
        })
        .await;
    }
    output
}

/// A habit for a wait: one in `bad` panics, if any does; `timed` if somebody else ends the wait.
pub(crate) fn habit(dice: &mut Dice, bad: Option<usize>, timed: bool) -> Habit {
    match bad {
        Some(bad) if dice.one_in(bad) => {
            if timed && dice.one_in(2) {
                Habit::PanicsInstead
            } else {
                Habit::WakesAndPanics
            }
        }
        _ => Habit::Wakes,
    }
}
