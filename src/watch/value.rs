//! A value with its version, and a reference to it.

#![forbid(unsafe_code)]

use crate::sync::Guard;
use alloc::sync::Arc;
use core::{
    fmt,
    marker::PhantomData,
    ops::Deref,
    // Not loom's: it is no part of the protocol, and what stores the value publishes it.
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The content of the slot.
pub(super) struct Value<T> {
    /// Rises along the order in which values are stored. Written only before that.
    version: AtomicU64,
    value: T,
}

impl<T> Value<T> {
    pub(super) fn new(version: u64, value: T) -> Self {
        Self { version: AtomicU64::new(version), value }
    }

    pub(super) fn version(&self) -> u64 {
        // ORDERING: Relaxed; a thread that sees the value in the slot acquired all that was written before.
        self.version.load(Relaxed)
    }

    /// Sets the version, before the value is stored.
    pub(super) fn set_version(&self, version: u64) {
        // ORDERING: Relaxed; no other thread sees the value yet.
        self.version.store(version, Relaxed);
    }
}

impl<T> Deref for Value<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A reference to a value, which stays the same while the `Ref` exists.
///
/// It holds no lock. It may be kept for as long as the caller likes, across a send in the same thread or an `.await`; no sender
/// waits for it. The value is dropped when it has been replaced and the last `Ref` to it is dropped.
///
/// Making a `Ref` is **lock-free**. Up to eight of them at once cost a thread writes to memory of its own only. Each further one
/// increments the value's counter, which all threads share. A look that finds a value whose sender has not published it yet
/// publishes it.
///
/// # Examples
///
/// ```
/// let (tx, rx) = overwrite_channel::watch::channel(vec![1]);
/// let before = rx.borrow();
/// tx.send(vec![1, 2]).unwrap(); // does not wait for `before`
/// assert_eq!((before.len(), rx.borrow().len()), (1, 2));
/// assert_eq!(rx.borrow(), vec![1, 2]);
/// ```
pub struct Ref<'a, T> {
    guard: Guard<Arc<Value<T>>>,
    has_changed: bool,
    /// Every `Ref` is `'static`. The parameter is that of `tokio::sync::watch`, where a `Ref` borrows from a handle.
    handle: PhantomData<&'a ()>,
}

impl<T> Ref<'_, T> {
    pub(super) fn new(guard: Guard<Arc<Value<T>>>, has_changed: bool) -> Self {
        Self { guard, has_changed, handle: PhantomData }
    }

    /// Returns `true` if the value was new to the receiver that borrowed it. To a sender no value is new.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert!(rx.borrow_and_update().has_changed());
    /// assert!(!rx.borrow_and_update().has_changed());
    /// ```
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Returns the value itself, if it has been replaced and no other reference to it is left.
    ///
    /// It may fail although no other `Ref` is left, while another thread is about to look at the value, or sends.
    ///
    /// # Progress
    ///
    /// **Wait-free**. This excludes the allocator, which gets the memory of the value back.
    ///
    /// # Errors
    ///
    /// The `Ref`, if the value is still in the channel or another reference to it is left.
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::watch::{self, Ref};
    ///
    /// let (tx, rx) = watch::channel(String::from("old"));
    /// let old = tx.send_replace(String::from("new"));
    /// assert_eq!(Ref::try_unwrap(old).unwrap(), "old");
    /// assert!(Ref::try_unwrap(rx.borrow()).is_err()); // still in the channel
    /// ```
    pub fn try_unwrap(this: Self) -> Result<T, Self> {
        let has_changed = this.has_changed;
        match Arc::try_unwrap(Guard::into_inner(this.guard)) {
            Ok(value) => Ok(value.value),
            Err(shared) => Err(Self::new(Guard::from_inner(shared), has_changed)),
        }
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

/// Compares the values.
impl<T: PartialEq> PartialEq<T> for Ref<'_, T> {
    fn eq(&self, other: &T) -> bool {
        **self == *other
    }
}

/// Compares the values, and not whether they were new.
impl<'a, T: PartialEq> PartialEq<Ref<'a, T>> for Ref<'_, T> {
    fn eq(&self, other: &Ref<'a, T>) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Ref<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ref")
            .field("value", &**self)
            .field("has_changed", &self.has_changed)
            .finish()
    }
}

impl<T: fmt::Display> fmt::Display for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
