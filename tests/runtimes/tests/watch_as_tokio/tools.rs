//! Futures that are polled by hand, panics that are caught, and questions about types.

use crate::waker::{Event, Task};
use futures::FutureExt;
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Mutex,
    task::Poll,
};

/// A future in a task of its own, which counts its wakes.
pub(crate) struct Polled<'a, O> {
    task: Task,
    future: Pin<Box<dyn Future<Output = O> + 'a>>,
}

impl<'a, O> Polled<'a, O> {
    pub(crate) fn new(future: impl Future<Output = O> + 'a) -> Self {
        Self { task: Task::new(), future: Box::pin(future) }
    }

    /// It was polled once, and waits.
    #[track_caller]
    pub(crate) fn waiting(future: impl Future<Output = O> + 'a) -> Self {
        let mut polled = Self::new(future);
        assert!(polled.waits(), "it does not wait");
        polled
    }

    pub(crate) fn poll(&mut self) -> Poll<O> {
        self.task.poll(&mut self.future)
    }

    /// Polls: does it still wait?
    pub(crate) fn waits(&mut self) -> bool {
        self.poll().is_pending()
    }

    #[track_caller]
    pub(crate) fn end(&mut self) -> O {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it still waits"),
        }
    }

    /// How often the task was woken since this was asked last.
    pub(crate) fn wakes(&self) -> usize {
        self.task.seen().woken
    }

    /// Drops the future, and returns the task that polled it.
    pub(crate) fn give_up(self) -> Task {
        self.task
    }

    /// Polls in another task, which takes the place of the one before.
    pub(crate) fn moves_and_waits(&mut self) -> Task {
        let before = std::mem::replace(&mut self.task, Task::new());
        assert!(self.waits(), "it does not wait");
        before
    }
}

/// Polls for the first time, and does something in the middle of that: when the waker is cloned. Then
/// the future must have ended, or its task must have been woken, so that it ends.
#[track_caller]
pub(crate) fn end_of_a_wait_that_begins_while<O>(
    act: impl FnOnce() + Send + 'static,
    future: impl Future<Output = O>,
) -> O {
    let act = Mutex::new(Some(act));
    let task = Task::with(move |event| {
        let act = act.lock().unwrap().take_if(|_| event == Event::Clone);
        if let Some(act) = act {
            act();
        }
    });
    let mut future = pin!(future);
    if let Poll::Ready(output) = task.poll(&mut future) {
        return output;
    }
    assert!(task.seen().woken > 0, "it sleeps");
    match task.poll(&mut future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it still waits"),
    }
}

/// What a future returns that does not wait.
#[track_caller]
pub(crate) fn at_once<O>(future: impl Future<Output = O>) -> O {
    future.now_or_never().expect("it waits")
}

/// Does it wait when it is polled once? It is dropped then.
pub(crate) fn waits<O>(future: impl Future<Output = O>) -> bool {
    future.now_or_never().is_none()
}

/// The message of the panic that ends `body`.
#[track_caller]
pub(crate) fn panics<O>(body: impl FnOnce() -> O) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { panic!("it does not panic") };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => String::from(*payload.downcast::<&str>().expect("a panic with a message")),
    }
}

/// Does the type have the trait? Where `type` has not, the constant of the trait is found.
macro_rules! has {
    ($type:ty: $trait:path) => {{
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "one of the two is")]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for Probe<T> {}
        #[allow(dead_code, reason = "one of the two is")]
        impl<T: ?Sized + $trait> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$type>>::HAS
    }};
}

/// The same of a value whose type has no name.
macro_rules! is_unpin {
    ($value:expr) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        impl<T> Probe<T> {
            fn of(_: &T) -> Self {
                Self(std::marker::PhantomData)
            }
        }
        #[allow(dead_code, reason = "one of the two is")]
        trait Otherwise {
            fn is(self) -> bool;
        }
        impl<T> Otherwise for Probe<T> {
            fn is(self) -> bool {
                false
            }
        }
        #[allow(dead_code, reason = "one of the two is")]
        impl<T: Unpin> Probe<T> {
            fn is(self) -> bool {
                true
            }
        }
        Probe::of(&$value).is()
    }};
}

pub(crate) use {has, is_unpin};
