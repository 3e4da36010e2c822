//! Whether another thread is parked, as the system says.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long to wait for another thread before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time in which a thread parks, where the system does not report its state.
const A_WHILE: Duration = Duration::from_micros(300);

/// A thread, as other threads see it. Looking at it allocates nothing.
pub(crate) struct Sleeper {
    /// `None` on other systems than Linux.
    state: Option<PathBuf>,
}

impl Sleeper {
    pub(crate) fn this_thread() -> Self {
        let thread = fs::read_link("/proc/thread-self").ok();
        Self { state: thread.map(|thread| Path::new("/proc").join(thread).join("stat")) }
    }

    /// Returns `true` if the thread sleeps; where the system does not report that, after [`A_WHILE`].
    pub(crate) fn is_asleep(&self) -> bool {
        let mut line = [0; 256];
        let length = self.state.as_ref().map(|path| File::open(path)?.read(&mut line));
        let Some(Ok(length)) = length else {
            thread::sleep(A_WHILE);
            return true;
        };
        // The number, the name in parentheses, the state. Only the name may hold a parenthesis.
        let name_ends = line[..length].iter().rposition(|byte| *byte == b')');
        name_ends.is_some_and(|end| line[end..].starts_with(b") S"))
    }

    pub(crate) fn until_asleep(&self) {
        until("the receiver parks", || self.is_asleep());
    }
}

/// Looks until `is_so` returns `true`.
///
/// # Panics
/// If it takes longer than any thread that is alive.
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waiting in vain: {what}");
        thread::yield_now();
    }
}
