//! A stand-in for `arc_swap`, which no model can see into: the same contract, made of the model's types.
//!
//! What the models rely on, and nothing more: a load acquires what the store of the value that it finds
//! released, and a compare-and-exchange does both. That a value is freed no earlier than its last guard is
//! `arc_swap`'s own promise; here values are kept to the end.

#![forbid(unsafe_code)]

use super::AtomicUsize;
use alloc::sync::Arc;
use core::{
    ops::Deref,
    sync::atomic::Ordering::{AcqRel, Acquire},
};
// Not the model's: it orders nothing, and no thread stops while it holds it.
use std::{sync::Mutex, vec::Vec};

pub(crate) struct ArcSwap<T> {
    /// Which of the kept ones is the present one.
    present: AtomicUsize,
    kept: Mutex<Vec<Option<Arc<T>>>>,
}

impl<T> ArcSwap<T> {
    pub(crate) fn new(value: Arc<T>) -> Self {
        Self { present: AtomicUsize::new(0), kept: Mutex::new(std::vec![Some(value)]) }
    }

    pub(crate) fn load(&self) -> Guard<Arc<T>> {
        // ORDERING: Acquire pairs with `compare_and_swap`: the value is written.
        self.guard(self.present.load(Acquire))
    }

    pub(crate) fn compare_and_swap(&self, current: &Guard<Arc<T>>, new: Arc<T>) -> Guard<Arc<T>> {
        let index = {
            let mut kept = self.kept.lock().expect("no thread panics while it holds the lock");
            kept.push(Some(new));
            kept.len() - 1
        };
        // ORDERING: AcqRel. Release pairs with the Acquire here and in `load`; and Acquire when it fails, for
        // what is found instead.
        match self.present.compare_exchange(current.index, index, AcqRel, Acquire) {
            Ok(before) => self.guard(before),
            Err(found) => {
                let rejected = self.kept.lock().expect("no thread panics while it holds the lock")
                    [index]
                    .take();
                // Its drop may be a model's, which must not happen inside the lock.
                drop(rejected);
                self.guard(found)
            }
        }
    }

    fn guard(&self, index: usize) -> Guard<Arc<T>> {
        let kept = self.kept.lock().expect("no thread panics while it holds the lock");
        Guard { value: kept[index].clone().expect("what was stored is kept"), index }
    }
}

pub(crate) struct Guard<A> {
    value: A,
    index: usize,
}

impl<A> Guard<A> {
    pub(crate) fn into_inner(guard: Self) -> A {
        guard.value
    }

    /// Not one that [`ArcSwap::compare_and_swap`] would find.
    pub(crate) fn from_inner(value: A) -> Self {
        Self { value, index: usize::MAX }
    }
}

impl<A> Deref for Guard<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.value
    }
}
