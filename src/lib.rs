//! A channel that holds one value: the newest that nobody has read yet.
//!
//! A [`send`](Sender::send) is wait-free: it replaces the value nobody has read yet, hands the
//! stale one back, and never waits or allocates. A [`Receiver`] takes the freshest value or waits
//! for it.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod block;
mod channel;
mod error;
mod node;
mod receiver;
mod sender;
mod slot;
mod sync;
mod wait;

pub use channel::channel;
#[cfg(feature = "std")]
pub use error::RecvTimeoutError;
pub use error::{RecvError, SendError, TryRecvError};
#[cfg(feature = "std")]
pub use receiver::{IntoIter, Iter};
pub use receiver::{Receiver, TryIter};
pub use sender::Sender;
