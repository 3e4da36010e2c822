//! A value on the heap that is made once, when it is first needed.

use crate::sync::AtomicPtr;
use alloc::boxed::Box;
use core::{
    marker::PhantomData,
    ptr,
    sync::atomic::Ordering::{Acquire, Release},
};

pub(crate) struct OnceBox<T> {
    /// Null, or leaked from a box.
    value: AtomicPtr<T>,
    owns: PhantomData<Box<T>>,
}

impl<T> OnceBox<T> {
    pub(crate) fn new() -> Self {
        Self { value: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    fn load(&self) -> *mut T {
        // ORDERING: Acquire pairs with the Release of `get_or_init`: the value is made.
        self.value.load(Acquire)
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: the pointer is null, or to a value that lives as long as `self`.
        unsafe { self.load().as_ref() }
    }

    /// Returns the value, or makes it. Wait-free but for the allocator: of two threads that make it at once, one drops
    /// its own.
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

impl<T> Drop for OnceBox<T> {
    fn drop(&mut self) {
        let value = self.load();
        if !value.is_null() {
            // SAFETY: it was leaked from a box, and nothing borrows it any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}
