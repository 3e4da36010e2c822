//! What is compared: one trait for every contender, and one more for each way to use a contender.

use super::threads::{LOOKS, poll};
use std::{
    marker::PhantomData,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Instant,
};

/// Two ends that values are handed over by. Each is used as its documentation shows.
pub(crate) trait Contender<T>: 'static {
    const NAME: &'static str;
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    /// Opens one. A queue gets room for `capacity` values; a slot has room for one value whatever it is.
    fn open(capacity: usize) -> (Self::Tx, Self::Rx);
}

/// The newest value wins. Two values sent in a row have different numbers, and none is 0.
pub(crate) trait Overwrites<T: Payload>: Contender<T> {
    /// What of the contender is used, written after its name.
    const HOW: &'static str = "";
    /// Whether it hands back every value that it displaces, even if several threads send.
    const RETURNS_DISPLACED: bool = true;

    /// Sends, and returns the value that it displaced where the contender returns it.
    fn send(tx: &mut Self::Tx, value: T) -> Option<T>;

    /// Receives the value itself. A contender that lends its value clones it, as the documentation of `watch` and
    /// `broadcast` says.
    fn try_recv(rx: &mut Self::Rx) -> Option<T>;

    fn name() -> String {
        format!("{}{}", Self::NAME, Self::HOW)
    }
}

/// A thread waits for a value. The next value is sent when the one before has been received.
pub(crate) trait Blocks<T>: Contender<T> {
    fn put(tx: &mut Self::Tx, value: T);
    fn recv(rx: &mut Self::Rx) -> T;
}

/// A contender whose receiver polls until there is a value.
pub(crate) struct Polled<C>(PhantomData<C>);

impl<T, C: Contender<T>> Contender<T> for Polled<C> {
    const NAME: &'static str = C::NAME;
    type Tx = C::Tx;
    type Rx = C::Rx;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        C::open(capacity)
    }
}

impl<T: Payload, C: Overwrites<T>> Blocks<T> for Polled<C> {
    fn put(tx: &mut Self::Tx, value: T) {
        C::send(tx, value);
    }

    fn recv(rx: &mut Self::Rx) -> T {
        poll(LOOKS, || C::try_recv(rx))
    }
}

/// A task waits for a value. The next value is sent when the one before has been received.
pub(crate) trait Awaits: Contender<u64> {
    fn put(tx: &mut Self::Tx, value: u64) -> impl Future<Output = ()> + Send;
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = u64> + Send;
}

/// The value stays, and receivers look at it.
pub(crate) trait Watches: Contender<u64, Tx: Clone + Sync, Rx: Clone + Sync> {
    /// Sends, whether or not there is a receiver.
    fn replace(tx: &Self::Tx, value: u64);
    fn increment(tx: &Self::Tx);
    fn borrow(rx: &Self::Rx) -> u64;
    fn has_changed(rx: &Self::Rx) -> bool;
}

/// "All events up to the lock are applied", as gh-ost's worker says it: a challenge, and where it stands in the log.
pub(crate) type Sentinel = Words<2>;

/// A channel of sentinels, as gh-ost uses it.
pub(crate) trait Relays: Contender<Sentinel> {
    /// Whether the receiver gets every value that was accepted, the oldest first.
    const KEEPS_ALL: bool = true;

    /// Sends without waiting. Returns `false` if the channel is full and refuses the value.
    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool;

    /// Returns the next sentinel; `None` after the deadline. A contender whose receivers are tasks looks once.
    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel>;

    /// Receives until the sentinel is the one for `challenge`, as gh-ost does, and returns how many others came before.
    fn wait_for(rx: &mut Self::Rx, challenge: u64, deadline: Instant) -> Option<u64> {
        let mut stale = 0;
        while Self::recv_deadline(rx, deadline)?.number() != challenge {
            stale += 1;
        }
        Some(stale)
    }
}

/// A value made from a number that gives the number back, so that every hand-over can be checked.
pub(crate) trait Payload: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;

    fn new(number: u64) -> Self;

    /// # Panics
    ///
    /// If the value is torn.
    fn number(&self) -> u64;

    /// Moves the value out of a place that another owns. Plain data stays there as well: that is one copy, and nothing
    /// is written in its stead.
    fn take(&mut self) -> Self;

    /// Makes it another value as cheaply as possible.
    fn renumber(&mut self, number: u64) {
        *self = Self::new(number);
    }
}

impl Payload for u64 {
    const NAME: &'static str = "8 B";

    fn new(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }

    fn take(&mut self) -> Self {
        *self
    }
}

/// Plain data of several words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<const COUNT: usize>([u64; COUNT]);

impl<const COUNT: usize> Default for Words<COUNT> {
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

    fn new(number: u64) -> Self {
        Self([number; COUNT])
    }

    fn number(&self) -> u64 {
        let [first, .., last] = self.0.as_slice() else { panic!("a value has several words") };
        assert_eq!(first, last, "a torn value");
        *first
    }

    fn take(&mut self) -> Self {
        *self
    }

    /// The words in between stay: a loop that times hand-overs does not write each value anew.
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

    fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// The ends of a contender that is used, and the contenders that are kept meanwhile.
pub(crate) struct Elsewhere<T, C: Contender<T>> {
    pub(crate) tx: C::Tx,
    pub(crate) rx: C::Rx,
    pub(crate) kept: Vec<(C::Tx, C::Rx)>,
}

/// Opens a contender that lies elsewhere each time, because another number of them is opened before it. How long a
/// cache line takes from core to core depends on where it lies, by a quarter and more.
pub(crate) fn open_elsewhere<T, C: Contender<T>>() -> Elsewhere<T, C> {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let before = TIMES.fetch_add(1, Relaxed) % 13;
    let kept = (0..before).map(|_| C::open(1)).collect();
    let (tx, rx) = C::open(1);
    Elsewhere { tx, rx, kept }
}

/// What a suite does with a contender that overwrites. A contender that it does not support gives `None`.
pub(crate) trait Visit<T: Payload> {
    type Found;

    fn visit<C: Overwrites<T>>(&mut self) -> Option<Self::Found>;

    /// Visits a contender that several threads can send to.
    fn visit_shared<C: Overwrites<T, Tx: Clone>>(&mut self) -> Option<Self::Found> {
        self.visit::<C>()
    }
}
