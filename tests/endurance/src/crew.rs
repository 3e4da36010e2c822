//! The threads and the runtime on which all worlds run, a few crews side by side. They are the same from the
//! beginning to the end, so that what a thread keeps for itself (`arc_swap` has a record for each, tokio a
//! vector) is there before bytes are counted.

use crate::posts::{Post, Who, fail};
use futures::FutureExt;
use overwrite_channel::watch;
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
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
pub(crate) struct Part {
    who: Who,
    body: Body,
}

enum Body {
    Thread(Job),
    Task(Task),
}

impl Part {
    pub(crate) fn thread(who: Who, body: impl FnOnce() + Send + 'static) -> Self {
        Self { who, body: Body::Thread(Box::new(body)) }
    }

    pub(crate) fn task(who: Who, body: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { who, body: Body::Task(Box::pin(body)) }
    }
}

/// Tasks that yield wait in a vector that their worker keeps: it grows here to more than are ever in it.
fn make_room(cx: &mut Context<'_>) -> Poll<()> {
    for _ in 0..512 {
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
    job: Mutex<Option<(Job, Shift)>>,
    came: Condvar,
}

/// How many parts still run.
#[derive(Default)]
struct Running {
    parts: Mutex<usize>,
    ended: Condvar,
}

/// A part that runs, and by whom.
struct Shift {
    who: Who,
    running: Arc<Running>,
}

impl Shift {
    /// Counts the part out, of which nothing is left.
    fn end(self, result: &thread::Result<()>) {
        let Self { who, running } = self;
        who.has_ended(result);
        drop(who);
        *running.parts.lock().unwrap() -= 1;
        running.ended.notify_all();
    }
}

pub(crate) struct Crew {
    desks: Vec<Arc<Desk>>,
    runtime: Arc<Runtime>,
    running: Arc<Running>,
}

impl Crew {
    /// So many, with one runtime, and one more, of a thread for each of them.
    pub(crate) fn several(crews: usize) -> (Self, Vec<Arc<Self>>) {
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_time().build();
        let runtime =
            runtime.unwrap_or_else(|error| fail(&format!("no runtime could be started: {error}")));
        let runtime = Arc::new(runtime);
        let leaders = Self::new(crews, Arc::clone(&runtime));
        let crews = (0..crews).map(|_| Arc::new(Self::new(THREADS, Arc::clone(&runtime))));
        let crews: Vec<_> = crews.collect();
        warm_up(&leaders, &crews);
        (leaders, crews)
    }

    fn new(threads: usize, runtime: Arc<Runtime>) -> Self {
        let desks: Vec<Arc<Desk>> = (0..threads).map(|_| Arc::default()).collect();
        for desk in &desks {
            let desk = Arc::clone(desk);
            thread::spawn(move || {
                loop {
                    let job = desk.came.wait_while(desk.job.lock().unwrap(), |job| job.is_none());
                    let (job, shift) = job.unwrap().take().expect("it was waited for");
                    // The call frees the job, too.
                    let result = catch_unwind(AssertUnwindSafe(job));
                    shift.end(&result);
                }
            });
        }
        Self { desks, runtime, running: Arc::default() }
    }

    /// Runs all parts at once, of which no more are threads' than it has, to their end.
    pub(crate) fn run(&self, parts: Vec<Part>) {
        self.start(parts);
        self.wait();
    }

    fn start(&self, parts: Vec<Part>) {
        *self.running.parts.lock().unwrap() = parts.len();
        let mut desks = self.desks.iter();
        for Part { who, body } in parts {
            let shift = Shift { who, running: Arc::clone(&self.running) };
            match body {
                Body::Thread(job) => {
                    let desk = desks.next().expect("no more parts than threads");
                    *desk.job.lock().unwrap() = Some((job, shift));
                    desk.came.notify_one();
                }
                Body::Task(task) => {
                    self.runtime.spawn(async move {
                        // The task is dropped where this statement ends.
                        let result = AssertUnwindSafe(task).catch_unwind().await;
                        shift.end(&result);
                    });
                }
            }
        }
    }

    fn wait(&self) {
        let parts = self.running.parts.lock().unwrap();
        drop(self.running.ended.wait_while(parts, |parts| *parts > 0).unwrap());
    }
}

/// Lets every thread, all at once, have its record of `arc_swap` and whatever else it keeps.
fn warm_up(leaders: &Crew, crews: &[Arc<Crew>]) {
    let all_crews = || crews.iter().map(Arc::as_ref).chain([leaders]);
    let threads: usize = all_crews().map(|crew| crew.desks.len()).sum();
    let all = Arc::new(Barrier::new(threads + WORKERS));
    let look = move || {
        let (tx, rx) = watch::channel(0);
        let looks: [_; 20] = std::array::from_fn(|_| rx.borrow());
        all.wait();
        assert!(looks.iter().all(|look| **look == 0));
        assert!(tx.send(1).is_ok());
    };
    let post = Post::new(0, "warm-up");
    let threads = |crew: &Crew| {
        let parts = crew.desks.iter().map(|_| Part::thread(post.who(), look.clone()));
        parts.collect::<Vec<_>>()
    };
    let tasks = (0..WORKERS).map(|_| {
        let look = look.clone();
        Part::task(post.who(), async move {
            look();
            poll_fn(make_room).await;
        })
    });
    leaders.start(threads(leaders).into_iter().chain(tasks).collect());
    for crew in crews {
        crew.start(threads(crew));
    }
    all_crews().for_each(Crew::wait);
}
