//! The threads and the runtime on which all worlds run. They are the same from the beginning to the end, so that what a
//! thread keeps for itself (`arc_swap` has a record for each) is there before bytes are counted.

use crate::posts::Post;
use futures::{FutureExt, executor::block_on, future::join_all};
use overwrite_channel::watch;
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    iter::{repeat_n, repeat_with},
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    time::Duration,
};
use support::dice::Dice;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, spawn, spawn_blocking, yield_now},
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

/// Draws which parts run on threads, of which there are at most so many.
pub(crate) fn deal(parts: &mut [Part], mut threads: usize, dice: &mut Dice) {
    threads -= parts.iter().filter(|part| part.place == Some(Place::Thread)).count();
    for unshuffled in (1..=parts.len()).rev() {
        parts.swap(unshuffled - 1, dice.below(unshuffled));
        let part = &mut parts[unshuffled - 1];
        if part.place.is_none() && threads > 0 && (unshuffled <= threads || dice.one_in(2)) {
            part.place = Some(Place::Thread);
            threads -= 1;
        }
    }
}

/// Runs all parts at once, to their end.
pub(crate) async fn run(parts: impl IntoIterator<Item = Part>) {
    let parts: Vec<_> = parts.into_iter().map(Part::start).collect();
    for ended in join_all(parts).await {
        ended.expect("its panics were caught");
    }
}

/// Makes the runtime, with so many threads for actors that may block, and lets every thread keep what it ever will.
pub(crate) fn runtime(threads: usize) -> Runtime {
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(threads)
        .thread_keep_alive(Duration::from_secs(u32::MAX.into()))
        .enable_time()
        .build()
        .expect("a runtime can be started");
    let context = runtime.enter();
    let all = Arc::new(Barrier::new(threads + WORKERS + 1));
    let places = repeat_n(Place::Thread, threads).chain([Place::Task; WORKERS]);
    let warm_up =
        |place| Part::new(Post::new(0, "warm-up", 0), warm_up(Arc::clone(&all))).at(place).start();
    let mut parts: Vec<_> = places.map(warm_up).collect();
    // While all threads wait, as many more jobs as ever do wait for one of them.
    parts.extend(repeat_with(|| spawn_blocking(|| ())).take(threads));
    all.wait();
    runtime.block_on(join_all(parts));
    drop(context);
    runtime
}

/// Makes this thread have its record of `arc_swap`, while all other threads do the same.
async fn warm_up(all: Arc<Barrier>) {
    {
        let (tx, rx) = watch::channel(0);
        let looks: [_; 20] = std::array::from_fn(|_| rx.borrow());
        all.wait();
        assert!(looks.iter().all(|look| **look == 0));
        assert!(tx.send(1).is_ok());
    }
    if !may_block() {
        // Tasks that yield wait in a vector that their worker keeps. This makes it larger than it ever needs to be.
        let this = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        for _ in 0..512 {
            // The same waker twice in a row would count once.
            for waker in [&this, Waker::noop()] {
                let yielded = pin!(yield_now()).poll(&mut Context::from_waker(waker));
                assert!(yielded.is_pending());
            }
        }
    }
}
