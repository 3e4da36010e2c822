//! A value that is made once, on the heap, when it is first needed; or that a static channel has made before.

use crate::sync::AtomicPtr;
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
#[cfg(feature = "alloc")]
use core::sync::atomic::Ordering::Release;
use core::{
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::atomic::Ordering::Acquire,
};

pub(crate) struct OnceBox<T> {
    /// Null, or leaked from a box; or lent.
    value: AtomicPtr<T>,
    owns: PhantomData<T>,
}

impl<T> OnceBox<T> {
    pub(crate) fn new() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    /// Refers to a value that lies elsewhere.
    ///
    /// # Safety
    /// Either the value outlives this; or it is no `T`, and neither `get` nor `get_or_init` is called. This is never dropped.
    pub(super) unsafe fn lent(value: NonNull<T>) -> Self {
        Self { value: AtomicPtr::new(value.as_ptr()), owns: PhantomData }
    }

    /// Returns null if there is no value yet.
    #[inline]
    pub(super) fn load(&self) -> *mut T {
        // ORDERING: Acquire pairs with the Release of `get_or_init`: the value is made.
        self.value.load(Acquire)
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: null; or to a value that lives as long as `self`, as `get_or_init` made it or the caller of `lent` promised.
        unsafe { self.load().as_ref() }
    }

    /// Returns the value, or makes it on the heap. Wait-free but for the allocator: of two threads that make it at once, one drops
    /// its own.
    #[cfg(feature = "alloc")]
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let boxed = Box::into_raw(Box::new(make()));
        // ORDERING: Release publishes the value; pairs with `load`. Acquire when it fails: the value that another thread
        // has made is seen.
        let value = match self.value.compare_exchange(ptr::null_mut(), boxed, Release, Acquire) {
            Ok(_) => boxed,
            Err(found) => {
                // SAFETY: it was not published, so it still belongs to this thread alone.
                drop(unsafe { Box::from_raw(boxed) });
                found
            }
        };
        // SAFETY: it is published, and lives as long as `self`.
        unsafe { &*value }
    }
}

#[cfg(feature = "alloc")]
impl<T> Drop for OnceBox<T> {
    fn drop(&mut self) {
        let value = self.load();
        if !value.is_null() {
            // SAFETY: it was leaked from a box, and nothing borrows it any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}
