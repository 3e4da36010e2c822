// Most examples make a channel on the heap: without it none is collected.
#![cfg(any(feature = "alloc", not(doctest)))]
//! A channel with one slot, which holds the newest value.
//!
//! A [`send`](Sender::send) replaces the value that no receiver has taken yet and returns it. It never waits and never
//! allocates. The last send to arrive wins; [`send_newest`](Sender::send_newest) is for senders that may overtake one another.
//!
//! # Which one
//!
//! | you want | use |
//! |---|---|
//! | each value to go to one receiver, which owns it | [`channel()`] |
//! | every receiver to see the newest value | [`watch`] |
//! | large values, filled in place and read in place | [`buffer`] |
//! | a channel in a `static`, without an allocator | [`StaticChannel`] |
//! | every value, in order | a queue, such as `std::sync::mpsc` or `crossbeam-channel` |
//!
//! The [guides] compare it with its neighbours, and contain the design and its proof.
//!
//! # Examples
//!
//! ```
//! use overwrite_channel::{TryRecvError, channel};
//! use std::thread;
//!
//! let (mut tx, mut rx) = channel();
//!
//! let worker = thread::spawn(move || {
//!     for done in 1..=100 {
//!         // Returns at once. The displaced value comes back.
//!         let _stale = tx.send(done);
//!     }
//! });
//!
//! // Waits for a value: the newest.
//! let mut progress = rx.recv().unwrap();
//!
//! // Looks without waiting.
//! loop {
//!     match rx.try_recv() {
//!         Ok(done) => progress = done,
//!         Err(TryRecvError::Empty) => thread::yield_now(),
//!         Err(TryRecvError::Disconnected) => break,
//!     }
//! }
//! // The last value survives its sender.
//! assert_eq!(progress, 100);
//! worker.join().unwrap();
//! ```
//!
//! # Overview
//!
//! [`channel()`] makes a [`Sender`] and a [`Receiver`], which can both be cloned. Receivers compete: each value goes to one
//! of them.
//!
//! | call | does | progress |
//! |---|---|---|
//! | [`send`](Sender::send) | replaces the unread value and returns it | wait-free |
//! | [`send_newest`](Sender::send_newest) | replaces the unread value, unless that is newer | lock-free |
//! | [`send_merged`](Sender::send_merged) | merges the new value with the unread one | lock-free |
//! | [`withdraw`](Sender::withdraw) | takes the unread value back | wait-free |
//! | [`into_shared`](Sender::into_shared) | makes a sender that sends through `&self` | wait-free |
//! | [`try_recv`](Receiver::try_recv) | takes the value if there is one | wait-free |
//! | [`recv`], [`recv_timeout`] | waits for a value, as a thread | waits |
//! | [`recv_matching`] | waits for a value that matches | waits |
//! | [`recv_async`](Receiver::recv_async) | waits for a value, as a task on any runtime | waits |
//! | [`wait_any`] | waits for several channels, as a thread | waits |
//!
//! [`buffer::channel`] makes a [`buffer::Writer`] and a [`buffer::Reader`]. [`watch`] has the names of `tokio::sync::watch`.
//!
//! Each value is, exactly once: received by one receiver, or returned to the sender that displaced it, or returned in
//! [`SendError`], or given to the closure that merges it, or withdrawn, or dropped with the channel. The thread that has it drops
//! it: the sender a displaced value, the receiver a received one, and the last handle the value that is still in the channel.
//!
//! Memory is constant: a `channel` holds one value, and each handle has room for one more (a reader of a `buffer` for two).
//! `channel()` makes one allocation. A clone allocates if no dropped handle has left its room behind. Sending, receiving and
//! waiting do not allocate, with [three exceptions](crate::guides::guarantees#memory). Each send of a `watch` does.
//!
//! # Features
//!
//! * `std` (default): the calls that park a thread. It implies `alloc`. Without it the crate is `no_std`; waiting as a task works
//!   without it.
//! * `alloc` (default, by `std`): [`channel()`] and [`buffer`]. [`StaticChannel`] needs neither `std` nor `alloc`.
//! * `watch` (default): [`watch`], the channel whose receivers all see the newest value. It needs `std`, and a target with
//!   64-bit atomics.
//! * `stream`: `Stream` and `FusedStream` for the receivers of each kind, `FusedFuture` for the futures.
//! * `sink`: `Sink` for [`Sender`] and [`SharedSender`].

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "what only the heap needs"))]
// Links to items that are not compiled lead to the list of features.
#![doc = ""]
#![cfg_attr(feature = "std", doc = "[`recv`]: Receiver::recv")]
#![cfg_attr(feature = "std", doc = "[`recv_timeout`]: Receiver::recv_timeout")]
#![cfg_attr(feature = "std", doc = "[`recv_matching`]: Receiver::recv_matching")]
#![cfg_attr(not(feature = "alloc"), doc = "[`channel()`]: #features")]
#![cfg_attr(not(feature = "alloc"), doc = "[`buffer`]: #features")]
#![cfg_attr(not(feature = "alloc"), doc = "[`buffer::channel`]: #features")]
#![cfg_attr(not(feature = "alloc"), doc = "[`buffer::Writer`]: #features")]
#![cfg_attr(not(feature = "alloc"), doc = "[`buffer::Reader`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`recv`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`recv_timeout`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`recv_matching`]: #features")]
#![cfg_attr(not(feature = "std"), doc = "[`wait_any`]: #features")]
#![cfg_attr(not(all(feature = "watch", target_has_atomic = "64")), doc = "[`watch`]: #features")]

#[cfg(not(target_has_atomic = "ptr"))]
compile_error!("this crate needs a target with atomic exchanges of pointers");

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", overwrite_loom, overwrite_shuttle))]
extern crate std;

#[cfg(feature = "alloc")]
pub mod buffer;
mod channel;
mod core;
mod error;
// Rendered by rustdoc only. The programs in the guides are tested where the crates that they need are dependencies.
#[cfg(all(doc, not(doctest)))]
pub mod guides;
#[cfg(feature = "std")]
mod select;
mod sync;
mod taker;
mod wait;
#[cfg(all(feature = "watch", target_has_atomic = "64"))]
pub mod watch;

#[cfg(feature = "alloc")]
pub use channel::channel;
#[cfg(feature = "std")]
pub use channel::{IntoIter, Iter};
pub use channel::{
    Receiver, RecvFuture, RecvMatchingFuture, Sender, SharedSender, StaticChannel, TryIter,
};
#[cfg(feature = "alloc")]
pub use error::PublishError;
#[cfg(feature = "std")]
pub use error::RecvTimeoutError;
pub use error::{RecvError, SendError, TryRecvError};
#[cfg(feature = "std")]
pub use select::{Waitable, wait_any, wait_any_deadline, wait_any_timeout};
pub use wait::ClosedFuture;

/// The README's examples, run.
#[cfg(all(doctest, feature = "std", feature = "watch"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Sends through `&Sender` do not compile, because a handle owns the room for its next value, and values cross threads, so
/// they must be `Send`. Each program that must not compile stands beside one that does.
///
/// ```
/// let (mut tx, rx) = overwrite_channel::channel();
/// std::thread::scope(|scope| {
///     let mut other = tx.clone();
///     scope.spawn(move || tx.send(1));
///     scope.spawn(move || other.send(2));
/// });
/// # drop(rx);
/// ```
///
/// ```compile_fail,E0596
/// let (tx, rx) = overwrite_channel::channel();
/// std::thread::scope(|scope| {
///     let other = &tx;
///     scope.spawn(|| tx.send(1));
///     scope.spawn(|| other.send(2));
/// });
/// # drop(rx);
/// ```
///
/// ```
/// let (mut tx, rx) = overwrite_channel::channel();
/// std::thread::spawn(move || tx.send(std::sync::Arc::new(1)));
/// # drop(rx);
/// ```
///
/// ```compile_fail,E0277
/// let (mut tx, rx) = overwrite_channel::channel();
/// std::thread::spawn(move || tx.send(std::rc::Rc::new(1)));
/// # drop(rx);
/// ```
///
/// A reference to a handle of a buffer is one to a value, and what a handle lends ends with the next exchange:
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// let (writer, mut reader) = overwrite_channel::buffer::channel_with(|| AtomicU32::new(1));
/// std::thread::scope(|scope| {
///     let reader = &reader;
///     scope.spawn(|| reader.store(2, Relaxed));
///     scope.spawn(|| reader.load(Relaxed));
/// });
/// let value = reader.wait_timeout(std::time::Duration::ZERO);
/// drop(value);
/// reader.update();
/// ```
///
/// ```compile_fail,E0277
/// let (writer, reader) = overwrite_channel::buffer::channel(std::cell::Cell::new(1));
/// std::thread::scope(|scope| {
///     let reader = &reader;
///     scope.spawn(|| reader.set(2));
/// });
/// ```
///
/// ```compile_fail,E0499
/// let (writer, mut reader) = overwrite_channel::buffer::channel(1);
/// let value = reader.wait_timeout(std::time::Duration::ZERO);
/// reader.update();
/// drop(value);
/// ```
///
/// ```compile_fail,E0502
/// let (mut writer, reader) = overwrite_channel::buffer::channel(1);
/// let value = &*writer;
/// writer.publish();
/// drop(*value);
/// ```
///
/// The handles of `watch` are unwind safe only if the value is, because all handles share it:
///
/// ```
/// use std::{panic::catch_unwind, sync::atomic::{AtomicU32, Ordering::Relaxed}};
///
/// let (_tx, rx) = overwrite_channel::watch::channel(AtomicU32::new(1));
/// assert!(catch_unwind(|| rx.borrow().store(2, Relaxed)).is_ok());
/// ```
///
/// ```compile_fail,E0277
/// use std::{cell::Cell, panic::catch_unwind};
///
/// let (_tx, rx) = overwrite_channel::watch::channel(Cell::new(1));
/// assert!(catch_unwind(|| rx.borrow().set(2)).is_ok());
/// ```
#[cfg(all(doctest, feature = "std", feature = "watch"))]
struct CompileFail;
