//! A channel whose receivers all see the newest value: `tokio::sync::watch` without its lock.
//!
//! [`channel`] makes a [`Sender`] and a [`Receiver`] around a first value. Every receiver can look at the newest value, and
//! can wait until there is a newer one than it has seen: as a task on any runtime, or as a thread.
//!
//! * [`borrow`](Receiver::borrow) takes no lock. The [`Ref`] that it returns delays no sender, however long it is kept: across
//!   a send in the same thread, or across an `.await`.
//! * [`changed`](Receiver::changed) and [`wait_for`](Receiver::wait_for) wait as a task,
//!   [`blocking_changed`](Receiver::blocking_changed) and [`blocking_wait_for`](Receiver::blocking_wait_for) as a thread.
//! * A receiver sees each change at most once, always the newest, and never an older value after a newer one.
//!   [`skipped`](Receiver::skipped) returns how many changes it did not see.
//! * A [`send`](Sender::send) stores nothing if there is no receiver; [`send_replace`](Sender::send_replace) does.
//!
//! Each send allocates the value. The thread that drops the last reference to a replaced value drops the value: a sender, or
//! the holder of the last [`Ref`].
//!
//! Names and meaning are those of tokio. [Coming from tokio](crate::guides::from_tokio_watch) lists the differences.
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
//! # Implementation
//!
//! The value lies in an `arc_swap::ArcSwap`, together with its version. A sender replaces both by one compare-and-exchange,
//! so versions only rise. Then it raises the version in one word. Receivers learn of the version by that word, and the
//! sender learns by it whether a receiver waits.

#![forbid(unsafe_code)]

mod blocking;
mod changed;
pub mod error;
mod receiver;
mod select;
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

/// Makes a channel whose receivers all see the newest value. At first that is `init`, which counts as seen.
///
/// Both handles can be cloned. [`Sender::subscribe`] makes more receivers, too.
///
/// # Progress
///
/// **Wait-free**. This excludes the allocator: two allocations hold the value and the channel.
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
