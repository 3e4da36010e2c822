//! A channel that holds one value: the newest that nobody has read yet.
//!
//! [`channel()`] makes a [`Sender`] and a [`Receiver`], which can both be cloned.
//!
//! * [`send`](Sender::send) is wait-free. It replaces the value nobody has read yet, hands the stale
//!   one back, and never waits or allocates.
//! * [`send_newest`](Sender::send_newest) does so unless what it would replace is newer.
//! * [`try_recv`](Receiver::try_recv) takes the value if there is one; it is wait-free, too.
//! * [`recv`] waits for a value, [`recv_timeout`] for at most
//!   some time, [`recv_matching`] for a value that matches.
//! * [`recv_async`](Receiver::recv_async) waits as a task, on any runtime. Threads and tasks can wait for
//!   the same channel.
//! * [`wait_any`] waits for several channels at once, as a thread.
//! * [`into_shared`](Sender::into_shared) makes a sender that sends through `&self`.
//!
//! Each value sent is, exactly once: received by one receiver, or handed back to the sender that
//! displaced it, or handed back in [`SendError`], or dropped with the channel.
//!
//! # Examples
//!
//! A worker announces its progress to a supervisor that looks when it has time, and must neither hold
//! the worker up nor work through old news:
//!
//! ```
//! use std::{thread, time::Duration};
//!
//! let (mut tx, mut rx) = overwrite_channel::channel();
//!
//! let worker = thread::spawn(move || {
//!     for done in 1..=100 {
//!         let _stale = tx.send(done); // at once, whatever the supervisor does
//!     }
//! });
//!
//! let mut progress = 0;
//! while let Ok(done) = rx.recv_timeout(Duration::from_secs(10)) {
//!     assert!(done > progress); // the freshest, never older than the last
//!     progress = done;
//! }
//! assert_eq!(progress, 100); // the last value survives its sender
//! worker.join().unwrap();
//! ```
//!
//! # What the compiler checks
//!
//! A handle owns the room for its next value, so a send takes `&mut self` (but for a [`SharedSender`]'s),
//! and a value crosses threads, so it must be `Send`:
//!
//! ```
//! let (mut tx, rx) = overwrite_channel::channel();
//! std::thread::scope(|scope| {
//!     let mut other = tx.clone();
//!     scope.spawn(move || tx.send(1));
//!     scope.spawn(move || other.send(2));
//! });
//! # drop(rx);
//! ```
//!
//! ```compile_fail,E0596
//! let (tx, rx) = overwrite_channel::channel();
//! std::thread::scope(|scope| {
//!     let other = &tx;
//!     scope.spawn(|| tx.send(1));
//!     scope.spawn(|| other.send(2));
//! });
//! # drop(rx);
//! ```
//!
//! ```
//! let (mut tx, rx) = overwrite_channel::channel();
//! std::thread::spawn(move || tx.send(std::sync::Arc::new(1)));
//! # drop(rx);
//! ```
//!
//! ```compile_fail,E0277
//! let (mut tx, rx) = overwrite_channel::channel();
//! std::thread::spawn(move || tx.send(std::rc::Rc::new(1)));
//! # drop(rx);
//! ```
//!
//! # Features
//!
//! * `std` (default): the calls that park a thread. Without it the crate is `no_std` and needs `alloc`;
//!   waiting as a task is there.
//! * `watch` (default): [`watch`], the channel whose every receiver sees the newest value. It needs `std`, and
//!   a target with 64-bit atomics.
//! * `stream`: `Stream` and `FusedStream` for [`Receiver`], `FusedFuture` for the futures.
//! * `sink`: `Sink` for [`Sender`] and [`SharedSender`].

#![no_std]
// Links to what is not compiled lead to the list of features.
#![doc = ""]
#![cfg_attr(feature = "std", doc = "[`recv`]: Receiver::recv")]
#![cfg_attr(feature = "std", doc = "[`recv_timeout`]: Receiver::recv_timeout")]
#![cfg_attr(feature = "std", doc = "[`recv_matching`]: Receiver::recv_matching")]
#![cfg_attr(not(feature = "std"), doc = "[`recv`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`recv_timeout`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`recv_matching`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`wait_any`]: #features")]
#![cfg_attr(not(all(feature = "watch", target_has_atomic = "64")), doc = "[`watch`]: #features")]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod channel;
mod core;
mod error;
mod sync;
mod wait;
#[cfg(all(feature = "watch", target_has_atomic = "64"))]
pub mod watch;

#[cfg(feature = "std")]
pub use channel::{IntoIter, Iter, Waitable, wait_any, wait_any_deadline, wait_any_timeout};
pub use channel::{
    Receiver, RecvFuture, RecvMatchingFuture, Sender, SharedSender, TryIter, channel,
};
#[cfg(feature = "std")]
pub use error::RecvTimeoutError;
pub use error::{RecvError, SendError, TryRecvError};
pub use wait::ClosedFuture;

/// The README's examples, run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
