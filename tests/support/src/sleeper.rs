//! Whether another thread is asleep. The kernel knows; on systems other than Linux, and under Miri, a caller goes on at
//! once.

use std::{
    fs::File,
    io::{Read, Seek},
    sync::OnceLock,
    thread,
    time::Duration,
};

const KERNEL_KNOWS: bool = cfg!(all(target_os = "linux", not(miri)));

/// The one thread that a test waits for: what the kernel says of it, which stays open, because a test may forbid files.
#[derive(Debug, Default)]
pub struct Sleeper(OnceLock<File>);

impl Sleeper {
    /// Says that the calling thread is the one. From here on, only the call under test may block it.
    pub fn is_this_thread(&self) {
        if let Ok(stat) = File::open("/proc/thread-self/stat") {
            self.0.set(stat).expect("it is one thread");
        }
    }

    /// Returns once the thread is known and sleeps.
    pub fn until_asleep(&self) {
        if KERNEL_KNOWS {
            while !self.is_asleep() {
                thread::yield_now();
            }
        }
    }

    /// Returns `true` if the thread was never seen asleep in a hundred looks.
    fn stays_awake(&self) -> bool {
        while self.0.get().is_none() && KERNEL_KNOWS {
            thread::yield_now();
        }
        (0..100).all(|_| {
            thread::sleep(Duration::from_micros(100));
            !self.is_asleep()
        })
    }

    /// Returns `true` if the thread is known and sleeps; `false` on systems other than Linux.
    pub fn is_asleep(&self) -> bool {
        let Some(mut stat) = self.0.get() else { return false };
        let mut text = String::new();
        // `TID (NAME) STATE …`; a name may hold anything but ends with the last parenthesis.
        stat.rewind().and_then(|()| stat.read_to_string(&mut text)).is_ok()
            && text.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    }
}

/// Starts `wait` in another thread, does `then` once that thread sleeps or has ended, and returns what `wait` returned.
pub fn asleep<R: Send>(wait: impl FnOnce() -> R + Send, then: impl FnOnce()) -> R {
    let until = |sleeper: &Sleeper, has_ended: &dyn Fn() -> bool| {
        // A wait with a timeout may end before this thread is run.
        while KERNEL_KNOWS && !sleeper.is_asleep() && !has_ended() {
            thread::yield_now();
        }
    };
    beside(wait, until, then)
}

/// Starts `wait` in another thread, checks that this does not sleep, does `then`, and returns what `wait` returned.
pub fn awake<R: Send>(wait: impl FnOnce() -> R + Send, then: impl FnOnce()) -> R {
    beside(wait, |sleeper, _| assert!(sleeper.stays_awake(), "it sleeps"), then)
}

fn beside<R: Send>(
    wait: impl FnOnce() -> R + Send,
    until: impl FnOnce(&Sleeper, &dyn Fn() -> bool),
    then: impl FnOnce(),
) -> R {
    let sleeper = Sleeper::default();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            sleeper.is_this_thread();
            wait()
        });
        until(&sleeper, &|| waiter.is_finished());
        then();
        waiter.join().unwrap()
    })
}
