//! The threads and the runtime on which all worlds run. They are the same from the beginning to the end, so
//! that what a thread keeps for itself (`arc_swap` has a record for each, tokio a vector) is there before bytes are counted.

use overwrite_channel::watch;
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Barrier, Condvar, Mutex},
    task::{Context, Poll, Waker},
    thread,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

pub(crate) const THREADS: usize = 4;
const WORKERS: usize = 2;

type Job = Box<dyn FnOnce() + Send>;
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What one actor does from its beginning to its end.
pub(crate) enum Part {
    Thread(Job),
    Task(Task),
}

impl Part {
    pub(crate) fn thread(body: impl FnOnce() + Send + 'static) -> Self {
        Self::Thread(Box::new(body))
    }

    pub(crate) fn task(body: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Task(Box::pin(body))
    }
}

/// Tasks that yield wait in a vector that their worker keeps: it grows here to more than are ever in it.
fn make_room(cx: &mut Context<'_>) -> Poll<()> {
    for _ in 0..64 {
        // The same one twice in a row would count once.
        for waker in [cx.waker(), Waker::noop()] {
            let yielded = pin!(yield_now()).poll(&mut Context::from_waker(waker));
            assert!(yielded.is_pending());
        }
    }
    Poll::Ready(())
}

/// Where a thread of the crew finds its next job.
#[derive(Default)]
struct Desk {
    job: Mutex<Option<Job>>,
    came: Condvar,
}

/// How many parts still run.
#[derive(Default)]
struct Running {
    parts: Mutex<usize>,
    ended: Condvar,
}

/// A part that runs; dropped when all that it held is.
struct Guard(Arc<Running>);

impl Drop for Guard {
    fn drop(&mut self) {
        *self.0.parts.lock().unwrap() -= 1;
        self.0.ended.notify_all();
    }
}

pub(crate) struct Crew {
    desks: Vec<Arc<Desk>>,
    runtime: Runtime,
    running: Arc<Running>,
}

impl Crew {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_time().build();
        let runtime = runtime.unwrap_or_else(|error| {
            crate::posts::fail(&format!("no runtime could be started: {error}"))
        });
        let desks: Vec<Arc<Desk>> = (0..THREADS).map(|_| Arc::default()).collect();
        for desk in &desks {
            let desk = Arc::clone(desk);
            thread::spawn(move || {
                loop {
                    let job = desk.came.wait_while(desk.job.lock().unwrap(), |job| job.is_none());
                    let job = job.unwrap().take().expect("it was waited for");
                    job();
                }
            });
        }
        let crew = Self { desks, runtime, running: Arc::default() };
        crew.warm_up();
        crew
    }

    /// Lets every thread, all at once, have its record of `arc_swap` and whatever else it keeps.
    fn warm_up(&self) {
        let all = Arc::new(Barrier::new(THREADS + WORKERS));
        let look = move || {
            let (tx, rx) = watch::channel(0);
            let looks: [_; 20] = std::array::from_fn(|_| rx.borrow());
            all.wait();
            assert!(looks.iter().all(|look| **look == 0));
            assert!(tx.send(1).is_ok());
        };
        let threads = (0..THREADS).map(|_| Part::thread(look.clone()));
        let tasks = (0..WORKERS).map(|_| {
            let look = look.clone();
            Part::task(async move {
                look();
                poll_fn(make_room).await;
            })
        });
        self.run(threads.chain(tasks).collect());
    }

    /// Runs all parts at once, at most `THREADS` of which are threads', to their end.
    pub(crate) fn run(&self, parts: Vec<Part>) {
        *self.running.parts.lock().unwrap() = parts.len();
        let mut desks = self.desks.iter();
        for part in parts {
            let guard = Guard(Arc::clone(&self.running));
            match part {
                Part::Thread(body) => {
                    let desk = desks.next().expect("no more parts than threads");
                    *desk.job.lock().unwrap() = Some(Box::new(move || {
                        body();
                        drop(guard);
                    }));
                    desk.came.notify_one();
                }
                Part::Task(body) => {
                    self.runtime.spawn(async move {
                        body.await;
                        drop(guard);
                    });
                }
            }
        }
        let parts = self.running.parts.lock().unwrap();
        drop(self.running.ended.wait_while(parts, |parts| *parts > 0).unwrap());
    }
}
