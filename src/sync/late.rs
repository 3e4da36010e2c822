//! The atomics of `core`, with operations that may come late. So two threads meet between any two operations, not only where
//! a race is wide. For tests on real threads, under the private cfg `overwrite_late`.

#![forbid(unsafe_code)]

use core::{
    cell::Cell,
    ops::{Deref, DerefMut},
    sync::atomic,
};
use std::thread;

/// An `A`, each use of which may be delayed.
#[derive(Debug)]
pub(crate) struct Late<A>(A);

impl<A> Deref for Late<A> {
    type Target = A;

    fn deref(&self) -> &A {
        pause();
        &self.0
    }
}

impl<A> DerefMut for Late<A> {
    fn deref_mut(&mut self) -> &mut A {
        &mut self.0
    }
}

macro_rules! late {
    ($($name:ident$(<$of:ident>)?: $content:ty),*) => { $(
        pub(crate) type $name$(<$of>)? = Late<atomic::$name$(<$of>)?>;

        impl$(<$of>)? $name$(<$of>)? {
            pub(crate) const fn new(content: $content) -> Self {
                Self(atomic::$name::new(content))
            }
        }
    )* };
}

late!(AtomicBool: bool, AtomicPtr<T>: *mut T, AtomicU8: u8, AtomicU32: u32, AtomicU64: u64, AtomicUsize: usize);

/// Mostly nothing; now and then a few hundred steps; seldom the processor's other work.
fn pause() {
    std::thread_local! {
        /// The state of a xorshift generator (Marsaglia, "Xorshift RNGs", 2003), and its own address as a seed.
        static RANDOM: Cell<u64> = const { Cell::new(0) };
    }
    // A thread that ends may have none any more.
    let random = RANDOM.try_with(|random| {
        let mut next = random.get();
        if next == 0 {
            next = core::ptr::from_ref(random).addr() as u64;
        }
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        random.set(next);
        next
    });
    match random.unwrap_or(1) % 64 {
        0 => thread::yield_now(),
        1..=7 => (0..500).for_each(|_| core::hint::spin_loop()),
        _ => {}
    }
}
