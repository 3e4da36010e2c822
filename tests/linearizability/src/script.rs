//! What the threads of a history do, by the dice.

use crate::{
    history::{self, Event, History, Left, Model, Recorder},
    world::{CROWD, meet, pause, spawn},
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

    /// Number of idle receivers that come with some receiver.
    const CROWD: usize = CROWD;

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

/// What a thread does next: it makes a call, which it describes, or does what is no part of the history.
type Act<H, O> = Box<dyn FnOnce(&mut H) -> Option<O> + Send>;
/// What one thread does. It waits for all others first. Returns what it has done, and how its handle is dropped later, if
/// that is left.
type Part<O> = Box<dyn FnOnce() -> (Vec<history::Call<O>>, Option<Leave<O>>) + Send>;
type Leave<O> = Box<dyn FnOnce(&mut Recorder<O>) + Send>;

/// The number of the thread that makes the channel and ends it.
const MAKER: usize = 9;

/// Records what a few threads do with a channel. With `may_block` a receiver may wait without a deadline, and so every
/// sender goes at the end of its part.
pub(crate) fn record<S: Subject>(seed: u64, may_block: bool) -> History<S::Model> {
    let dice = &mut Dice::new(seed);
    let sends = roles(dice);
    let senders = sends.iter().filter(|sends| **sends).count();
    let (mut txs, rx, witness) = S::channel(dice, senders);
    // In any order, so that a later send may have the older value.
    let mut values: Vec<_> = (1..).take(4 * senders).collect();
    // No scheduler knows the clock.
    let clock = Arc::new(AtomicUsize::new(0));
    let mut maker = Recorder::new(&clock, MAKER);
    maker.record(|| Some(Event::Begin(Left { senders, receivers: sends.len() - senders })));
    let missing = Arc::new(AtomicUsize::new(sends.len()));
    let parts = sends.into_iter().enumerate().map(|(thread, sends)| {
        let calls = dice.within(1, 4);
        let leaves = ((sends && may_block) || dice.one_in(2)).then(|| pause_for(dice));
        let (recorder, missing) = (Recorder::new(&clock, thread), Arc::clone(&missing));
        if sends {
            let tx = txs.pop().expect("one for each thread that sends");
            let act = |_| {
                let value = values.swap_remove(dice.below(values.len()));
                let call = S::sending(dice, value);
                (pause_for(dice), Box::new(move |tx: &mut _| Some(call(tx))) as _)
            };
            let acts = (0..calls).map(act).collect();
            part(tx, acts, leaves, Event::DropSender, recorder, missing)
        } else {
            // In one history of six, many receivers that make no call come before the one that does.
            let crowd = if dice.one_in(6) { S::CROWD } else { 0 };
            let mut idle = vec![rx.clone(); crowd];
            idle.iter_mut().step_by(3).for_each(S::leave_waker);
            let act = |_| {
                let act: Act<(S::Receiver, _), _> = if dice.one_in(10) {
                    Box::new(churn)
                } else {
                    let call = S::receiving(dice, may_block);
                    Box::new(|(rx, _)| Some(call(rx)))
                };
                (pause_for(dice), act)
            };
            let acts = (0..calls).map(act).collect();
            part((rx.clone(), idle), acts, leaves, Event::DropReceiver, recorder, missing)
        }
    });
    let parts: Vec<_> = parts.collect();
    drop(rx);
    let threads: Vec<_> = parts.into_iter().map(spawn).collect();
    let played = threads.into_iter().map(|thread| thread.join().expect("no call panics"));
    let (calls, left): (Vec<_>, Vec<_>) = played.unzip();
    left.into_iter().flatten().for_each(|leave| leave(&mut maker));
    maker.record(|| S::end(witness).map(Event::Call));
    History::new(maker.calls.into_iter().chain(calls.into_iter().flatten()).collect())
}

/// Makes the part of a thread that has this handle, with a pause before each act. If it `leaves`, it drops the handle at
/// the end.
fn part<H: Send + 'static, O: Send + 'static>(
    mut handle: H,
    acts: Vec<(u32, Act<H, O>)>,
    leaves: Option<u32>,
    drops: Event<O>,
    mut recorder: Recorder<O>,
    missing: Arc<AtomicUsize>,
) -> Part<O> {
    Box::new(move || {
        meet(&missing);
        for (time, act) in acts {
            pause(time);
            recorder.record(|| act(&mut handle).map(Event::Call));
        }
        let leave = |recorder: &mut Recorder<O>| {
            recorder.record(|| {
                drop(handle);
                Some(drops)
            });
        };
        let Some(time) = leaves else { return (recorder.calls, Some(Box::new(leave))) };
        pause(time);
        leave(&mut recorder);
        (recorder.calls, None)
    })
}

/// Drops the newer half of the idle receivers, and makes as many: one at least.
fn churn<R: Clone, O>((rx, idle): &mut (R, Vec<R>)) -> Option<O> {
    let size = idle.len().max(1);
    idle.truncate(size / 2);
    idle.resize(size, rx.clone());
    None
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

/// Draws how long a pause is.
pub(crate) fn pause_for(dice: &mut Dice) -> u32 {
    let end = dice.pick(&[1, 1, 8, 64]);
    u32::try_from(dice.below(end)).expect("a few")
}

/// Draws how long a receiver waits.
pub(crate) fn moment(dice: &mut Dice) -> Duration {
    Duration::from_micros(dice.roll() % 40)
}
