//! What is sent.

/// A value made from a number that gives the number back, so that every hand-over can be checked.
pub(crate) trait Payload: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;

    fn new(number: u64) -> Self;

    /// Panics if the value is torn.
    fn number(&self) -> u64;

    /// Moves the value out of a place that somebody else owns. Plain data stays there as well: that
    /// is one copy, without writing anything in its stead.
    fn take(&mut self) -> Self;

    /// Makes it another value, at the least cost.
    fn renumber(&mut self, number: u64) {
        *self = Self::new(number);
    }
}

impl Payload for u64 {
    const NAME: &'static str = "8 B";

    #[inline]
    fn new(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> u64 {
        *self
    }

    #[inline]
    fn take(&mut self) -> Self {
        *self
    }
}

/// Plain data of a size that is a multiple of a word's.
#[derive(Clone, Copy)]
pub(crate) struct Words<const COUNT: usize>([u64; COUNT]);

impl<const COUNT: usize> Default for Words<COUNT> {
    #[inline]
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl<const COUNT: usize> Payload for Words<COUNT> {
    const NAME: &'static str = match COUNT {
        8 => "64 B",
        128 => "1 KiB",
        _ => "some words",
    };

    #[inline]
    fn new(number: u64) -> Self {
        Self([number; COUNT])
    }

    #[inline]
    fn number(&self) -> u64 {
        let [first, .., last] = self.0.as_slice() else { panic!("a value has several words") };
        assert_eq!(first, last, "a torn value");
        *first
    }

    #[inline]
    fn take(&mut self) -> Self {
        *self
    }

    /// The words in between stay: a loop that times hand-overs does not write each value anew.
    #[inline]
    fn renumber(&mut self, number: u64) {
        self.0[0] = number;
        self.0[COUNT - 1] = number;
    }
}

/// On the heap, and too long to be kept anywhere else.
impl Payload for String {
    const NAME: &'static str = "String";

    fn new(number: u64) -> Self {
        format!("{number:032}")
    }

    fn number(&self) -> u64 {
        self.parse().expect("the digits of a number")
    }

    #[inline]
    fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
