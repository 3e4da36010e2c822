//! What the threads of a history do, by the dice.

use crate::{
    history::{self, Event, History, Left, Model, Recorder},
    world::{CROWD, meet, pause},
};
use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};
use support::dice::Dice;

/// A flavour, and how its histories come about.
pub(crate) trait Subject: 'static {
    type Model: Model;
    type Sender: Send + 'static;
    type Receiver: Clone + Send + 'static;
    /// What is asked at the end what else has become of the channel.
    type Witness;

    /// Makes a channel, with so many senders, and a receiver.
    fn channel(
        dice: &mut Dice,
        senders: usize,
    ) -> (Vec<Self::Sender>, Self::Receiver, Self::Witness);

    /// Makes a receiver leave a waker behind.
    fn leave_waker(receiver: &mut Self::Receiver);

    /// Draws a call of a sender. No other call has this value.
    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Self::Sender>;

    /// Draws a call of a receiver. Without `may_block`, it waits for a time at most.
    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Self::Receiver>;

    /// Describes what the witness says, if anything, when every handle is gone.
    fn end(witness: Self::Witness) -> Option<Operation<Self>>;
}

type Operation<S> = <<S as Subject>::Model as Model>::Operation;
/// A call that a thread is to make by its handle, and to describe.
pub(crate) type Call<S, H> = Box<dyn FnOnce(&mut H) -> Operation<S> + Send>;

/// What a thread has of the channel.
pub(crate) enum Handle<S: Subject> {
    Sender(S::Sender),
    /// With other receivers, which make no call, and go with it.
    Receiver(S::Receiver, Vec<S::Receiver>),
}

/// What a thread does next.
enum Act<S: Subject> {
    Send(Call<S, S::Sender>),
    Receive(Call<S, S::Receiver>),
    /// Drops some idle receivers, and makes as many, which is no part of the history.
    Churn,
    /// Drops the handle.
    Drop,
}

/// The number of the thread that makes the channel and ends it.
const MAKER: usize = 9;

/// A history that is being made.
pub(crate) struct Script<S: Subject> {
    /// What each thread does.
    pub(crate) parts: Vec<Part<S>>,
    maker: Recorder<Operation<S>>,
    handles: Vec<Handle<S>>,
    witness: S::Witness,
}

/// What one thread does. It waits for all others first.
pub(crate) type Part<S> = Box<dyn FnOnce() -> Played<S> + Send>;
/// What one thread has done, and its handle, if that is left.
pub(crate) type Played<S> = (Vec<history::Call<Operation<S>>>, Option<Handle<S>>);

impl<S: Subject> Script<S> {
    /// Makes a channel, and the parts of a few threads. With `may_block` a receiver may wait without a deadline, and so
    /// every sender goes at the end of its part.
    pub(crate) fn new(seed: u64, may_block: bool) -> Self {
        let dice = &mut Dice::new(seed);
        let sends = roles(dice);
        let senders = sends.iter().filter(|sends| **sends).count();
        let (mut txs, rx, witness) = S::channel(dice, senders);
        let mut values = shuffled(dice, 4 * senders);
        // No scheduler knows the clock.
        let clock = Arc::new(AtomicUsize::new(0));
        let mut maker = Recorder::new(&clock, MAKER);
        maker.record(|| Event::Begin(Left { senders, receivers: sends.len() - senders }));
        let missing = Arc::new(AtomicUsize::new(sends.len()));
        let parts = sends.into_iter().enumerate().map(|(thread, sends)| {
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
            let acts: Vec<_> = acts.into_iter().map(|act| (pause_for(dice), act)).collect();
            let (mut recorder, missing) = (Recorder::new(&clock, thread), Arc::clone(&missing));
            let part = move || {
                meet(&missing);
                let left = play(handle, acts, &mut recorder);
                (recorder.calls, left)
            };
            Box::new(part) as Part<S>
        });
        let parts = parts.collect();
        Self { parts, maker, handles: Vec::new(), witness }
    }

    /// Adds what a thread has done.
    pub(crate) fn add(&mut self, (calls, handle): Played<S>) {
        self.maker.calls.extend(calls);
        self.handles.extend(handle);
    }

    /// Drops the handles that are left when all parts have been played.
    pub(crate) fn end(mut self) -> History<S::Model> {
        for handle in self.handles {
            leave(handle, &mut self.maker);
        }
        if let Some(said) = S::end(self.witness) {
            self.maker.record(|| Event::Call(said));
        }
        History::new(self.maker.calls)
    }
}

/// Draws which threads send: one sends, one receives, and there are at most two more; or, one time in eight, two beyond
/// those that receive.
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

/// Plays one thread's part, with a pause before each act. Returns its handle, unless the part ends with its drop.
fn play<S: Subject>(
    mut handle: Handle<S>,
    acts: Vec<(u32, Act<S>)>,
    recorder: &mut Recorder<Operation<S>>,
) -> Option<Handle<S>> {
    for (time, act) in acts {
        pause(time);
        match (act, &mut handle) {
            (Act::Send(call), Handle::Sender(tx)) => recorder.record(|| Event::Call(call(tx))),
            (Act::Receive(call), Handle::Receiver(rx, _)) => {
                recorder.record(|| Event::Call(call(rx)));
            }
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

fn leave<S: Subject>(handle: Handle<S>, recorder: &mut Recorder<Operation<S>>) {
    let event = match handle {
        Handle::Sender(_) => Event::DropSender,
        Handle::Receiver(..) => Event::DropReceiver,
    };
    recorder.record(|| {
        drop(handle);
        event
    });
}
