//! Worlds of `channel`: one or two channels, some senders and receivers of every kind, at times a crowd of receivers in
//! one task, and an account of every value.

mod crowd;
mod ledger;
mod receiving;
mod sending;
mod tasks;
mod threads;

use crate::{crew::Part, dice::Dice, mishaps::Mishaps};
use ledger::{Ledger, Value};
use overwrite_channel::{Receiver, channel};
use receiving::Reader;
use sending::{Handle, Writer};
use std::sync::Arc;

const MOST_SENDERS: usize = 3;
const MOST_CHANNELS: usize = 2;
/// More than there are stalled futures in all stalls of a world.
const MOST_NUDGES: usize = 4000;

#[expect(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
pub(crate) struct World {
    number: u64,
    ledger: Arc<Ledger>,
    mishaps: Mishaps,
    channels: usize,
    /// Which sends there are.
    sends: Sends,
    /// Do keys, predicates, wakers and drops panic at times?
    rough: bool,
    /// Do many receivers wait for each channel, who stay, and park at once? Then a send often meets several
    /// who are falling asleep.
    crowded: bool,
    /// Do the senders go first? Then each channel has a receiver that stays until the end, and senders may
    /// wait until a value is taken. Else senders send until nobody is left.
    senders_first: bool,
    /// Does a crowd have futures that stall until a receiver beside it has taken a value? Then a sender that waits sends
    /// again after a while.
    stalls: bool,
    /// Does every wait last until something comes? A receiver that gives up and looks again would hide a
    /// wake that was lost.
    patient: bool,
    /// One send in so many is waited for until the value is taken.
    wait_one_in: usize,
    /// How often a sender pauses: one time in so many.
    pause_one_in: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Sends {
    /// Only `send`: a receiver sees the values of one sender in their order.
    Plain,
    /// Only `send_newest*`: the newest value is not displaced.
    Newest,
    All,
}

/// A world and its actors, of whom at most `threads` are threads.
pub(crate) fn begin(number: u64, threads: usize, dice: &mut Dice) -> (Arc<World>, Vec<Part>) {
    let senders = dice.within(1, MOST_SENDERS);
    let quota = dice.pick(&[20, 200, 1000]);
    let senders_first = !dice.one_in(4);
    let channels = dice.within(1, MOST_CHANNELS);
    let crowd = dice.one_in(4).then(|| dice.crowd());
    // Where a receiver stays, and every value is of the same channel.
    let stalls = senders_first && channels == 1 && crowd.is_some_and(|size| size <= 130);
    let room = senders * (quota + if stalls { MOST_NUDGES } else { 0 });
    let world = Arc::new(World {
        number,
        ledger: Arc::new(Ledger::new(number, room)),
        mishaps: Mishaps::default(),
        channels,
        sends: dice.pick(&[Sends::Plain, Sends::Newest, Sends::All]),
        rough: dice.one_in(3),
        crowded: dice.one_in(3),
        senders_first,
        stalls,
        patient: senders_first && !dice.one_in(3),
        wait_one_in: dice.pick(&[1, 4, 20, 100]),
        pause_one_in: dice.pick(&[2, 10, 100]),
    });

    let ends: Vec<_> = (0..channels).map(|_| channel::<Value>()).collect();
    let (txs, mut rxs): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    let mut actors: Vec<Actor> = Vec::new();
    if let Some(size) = crowd {
        let rxs = vec![rxs[0].clone(); size];
        actors.push(Actor::Crowd(Reader::crowd(&world, dice), rxs));
    }
    // The same `SharedSender`s for several actors, or senders of their own.
    let shared: Vec<_> =
        txs.iter().map(|tx| Handle::Shared(Arc::new(tx.clone().into_shared()))).collect();
    for index in 0..senders {
        let handles = txs.iter().zip(&shared).map(|(tx, shared)| match shared {
            Handle::Shared(shared) if dice.one_in(3) => Handle::Shared(Arc::clone(shared)),
            _ => Handle::Own(tx.clone()),
        });
        let handles = handles.collect();
        actors.push(Actor::Sender(Writer::new(&world, index, quota, handles, dice.split())));
    }
    drop((txs, shared));
    for (channel, rx) in rxs.iter_mut().enumerate() {
        let receivers = if world.crowded { dice.within(3, 5) } else { dice.within(1, 3) };
        if world.crowded {
            rx.set_spin_limit(0);
        }
        for _ in 1..receivers {
            let reader = Reader::new(&world, channel, world.crowded, dice);
            actors.push(Actor::Receiver(reader, rx.clone()));
        }
    }
    if rxs.len() > 1 && dice.one_in(3) {
        // One that waits for all at once; at times with many receivers of each.
        let each = if dice.one_in(4) { dice.crowd() } else { 1 };
        let rxs = rxs.into_iter().enumerate().flat_map(|of| vec![of; each]).collect();
        actors.push(Actor::AnyReceiver(Reader::new(&world, 0, true, dice), rxs));
    } else {
        for (channel, rx) in rxs.into_iter().enumerate() {
            actors.push(Actor::Receiver(Reader::new(&world, channel, true, dice), rx));
        }
    }

    // Who gets a thread is drawn, but for the one that can only be one.
    let is_thread = |actor: &Actor| matches!(actor, Actor::AnyReceiver(..));
    let is_task = |actor: &Actor| matches!(actor, Actor::Crowd(..));
    let mut threads = threads - usize::from(actors.iter().any(is_thread));
    let mut parts = Vec::with_capacity(actors.len());
    while !actors.is_empty() {
        let actor = actors.swap_remove(dice.below(actors.len()));
        let may = threads > 0 && (actors.len() < threads || dice.one_in(2)) && !is_task(&actor);
        threads -= usize::from(may && !is_thread(&actor));
        parts.push(actor.part(may));
    }
    (world, parts)
}

enum Actor {
    Sender(Writer),
    Receiver(Reader, Receiver<Value>),
    /// Each with its channel.
    AnyReceiver(Reader, Vec<(usize, Receiver<Value>)>),
    Crowd(Reader, Vec<Receiver<Value>>),
}

impl Actor {
    fn part(self, on_thread: bool) -> Part {
        let who = match &self {
            Self::Sender(writer) => writer.post.who(),
            Self::Receiver(reader, _) | Self::AnyReceiver(reader, _) | Self::Crowd(reader, _) => {
                reader.post.who()
            }
        };
        match self {
            Self::Sender(writer) if on_thread => Part::thread(who, || threads::send(writer)),
            Self::Sender(writer) => Part::task(who, tasks::send(writer)),
            Self::Receiver(reader, rx) if on_thread => {
                Part::thread(who, || threads::receive(reader, rx))
            }
            Self::Receiver(reader, rx) => Part::task(who, tasks::receive(reader, rx)),
            Self::AnyReceiver(reader, rxs) => {
                Part::thread(who, || threads::receive_any(reader, rxs))
            }
            Self::Crowd(reader, rxs) => Part::task(who, crowd::receive(reader, rxs)),
        }
    }
}

impl World {
    /// One waker in so many panics.
    fn bad_wakers(&self) -> Option<usize> {
        self.rough.then_some(if self.crowded { 2 } else { 4 })
    }

    /// When all actors have gone.
    pub(crate) fn close(&self) {
        let newest = self.sends == Sends::Newest && !self.rough;
        // Who stays until `Disconnected` leaves nothing behind.
        let left = if self.senders_first { 0 } else { self.channels as u64 };
        self.ledger.close(self.mishaps.count(), left, newest);
    }
}
