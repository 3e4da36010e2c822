//! The switch between the atomics and threads of `core` and `std`, of loom, and of shuttle.
//!
//! The private cfgs `overwrite_loom` and `overwrite_shuttle` set it, never plain `loom`: `RUSTFLAGS="--cfg loom"` for another
//! crate must not change this one. `overwrite_late` delays the real atomics, for tests that look for narrow races.

#![forbid(unsafe_code)]

#[cfg(not(any(overwrite_loom, overwrite_shuttle)))]
pub(crate) use real::*;

#[cfg(any(overwrite_loom, overwrite_shuttle))]
pub(crate) use modelled::*;

#[cfg(all(any(overwrite_loom, overwrite_shuttle), feature = "watch"))]
mod arc_swap;

#[cfg(not(overwrite_loom))]
mod cell;

#[cfg(overwrite_late)]
mod late;

/// Stores a value in an atomic that other threads change by read-modify-writes. No thread relies on a release sequence
/// through the store.
pub(crate) trait Set {
    fn set(&self, value: u8, order: core::sync::atomic::Ordering);
}

#[cfg(not(any(overwrite_loom, overwrite_shuttle)))]
mod real {
    pub(crate) use super::cell::UnsafeCell;
    #[cfg(overwrite_late)]
    use super::late as atomic;
    #[cfg(all(feature = "watch", target_has_atomic = "64"))]
    pub(crate) use arc_swap::{ArcSwap, Guard};
    #[cfg(all(feature = "watch", target_has_atomic = "64"))]
    pub(crate) use atomic::AtomicU64;
    pub(crate) use atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};
    pub(crate) use core::hint::spin_loop;
    #[cfg(not(overwrite_late))]
    use core::sync::atomic;
    use core::sync::atomic::Ordering;
    #[cfg(feature = "std")]
    pub(crate) use thread::*;

    /// Reads an atomic that only the caller can access.
    pub(crate) fn get_mut<T>(atomic: &mut AtomicPtr<T>) -> *mut T {
        *atomic.get_mut()
    }

    impl super::Set for AtomicU8 {
        #[inline]
        fn set(&self, value: u8, order: Ordering) {
            self.store(value, order);
        }
    }

    #[cfg(feature = "std")]
    mod thread {
        pub(crate) use std::thread::{Thread, current, yield_now};
        use std::{
            thread,
            time::{Duration, Instant},
        };

        /// Whether a wait spins.
        pub(crate) const SPINS: bool = true;

        /// Lets a notifier run that has been preempted.
        pub(crate) fn rest() {
            thread::park_timeout(Duration::from_micros(50));
        }

        /// Returns `true` if `deadline` has passed. `None` never does.
        pub(crate) fn expired(deadline: Option<Instant>) -> bool {
            deadline.is_some_and(|at| Instant::now() >= at)
        }

        /// Parks until unparked, spuriously woken, or `deadline`. Returns `true` if the deadline has passed.
        pub(crate) fn park_until(deadline: Option<Instant>) -> bool {
            match deadline {
                None => thread::park(),
                Some(at) => match at.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => thread::park_timeout(left),
                    _ => return true,
                },
            }
            false
        }
    }
}

#[cfg(any(overwrite_loom, overwrite_shuttle))]
mod modelled {
    #[cfg(feature = "watch")]
    pub(crate) use super::arc_swap::{ArcSwap, Guard};
    #[cfg(overwrite_shuttle)]
    pub(crate) use super::cell::UnsafeCell;
    use core::sync::atomic::Ordering;
    #[cfg(overwrite_loom)]
    use loom as scheduler;
    #[cfg(overwrite_loom)]
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use scheduler::hint::spin_loop;
    #[cfg(feature = "watch")]
    pub(crate) use scheduler::sync::atomic::AtomicU64;
    pub(crate) use scheduler::sync::atomic::{
        AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicUsize,
    };
    pub(crate) use scheduler::thread::yield_now;
    #[cfg(overwrite_shuttle)]
    use shuttle as scheduler;
    #[cfg(overwrite_shuttle)]
    pub(crate) use shuttle::thread::{Thread, current, park};
    use std::time::Instant;
    #[cfg(overwrite_loom)]
    pub(crate) use thread::{Thread, current, park};

    pub(crate) fn get_mut<T>(atomic: &mut AtomicPtr<T>) -> *mut T {
        #[cfg(overwrite_loom)]
        return atomic.with_mut(|pointer| *pointer);
        #[cfg(overwrite_shuttle)]
        *atomic.get_mut()
    }

    /// loom lets a plain store pass the read-modify-writes of other threads.
    impl super::Set for AtomicU8 {
        fn set(&self, value: u8, order: Ordering) {
            self.swap(value, order);
        }
    }

    pub(crate) fn rest() {
        yield_now();
    }

    /// A model has no clock: a deadline passes when, and only when, the thread has waited for it.
    pub(crate) fn expired(_: Option<Instant>) -> bool {
        false
    }

    pub(crate) fn park_until(deadline: Option<Instant>) -> bool {
        if deadline.is_some() {
            yield_now();
            return true;
        }
        park();
        false
    }

    /// A model does not spin: each look more multiplies the schedules and finds nothing new.
    pub(crate) const SPINS: bool = false;

    #[cfg(overwrite_loom)]
    mod thread {
        use loom::sync::{Arc, Notify};

        loom::thread_local! {
            static CURRENT: Thread = Thread(Arc::new(Notify::new()));
        }

        /// loom's own `unpark` fails when it comes late, to a thread that waits for something else by
        /// then; a `Notify` for each thread keeps the token, as the standard library does.
        #[derive(Debug, Clone)]
        pub(crate) struct Thread(Arc<Notify>);

        impl Thread {
            pub(crate) fn unpark(&self) {
                self.0.notify();
            }
        }

        pub(crate) fn current() -> Thread {
            CURRENT.with(Thread::clone)
        }

        pub(crate) fn park() {
            current().0.wait();
        }
    }
}
