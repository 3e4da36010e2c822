//! What the threads of a history shall do, by the dice.

use crate::history::{Call, Clock, History, Operation, Recorder};

/// Pseudo-random numbers that are the same for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        // A Weyl sequence, mixed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `sides`.
    pub(crate) fn below(&mut self, sides: u32) -> u32 {
        u32::try_from(self.roll() % u64::from(sides)).expect("below a u32")
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let sides = u32::try_from(from.len()).expect("a few");
        from[self.below(sides) as usize].clone()
    }

    /// The numbers from 1 to `last` in any order.
    pub(crate) fn shuffled(&mut self, last: u32) -> Vec<u32> {
        let mut numbers: Vec<u32> = (1..=last).collect();
        for at in (1..last).rev() {
            numbers.swap(at as usize, self.below(at + 1) as usize);
        }
        numbers
    }
}

/// Which threads send: one does, one receives, and there are two others at the most; or, one time in eight, two more
/// that receive.
pub(crate) fn roles(dice: &mut Dice) -> Vec<bool> {
    let others = dice.below(3);
    let mut sends = vec![true, false];
    sends.extend((0..others).map(|_| dice.below(2) == 0));
    if dice.below(8) == 0 {
        sends.extend([false; 2]);
    }
    sends
}

/// How many receivers that make no call come before a receiver that does: mostly none.
pub(crate) fn crowd(dice: &mut Dice) -> usize {
    if dice.below(6) == 0 { crate::world::CROWD } else { 0 }
}

/// The newer half of the idle receivers goes, and as many come: one at least.
pub(crate) fn churn<R: Clone>(receiver: &R, idle: &mut Vec<R>) {
    let size = idle.len().max(1);
    idle.truncate(size / 2);
    idle.resize(size, receiver.clone());
}

/// What one thread does: its calls, and for how long it pauses before each.
pub(crate) type Part<C> = Vec<(u32, C)>;

/// One of the two channels, and how its histories come about.
pub(crate) trait Subject {
    type Operation: Operation + Send;
    /// A call that a thread is to make.
    type Call: Send + 'static;
    /// What a thread has of the channel: a sender, or a receiver.
    type Handle: Send + 'static;
    /// Who knows at the end what else has become of the channel.
    type Witness;

    /// Makes a channel, and parts for a few threads that have a handle each. With `may_block` a receiver
    /// may wait without a deadline, and so every sender goes at the end of its part.
    fn begin(dice: &mut Dice, may_block: bool) -> Beginning<Self>;

    /// Makes one call; the call that drops the handle leaves none.
    fn make(
        call: Self::Call,
        handle: &mut Option<Self::Handle>,
        recorder: &mut Recorder<'_, Self::Operation>,
    );

    /// Drops a handle that is left when all parts have been played.
    fn leave(handle: Self::Handle, recorder: &mut Recorder<'_, Self::Operation>);

    /// Every handle is gone.
    fn end(witness: Self::Witness, recorder: &mut Recorder<'_, Self::Operation>);
}

pub(crate) struct Beginning<S: Subject + ?Sized> {
    /// The first operation of the history: how many handles there are.
    pub(crate) first: S::Operation,
    pub(crate) parts: Vec<(S::Handle, Part<S::Call>)>,
    pub(crate) witness: S::Witness,
}

/// Who makes the channel and ends it, by the number of its thread.
const MAKER: usize = 9;

/// Records the making of the channel.
pub(crate) fn begin<O>(clock: &Clock, first: O) -> Vec<Call<O>> {
    let mut maker = Recorder::new(clock, MAKER);
    maker.record(|| (), |()| first);
    maker.into_calls()
}

/// Drops the handles that are left when all parts have been played.
pub(crate) fn end<S: Subject>(
    clock: &Clock,
    mut calls: Vec<Call<S::Operation>>,
    left: Vec<S::Handle>,
    witness: S::Witness,
) -> History<S::Operation> {
    let mut maker = Recorder::new(clock, MAKER);
    for handle in left {
        S::leave(handle, &mut maker);
    }
    S::end(witness, &mut maker);
    calls.extend(maker.into_calls());
    History::new(calls)
}

/// Plays one thread's part; returns its handle, if that is left.
pub(crate) fn play<S: Subject>(
    handle: S::Handle,
    part: Part<S::Call>,
    recorder: &mut Recorder<'_, S::Operation>,
) -> Option<S::Handle> {
    let mut handle = Some(handle);
    for (pause, call) in part {
        crate::world::pause(pause);
        S::make(call, &mut handle, recorder);
    }
    handle
}
