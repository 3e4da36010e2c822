//! The threads and the runtime on which worlds run.

use crate::posts::Post;
use futures::{FutureExt, executor::block_on, future::join_all};
use overwrite_channel::watch;
use std::{
    cell::Cell,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Barrier},
    thread,
};
use support::dice::Dice;
use tokio::{
    runtime::Builder,
    task::{JoinHandle, spawn, spawn_blocking},
};

const WORKERS: usize = 2;

/// Where an actor runs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// On a thread of its own, where it may block.
    Thread,
    /// As a task of the runtime.
    Task,
}

/// What one actor does from its beginning to its end.
pub(crate) struct Part {
    post: Arc<Post>,
    /// Drawn by [`deal`], unless only one is possible.
    place: Option<Place>,
    body: Pin<Box<dyn Future<Output = ()> + Send>>,
}

thread_local! {
    static MAY_BLOCK: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` for an actor that has a thread of its own.
pub(crate) fn may_block() -> bool {
    MAY_BLOCK.get()
}

impl Part {
    pub(crate) fn new(post: Arc<Post>, body: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { post, place: None, body: Box::pin(body) }
    }

    /// Leaves it no choice where it runs.
    pub(crate) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    fn start(self) -> JoinHandle<()> {
        let Self { post, place, body } = self;
        let body = async move {
            // The body is dropped where this statement ends.
            let result = AssertUnwindSafe(body).catch_unwind().await;
            post.end(&result);
        };
        match place {
            Some(Place::Thread) => spawn_blocking(|| {
                MAY_BLOCK.set(true);
                block_on(body);
            }),
            Some(Place::Task) | None => spawn(body),
        }
    }
}

/// Draws parts that run on threads: at most so many, beside those that have to.
pub(crate) fn deal(parts: &mut [Part], threads: usize, dice: &mut Dice) {
    for _ in 0..threads {
        let drawn = dice.below(parts.len());
        parts[drawn].place.get_or_insert(Place::Thread);
        // The parts also begin in another order.
        parts.swap(0, drawn);
    }
}

/// Runs all parts at once, to their end.
pub(crate) async fn run(parts: impl IntoIterator<Item = Part>) {
    let parts: Vec<_> = parts.into_iter().map(Part::start).collect();
    for ended in join_all(parts).await {
        ended.expect("its panics were caught");
    }
}

/// Runs `body` in a runtime of its own, with so many threads for actors that may block. With it, all that tokio keeps ends.
pub(crate) fn in_runtime(threads: usize, body: impl Future) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(threads)
        .enable_time()
        .build()
        .expect("a runtime can be started");
    runtime.block_on(body);
}

/// Lets `arc_swap` make its records, one for each thread, before bytes are counted: it keeps them for later threads. There
/// are three times as many as such a runtime has threads, because a thread leaves out a record that is in use just then.
pub(crate) fn make_records(threads: usize) {
    let all = &Barrier::new(3 * (threads + WORKERS));
    let make = || {
        let (tx, rx) = watch::channel(0);
        assert!(*rx.borrow() == 0 && tx.send(1).is_ok());
        // Until then, no other thread can have this one's record.
        all.wait();
    };
    thread::scope(|scope| (0..3 * (threads + WORKERS)).for_each(|_| _ = scope.spawn(make)));
}
