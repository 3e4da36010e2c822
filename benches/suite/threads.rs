//! Where threads run, and how they wait for each other without disturbing what is measured.

use core_affinity::{CoreId, get_core_ids, set_for_current};
use crossbeam_utils::CachePadded;
use std::{
    fmt, fs,
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use support::sleeper::Sleeper;

/// How long to wait for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The two cores of two threads.
#[derive(Clone, Copy)]
pub(crate) enum Pair {
    Pinned {
        here: CoreId,
        there: CoreId,
    },
    /// The system may move the threads.
    Floating,
}

impl Pair {
    /// Chooses two cores of those this process may use (`taskset` narrows them down), and pins this thread to the
    /// first. Returns `None` if there is one core only, because two polling threads would take turns there.
    pub(crate) fn pinned() -> Option<Self> {
        let floating = Self::floating()?;
        let cores = get_core_ids().unwrap_or_default();
        let [here, others @ ..] = cores.as_slice() else { return Some(floating) };
        // Not the first one's hyperthread, if there is a choice.
        let apart = others.iter().find(|core| siblings(**core) != siblings(*here));
        let Some(there) = apart.or(others.first()) else { return Some(floating) };
        let pinned = set_for_current(*here);
        Some(if pinned { Self::Pinned { here: *here, there: *there } } else { floating })
    }

    /// Returns `None` if there is one core only.
    pub(crate) fn floating() -> Option<Self> {
        thread::available_parallelism().is_ok_and(|cores| cores.get() > 1).then_some(Self::Floating)
    }

    /// Pins the calling thread to the second core.
    pub(crate) fn go_there(self) {
        if let Self::Pinned { there, .. } = self {
            set_for_current(there);
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { here, there } => {
                write!(f, "pinned to cores {} and {}", here.id, there.id)
            }
            Self::Floating => write!(f, "not pinned"),
        }
    }
}

/// The hyperthreads of a core, where the system says.
fn siblings(core: CoreId) -> Option<String> {
    let path = format!("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", core.id);
    fs::read_to_string(path).ok()
}

/// Starts a thread on the second core, and returns once it runs there. A thread starts on the core of its maker, and
/// could not leave it while that one polls.
pub(crate) fn start_there<R: Send + 'static>(
    pair: Option<Pair>,
    work: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    let (started, has_started) = mpsc::channel();
    let thread = thread::spawn(move || {
        if let Some(pair) = pair {
            pair.go_there();
        }
        let _ = started.send(());
        work()
    });
    has_started.recv().expect("the thread starts");
    thread
}

/// A thread on the second core that does the same over and over, until this is dropped. The two threads share nothing
/// that either writes meanwhile.
pub(crate) struct Companion {
    ended: Arc<CachePadded<AtomicBool>>,
    thread: Option<JoinHandle<()>>,
}

impl Companion {
    pub(crate) fn start(pair: Pair, mut turn: impl FnMut() + Send + 'static) -> Self {
        let ended = Arc::<CachePadded<AtomicBool>>::default();
        let is_over = Arc::clone(&ended);
        let thread = start_there(Some(pair), move || {
            while !is_over.load(Relaxed) {
                turn();
            }
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
        let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
        assert!(ended || thread::panicking(), "the companion ends well");
    }
}

/// The looks after which a thread that polls lets others run.
pub(crate) const LOOKS: u32 = 1 << 12;

/// Returns what `look` finds in the end. Yields after so many looks, because another thread may want this core. Panics
/// if it finds nothing for seconds.
pub(crate) fn poll<T>(looks: u32, mut look: impl FnMut() -> Option<T>) -> T {
    let mut begun = None;
    loop {
        for _ in 0..looks {
            if let Some(found) = look() {
                return found;
            }
            spin_loop();
        }
        let begun = begun.get_or_insert_with(Instant::now);
        assert!(begun.elapsed() < PATIENCE, "nothing comes from the other thread");
        thread::yield_now();
    }
}

/// Returns once the thread sleeps; where the system does not report that, after a while.
pub(crate) fn until_asleep(sleeper: &Sleeper) {
    if cfg!(target_os = "linux") {
        poll(1, || sleeper.is_asleep().then_some(()));
    } else {
        thread::sleep(Duration::from_micros(300));
    }
}

pub(crate) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
