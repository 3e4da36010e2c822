//! What the threads of a history do, by the dice.

use crate::{
    history::{self, Clock, History, Model, Recorder},
    world::{CROWD, pause},
};
use std::time::Duration;
use support::dice::Dice;

/// One of the two channels, and how its histories come about.
pub(crate) trait Subject {
    type Model: Model<Operation: Send>;
    type Sender: Send + 'static;
    type Receiver: Clone + Send + 'static;
    /// What is asked at the end what else has become of the channel.
    type Witness: Sync;

    /// Makes a channel, with so many senders, and a receiver.
    fn channel(
        dice: &mut Dice,
        senders: usize,
    ) -> (Vec<Self::Sender>, Self::Receiver, Self::Witness);

    /// Makes a receiver leave a waker behind.
    fn leave_waker(receiver: &mut Self::Receiver);

    /// Describes the making of the channel. The threads with these numbers have a receiver each.
    fn begin(senders: usize, receivers: Vec<usize>) -> Operation<Self>;

    /// Draws a call of a sender. No other call has this value.
    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Self::Sender>;

    /// Draws a call of a receiver. Without `may_block`, it waits for a time at most.
    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Self::Receiver>;

    /// Describes the drop of a handle.
    fn dropped(is_sender: bool) -> Operation<Self>;

    /// Records what the witness says, if anything, when every handle is gone.
    fn end(witness: Self::Witness, recorder: &mut Record<'_, Self>);
}

pub(crate) type Operation<S> = <<S as Subject>::Model as Model>::Operation;
pub(crate) type Record<'a, S> = Recorder<'a, Operation<S>>;
/// A call that a thread is to make by its handle, and to record.
pub(crate) type Call<S, H> = Box<dyn FnOnce(&mut H, &mut Record<'_, S>) + Send>;

/// What a thread has of the channel.
pub(crate) enum Handle<S: Subject + ?Sized> {
    Sender(S::Sender),
    /// With other receivers, which make no call, and go with it.
    Receiver(S::Receiver, Vec<S::Receiver>),
}

/// What a thread does next.
pub(crate) enum Act<S: Subject> {
    Send(Call<S, S::Sender>),
    Receive(Call<S, S::Receiver>),
    /// Drops some idle receivers, and makes as many, which is no part of the history.
    Churn,
    /// Drops the handle.
    Drop,
}

/// What one thread does, and for how long it pauses before each act.
pub(crate) type Part<S> = Vec<(u32, Act<S>)>;

pub(crate) struct Beginning<S: Subject> {
    /// The first operation of the history.
    pub(crate) first: Operation<S>,
    pub(crate) parts: Vec<(Handle<S>, Part<S>)>,
    pub(crate) witness: S::Witness,
}

impl<S: Subject> Beginning<S> {
    /// Makes a channel, and parts for a few threads. With `may_block` a receiver may wait without a deadline, and so
    /// every sender goes at the end of its part.
    pub(crate) fn new(seed: u64, may_block: bool) -> Self {
        let dice = &mut Dice::new(seed);
        let sends = roles(dice);
        let receivers: Vec<_> = (0..sends.len()).filter(|thread| !sends[*thread]).collect();
        let senders = sends.len() - receivers.len();
        let (mut txs, rx, witness) = S::channel(dice, senders);
        let mut values = shuffled(dice, 4 * senders);
        let parts = sends.into_iter().map(|sends| {
            let handle = if sends {
                Handle::Sender(txs.pop().expect("one for each thread that sends"))
            } else {
                // In one history of six, many receivers that make no call come before the one that does.
                let crowd = if dice.one_in(6) { CROWD } else { 0 };
                let mut idle = vec![rx.clone(); crowd];
                idle.iter_mut().step_by(3).for_each(S::leave_waker);
                Handle::Receiver(rx.clone(), idle)
            };
            let mut act = |dice: &mut Dice| match sends {
                true => Act::Send(S::sending(dice, values.pop().expect("four for each sender"))),
                false if dice.one_in(10) => Act::Churn,
                false => Act::Receive(S::receiving(dice, may_block)),
            };
            let mut acts: Vec<_> = (0..dice.within(1, 4)).map(|_| act(dice)).collect();
            if (sends && may_block) || dice.one_in(2) {
                acts.push(Act::Drop);
            }
            (handle, acts.into_iter().map(|act| (pause_for(dice), act)).collect())
        });
        let parts = parts.collect();
        Self { first: S::begin(senders, receivers), parts, witness }
    }
}

/// Draws which threads send: one sends, one receives, and there are at most two more; or, one time in eight, two beyond those
/// that receive.
fn roles(dice: &mut Dice) -> Vec<bool> {
    let more = dice.below(3);
    let mut sends = vec![true, false];
    sends.extend((0..more).map(|_| dice.one_in(2)));
    if dice.one_in(8) {
        sends.extend([false; 2]);
    }
    sends
}

/// Returns the numbers from 1 to `last` in any order.
fn shuffled(dice: &mut Dice, last: usize) -> Vec<u32> {
    let mut numbers: Vec<u32> = (1..).take(last).collect();
    for at in (1..last).rev() {
        numbers.swap(at, dice.below(at + 1));
    }
    numbers
}

/// Draws how long a pause is.
pub(crate) fn pause_for(dice: &mut Dice) -> u32 {
    let end = dice.pick(&[1, 1, 8, 64]);
    u32::try_from(dice.below(end)).expect("a few")
}

/// Draws how long a receiver waits.
pub(crate) fn moment(dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.roll() % 40)
}

/// The number of the thread that makes the channel and ends it.
const MAKER: usize = 9;

/// Records the making of the channel.
pub(crate) fn begin<O>(clock: &Clock, first: O) -> Vec<history::Call<O>> {
    let mut maker = Recorder::new(clock, MAKER);
    maker.record(|| (), |()| first);
    maker.calls
}

/// Drops the handles that are left when all parts have been played.
pub(crate) fn end<S: Subject>(
    clock: &Clock,
    mut calls: Vec<history::Call<Operation<S>>>,
    left: Vec<Handle<S>>,
    witness: S::Witness,
) -> History<S::Model> {
    let mut maker = Recorder::new(clock, MAKER);
    for handle in left {
        leave(handle, &mut maker);
    }
    S::end(witness, &mut maker);
    calls.extend(maker.calls);
    History::new(calls)
}

/// Plays one thread's part. Returns its handle, unless the part ends with its drop.
pub(crate) fn play<S: Subject>(
    mut handle: Handle<S>,
    part: Part<S>,
    recorder: &mut Record<'_, S>,
) -> Option<Handle<S>> {
    for (time, act) in part {
        pause(time);
        match (act, &mut handle) {
            (Act::Send(call), Handle::Sender(tx)) => call(tx, recorder),
            (Act::Receive(call), Handle::Receiver(rx, _)) => call(rx, recorder),
            (Act::Churn, Handle::Receiver(rx, idle)) => {
                // The newer half goes, and as many come: one at least.
                let size = idle.len().max(1);
                idle.truncate(size / 2);
                idle.resize(size, rx.clone());
            }
            (Act::Drop, _) => {
                leave(handle, recorder);
                return None;
            }
            _ => unreachable!("the act of another kind of handle"),
        }
    }
    Some(handle)
}

fn leave<S: Subject>(handle: Handle<S>, recorder: &mut Record<'_, S>) {
    let operation = S::dropped(matches!(handle, Handle::Sender(_)));
    recorder.record(|| drop(handle), |()| operation);
}
