//! The flavour whose values go to one receiver each.

#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod blocking;
#[cfg(feature = "std")]
mod blocking_iter;
mod future;
mod iter;
mod poll;
mod receiver;
mod send;
mod sender;
mod shared_sender;
#[cfg(feature = "sink")]
mod sink;
mod static_channel;
#[cfg(feature = "stream")]
mod stream;

#[cfg(feature = "std")]
pub use blocking_iter::{IntoIter, Iter};
pub use future::{RecvFuture, RecvMatchingFuture};
pub use iter::TryIter;
pub use receiver::Receiver;
pub use sender::Sender;
pub use shared_sender::SharedSender;
pub use static_channel::StaticChannel;

/// Makes a channel that holds one value: the newest that no receiver has taken.
///
/// One allocation holds the channel, its handles' room for values, and the place where its receiver
/// waits; nothing depends on how many values will be sent. Both handles can be cloned.
///
/// # Progress
///
/// **Wait-free**. This excludes the allocator: one allocation.
///
/// # Examples
///
/// ```
/// let (mut tx, mut rx) = overwrite_channel::channel();
///
/// assert_eq!(tx.send("attempt 1"), Ok(None));
/// assert_eq!(tx.send("attempt 2"), Ok(Some("attempt 1"))); // what it displaced
///
/// assert_eq!(rx.recv(), Ok("attempt 2"));
/// ```
#[cfg(feature = "alloc")]
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = crate::core::channel();
    (Sender::new(sender), Receiver::new(receiver))
}
