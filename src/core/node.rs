//! Nodes: where a value lies, and which owner has it.

use crate::sync::UnsafeCell;
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::{
    mem::{ManuallyDrop, MaybeUninit},
    ptr::NonNull,
};

/// Room for one value. The alignment leaves the low bits of its address to the slot's tags.
#[repr(align(8))]
pub(super) struct Node<T> {
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Node<T> {
    /// Makes an empty node where `memory` is, without a write of the size of a `T`.
    ///
    /// # Safety
    /// `memory` is valid for writes of a node, and aligned for one.
    pub(super) unsafe fn init(memory: NonNull<Self>) {
        // Room for a value needs no write; loom's cell has a state of its own.
        #[cfg(overwrite_loom)]
        // SAFETY: as the caller promised.
        unsafe {
            memory.write(Self { value: UnsafeCell::new(MaybeUninit::uninit()) });
        }
        #[cfg(not(overwrite_loom))]
        let _ = memory;
    }
}

/// Ownership of one node (I1). I2 says what the node holds.
pub(super) struct OwnedNode<T>(NonNull<Node<T>>);

impl<T> OwnedNode<T> {
    /// # Safety
    /// The caller hands over its ownership of the node (I1), which stays allocated while owned.
    pub(super) unsafe fn from_owned(node: NonNull<Node<T>>) -> Self {
        Self(node)
    }

    #[cfg(feature = "alloc")]
    pub(super) fn on_heap() -> Self {
        let memory = Box::leak(Box::<Node<T>>::new_uninit());
        let node = NonNull::from(memory).cast();
        // SAFETY: the box has room for a node.
        unsafe { Node::init(node) };
        Self(node)
    }

    #[inline]
    fn node(&self) -> &Node<T> {
        // SAFETY: the node is allocated while owned (I1).
        unsafe { self.0.as_ref() }
    }

    pub(super) fn as_ptr(&self) -> *mut Node<T> {
        self.0.as_ptr()
    }

    /// Puts `value` into the node; without an exchange after it, the value is leaked.
    #[inline]
    pub(super) fn write(&mut self, value: T) {
        self.node().value.with_mut(|cell| {
            // SAFETY: the caller owns the node, so no other thread accesses it (I1).
            unsafe { cell.write(MaybeUninit::new(value)) };
        });
    }

    /// Moves the value out; the node is empty afterwards.
    ///
    /// # Safety
    /// The node holds a value.
    #[inline]
    pub(super) unsafe fn read(&mut self) -> T {
        self.node().value.with_mut(|cell| {
            // SAFETY: the caller owns the node (I1), and promises that it holds a value.
            unsafe { cell.cast::<T>().read() }
        })
    }

    /// Makes a value where it will lie. Unless what this returns is forgotten, the node is empty again afterwards.
    pub(super) fn fill(&mut self, make: impl FnOnce() -> T) -> Held<'_, T> {
        self.node().value.with_mut(|cell| {
            // SAFETY: the caller owns the node, so no other thread accesses it (I1).
            unsafe { cell.cast::<T>().write(make()) };
        });
        Held(self)
    }

    /// Hands out the value where it lies.
    ///
    /// # Safety
    /// The node holds a value.
    #[inline]
    pub(super) unsafe fn held(&mut self) -> Held<'_, T> {
        Held(self)
    }

    /// Returns the value.
    ///
    /// # Safety
    /// The node holds a value, as long as the reference is used.
    #[inline]
    pub(super) unsafe fn get(&self) -> &T {
        self.node().value.with(|cell| {
            // SAFETY: the owner of the node is borrowed (I1), and promises that the node holds a value.
            unsafe { &*cell.cast::<T>() }
        })
    }

    /// Returns the value, to be changed.
    ///
    /// # Safety
    /// The node holds a value, as long as the reference is used.
    #[inline]
    pub(super) unsafe fn get_mut(&mut self) -> &mut T {
        self.node().value.with_mut(|cell| {
            // SAFETY: the owner of the node is borrowed (I1), and promises that the node holds a value.
            unsafe { &mut *cell.cast::<T>() }
        })
    }

    #[cfg(feature = "alloc")]
    /// Frees a node made by [`on_heap`](Self::on_heap).
    ///
    /// # Safety
    /// The node came from `on_heap`.
    pub(super) unsafe fn free(self) {
        // SAFETY: it was leaked from a box, and has no other owner (I1).
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// A value in an owned node. It is moved once, to where a call returns it; or it is dropped where it lies.
pub(crate) struct Held<'a, T>(&'a mut OwnedNode<T>);

impl<T> Held<'_, T> {
    #[inline]
    pub(crate) fn into_inner(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the node holds a value until `this` is gone, which is not dropped.
        unsafe { this.0.read() }
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.0.node().value.with_mut(|cell| {
            // SAFETY: the caller owns the node (I1), and it holds a value until `self` is gone.
            unsafe { cell.cast::<T>().drop_in_place() }
        });
    }
}
