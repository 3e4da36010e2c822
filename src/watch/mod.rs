//! The newest value, seen by everybody: `tokio::sync::watch` without its lock.
//!
//! [`channel`] makes a [`Sender`] and a [`Receiver`] around a first value. Every receiver looks at the
//! newest value there is, and can wait until there is a newer one than it has seen: as a task on any
//! runtime, or as a thread.
//!
//! * [`borrow`](Receiver::borrow) takes no lock. The [`Ref`] it returns may be kept as long as one
//!   likes, across a send in the same thread or an `.await`, and delays no sender.
//! * [`changed`](Receiver::changed) and [`wait_for`](Receiver::wait_for) wait as a task,
//!   [`blocking_changed`](Receiver::blocking_changed) and its like as a thread.
//! * A receiver sees each change at most once, always the newest, and never an older value after a
//!   newer one; [`skipped`](Receiver::skipped) says how many it did not see.
//!
//! Names and meaning are those of tokio's; what differs, and why, is told in `docs/from-tokio-watch.md`.
//!
//! # Examples
//!
//! ```
//! use overwrite_channel::watch;
//!
//! # futures::executor::block_on(async {
//! let (tx, mut rx) = watch::channel("the first configuration");
//! assert_eq!(*rx.borrow(), "the first configuration");
//!
//! let reload = std::thread::spawn(move || tx.send("the second"));
//!
//! rx.changed().await.unwrap();
//! assert_eq!(*rx.borrow_and_update(), "the second");
//! assert!(rx.changed().await.is_err()); // no sender is left
//! # reload.join().unwrap().unwrap();
//! # });
//! ```
//!
//! # What the compiler checks
//!
//! All handles share the value, as those of an [`Arc`] do. They are unwind safe if the value is so through a
//! shared reference, because a panic may leave a value half changed that changes through one:
//!
//! ```
//! use std::{panic::catch_unwind, sync::atomic::{AtomicU32, Ordering::Relaxed}};
//!
//! let (_tx, rx) = overwrite_channel::watch::channel(AtomicU32::new(1));
//! assert!(catch_unwind(|| rx.borrow().store(2, Relaxed)).is_ok());
//! ```
//!
//! ```compile_fail,E0277
//! use std::{cell::Cell, panic::catch_unwind};
//!
//! let (_tx, rx) = overwrite_channel::watch::channel(Cell::new(1));
//! assert!(catch_unwind(|| rx.borrow().set(2)).is_ok());
//! ```
//!
//! # How it works
//!
//! The value lies in an `arc_swap::ArcSwap`, together with its version. A sender replaces both by one
//! compare-and-exchange, so versions only rise. Then it raises the version in one word, by
//! which receivers learn of it, and by which it learns whether anybody waits.

#![forbid(unsafe_code)]

mod blocking;
mod changed;
pub mod error;
mod receiver;
mod sender;
mod shared;
mod state;
#[cfg(feature = "stream")]
mod stream;
mod value;

pub use crate::wait::ClosedFuture;
pub use changed::{ChangedFuture, WaitForFuture};
pub use receiver::Receiver;
pub use sender::Sender;
pub use value::Ref;

use alloc::sync::Arc;
use shared::Shared;

/// Makes a channel whose every receiver sees the newest value: at first `init`, which counts as seen.
///
/// Both handles can be cloned; more receivers come from [`Sender::subscribe`], too.
///
/// # Examples
///
/// ```
/// let (tx, rx) = overwrite_channel::watch::channel(1);
/// tx.send(2).unwrap();
/// assert_eq!(*rx.borrow(), 2);
/// ```
#[must_use]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(init));
    let receiver = Receiver::new(Arc::clone(&shared), 1, 0);
    (Sender::from_counted(shared), receiver)
}
