//! Is another thread asleep? The kernel says so; without it (not on Linux) nobody knows, and those
//! who ask go on at once.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
    time::Duration,
};

/// The one thread that a test waits for, which says who it is before it blocks.
#[derive(Default)]
pub(crate) struct Sleeper(AtomicU32);

impl Sleeper {
    /// Called in the thread itself; from here on, nothing may block it but the call under test.
    pub(crate) fn is_this_thread(&self) {
        // `/proc/thread-self` leads to `PID/task/TID`.
        let tid = fs::read_link("/proc/thread-self")
            .ok()
            .and_then(|link| link.file_name()?.to_str()?.parse().ok())
            .unwrap_or(0);
        self.0.store(tid, SeqCst);
    }

    /// Returns once the thread has said who it is and sleeps.
    pub(crate) fn until_asleep(&self) {
        if cfg!(not(target_os = "linux")) {
            return;
        }
        while !self.is_asleep() {
            thread::yield_now();
        }
    }

    /// Does it look, or yield, whenever one asks for a while?
    #[allow(dead_code, reason = "not each test asks")]
    pub(crate) fn stays_awake(&self) -> bool {
        while self.0.load(SeqCst) == 0 && cfg!(target_os = "linux") {
            thread::yield_now();
        }
        (0..100).all(|_| {
            thread::sleep(Duration::from_micros(100));
            !self.is_asleep()
        })
    }

    fn is_asleep(&self) -> bool {
        let tid = self.0.load(SeqCst);
        // `TID (NAME) STATE …`; a name may hold anything but ends with the last parenthesis.
        fs::read_to_string(format!("/proc/self/task/{tid}/stat"))
            .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S')))
    }
}
