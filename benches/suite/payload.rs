//! The values that contenders hand over.

use std::mem;

/// A value made from a number that gives the number back, so that every hand-over can be checked.
pub(crate) trait Payload: Clone + Default + Send + Sync + 'static {
    fn size() -> String;
    fn new(number: u64) -> Self;

    /// Panics if the value is torn.
    fn number(&self) -> u64;

    /// Moves the value out of a place that another owns. Plain data stays there as well: that is one copy, and nothing
    /// is written in its stead.
    fn take(&mut self) -> Self {
        self.clone()
    }

    /// Writes every word where it lies.
    fn fill(&mut self, number: u64) {
        *self = Self::new(number);
    }

    /// Makes it another value as cheaply as possible.
    fn renumber(&mut self, number: u64) {
        *self = Self::new(number);
    }
}

impl Payload for u64 {
    fn size() -> String {
        "8 B".into()
    }

    fn new(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

/// Plain data of several words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<const COUNT: usize>(pub(super) [u64; COUNT]);

impl<const COUNT: usize> Default for Words<COUNT> {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl<const COUNT: usize> Payload for Words<COUNT> {
    fn size() -> String {
        match 8 * COUNT {
            bytes @ ..1024 => format!("{bytes} B"),
            bytes => format!("{} KiB", bytes / 1024),
        }
    }

    fn new(number: u64) -> Self {
        Self([number; COUNT])
    }

    fn number(&self) -> u64 {
        let [first, .., last] = self.0.as_slice() else { panic!("a value has several words") };
        assert_eq!(first, last, "a torn value");
        *first
    }

    fn fill(&mut self, number: u64) {
        self.0.fill(number);
    }

    /// The words in between stay: a loop that times hand-overs does not write each value anew.
    fn renumber(&mut self, number: u64) {
        self.0[0] = number;
        self.0[COUNT - 1] = number;
    }
}

/// On the heap, and too long to be kept anywhere else.
impl Payload for String {
    fn size() -> String {
        "String".into()
    }

    fn new(number: u64) -> Self {
        format!("{number:032}")
    }

    fn number(&self) -> u64 {
        self.parse().expect("the digits of a number")
    }

    fn take(&mut self) -> Self {
        mem::take(self)
    }
}

impl<T: Payload> Payload for Box<T> {
    fn size() -> String {
        format!("box of {}", T::size())
    }

    fn new(number: u64) -> Self {
        Self::new(T::new(number))
    }

    fn number(&self) -> u64 {
        T::number(self)
    }

    fn fill(&mut self, number: u64) {
        T::fill(self, number);
    }
}
