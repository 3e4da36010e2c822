//! A channel for large values, which stay where they lie: a triple buffer that a reader can wait for.
//!
//! Each handle owns a value, and a reader a second, spare one. A writer changes its value in place and *publishes* it: the handle
//! exchanges it for the slot's. A reader takes the newest value in the same way. It keeps the value, to look at or to change,
//! until it takes a newer one. So [`publish`](Writer::publish), [`update`](Reader::update), [`read`](Reader::read) and
//! [`wait`](crate#features) allocate, free, make, move and drop nothing, however large a value is.
//!
//! There may be any number of writers and readers. Readers compete: each published value goes to one of them. The value
//! that was published last survives its writers.
//!
//! ```
//! use overwrite_channel::buffer;
//!
//! let (mut writer, mut reader) = buffer::channel(vec![0.0; 1024]);
//! assert!(!reader.update()); // nothing was published
//!
//! std::thread::spawn(move || {
//!     writer.fill(0.5); // a `Vec` of some earlier time
//!     writer.publish()
//! });
//! assert_eq!(reader.wait()?[1023], 0.5);
//! # Ok::<(), overwrite_channel::RecvError>(())
//! ```
//!
//! A writer's buffer holds an older value: the one that the exchange brought back. A writer that does not fill all of it
//! publishes the rest of that value, too.
//!
//! Both handles dereference to their value. Their own methods come first: where the value has a method of that name, such as
//! `is_empty` or `clone`, write `(*reader).is_empty()` and `T::clone(&reader)`.
//!
//! Memory is constant: one value for each writer, two for each reader, and one more. A reader has two, the one that it shows
//! and one to exchange. So it keeps what it shows while it waits, and [`update`](Reader::update) is wait-free however many
//! readers there are.
//!
//! Handles of a `buffer` do not report counts.

#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod blocking;
mod future;
mod reader;
#[cfg(feature = "stream")]
mod stream;
mod writer;

pub use crate::error::PublishError;
pub use future::UpdatedFuture;
pub use reader::Reader;
pub use writer::Writer;

/// Makes a `buffer`. Each of its four values begins as a clone of `value`, which is then dropped.
///
/// A clone of a `Vec` does not keep its spare capacity. To fill lists of varying length without allocating, use
/// `channel_with(|| Vec::with_capacity(n))`.
///
/// One allocation holds everything, besides what the values own. A value that is too large for memory fails here, as any
/// allocation does, and not later. `value` and its clones pass over the stack, so let a value of more than some kilobytes be a
/// box or a `Vec`.
///
/// # Progress
///
/// **Wait-free**. This excludes the allocator (one allocation), `T::clone` and the drop of `value`.
///
/// # Panics
///
/// If `T::clone` or the drop of `value` panics. Nothing leaks.
///
/// # Examples
///
/// ```
/// let (mut writer, mut reader) = overwrite_channel::buffer::channel([0_u8; 4096]);
/// writer[0] = 1;
/// assert_eq!(writer.publish(), Ok(false));
/// assert_eq!(reader.read()[0], 1);
/// ```
#[must_use]
pub fn channel<T: Clone>(value: T) -> (Writer<T>, Reader<T>) {
    channel_with(move || value.clone())
}

/// Makes a `buffer` whose four values are made by `make`, one call for each.
///
/// One allocation holds everything, besides what the values own. A value that is too large for memory fails here, as any
/// allocation does, and not later. What `make` returns passes over the stack, so let a value of more than some kilobytes be a
/// box or a `Vec`.
///
/// # Progress
///
/// **Wait-free**. This excludes the allocator (one allocation), `make` and its drop.
///
/// # Panics
///
/// If `make` or its drop panics. The values that it has made before are dropped.
///
/// # Examples
///
/// ```
/// // A frame of its own for each.
/// let frame = || vec![0_u8; 1920 * 1080 * 4].into_boxed_slice();
/// let (mut writer, mut reader) = overwrite_channel::buffer::channel_with(frame);
/// writer[0] = 255;
/// assert_eq!(writer.publish(), Ok(false));
/// assert_eq!(reader.read()[0], 255);
/// ```
#[must_use]
pub fn channel_with<T>(make: impl FnMut() -> T) -> (Writer<T>, Reader<T>) {
    let (writer, reader) = crate::core::buffer(make);
    (Writer::new(writer), Reader::new(reader))
}
