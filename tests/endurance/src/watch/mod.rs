//! Worlds of `watch`: one channel, some senders and receivers of every kind, at times a crowd of receivers in one task,
//! and an account of every change.

mod book;
mod crowd;
mod receiving;
mod sending;
mod tasks;
mod threads;

use crate::{
    crew::Part,
    dice::Dice,
    mishaps::Mishaps,
    tally::{TALLY, add},
};
use book::{Book, Setting};
use overwrite_channel::watch::{Receiver, channel};
use receiving::Reader;
use sending::Writer;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

const MOST_SENDERS: usize = 3;
/// The last one may be a crowd.
const MOST_RECEIVERS: usize = 5;

#[expect(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
pub(crate) struct World {
    number: u64,
    book: Arc<Book>,
    mishaps: Mishaps,
    /// Is every change made by modifying? Then each setting says how many there were before.
    counted: bool,
    /// Do closures, predicates and wakers panic at times? Drops do not: `arc_swap` drops values in the middle of
    /// its own work, and may leak another one if that panics.
    rough: bool,
    /// Do the senders go first? Then all receivers stay until the end, and senders may wait until a change
    /// was seen. Else receivers go, and senders open the channel again.
    senders_first: bool,
    /// Does every wait last until something comes?
    patient: bool,
    /// One change in so many is waited for until all have seen it.
    wait_one_in: usize,
    /// How often a sender pauses: one time in so many.
    pause_one_in: usize,
    /// How many changes there were: at least so many, and exactly when the senders are gone.
    changes: AtomicU64,
    receivers: usize,
    /// Which version each receiver has seen.
    seen: [AtomicU64; MOST_RECEIVERS],
}

/// A world and its actors, of whom at most `threads` are threads.
pub(crate) fn begin(number: u64, threads: usize, dice: &mut Dice) -> (Arc<World>, Vec<Part>) {
    let crowd = dice.one_in(4).then(|| dice.crowd());
    let quota = dice.pick(if crowd.is_some() { &[20, 200] } else { &[20, 200, 1000] });
    let senders = dice.within(1, MOST_SENDERS);
    let receivers = dice.within(1, MOST_RECEIVERS - 1);
    let counted = dice.one_in(2);
    let rough = dice.one_in(3);
    let senders_first = !dice.one_in(4);
    let world = Arc::new(World {
        number,
        book: Book::new(number),
        mishaps: Mishaps::default(),
        counted,
        rough,
        senders_first,
        patient: senders_first && !dice.one_in(3),
        wait_one_in: dice.pick(&[4, 20, 100]),
        pause_one_in: dice.pick(&[2, 10, 100]),
        changes: AtomicU64::new(0),
        receivers: receivers + usize::from(crowd.is_some()),
        seen: Default::default(),
    });

    let (tx, rx) = channel(world.book.setting(0, 0));
    let mut actors: Vec<Actor> = Vec::new();
    if let Some(size) = crowd {
        let rxs = vec![rx.clone(); size];
        actors.push(Actor::Crowd(Reader::crowd(&world, receivers, dice), rxs));
    }
    for index in 0..senders {
        let writer = Writer::new(&world, index, quota, tx.clone(), dice.split());
        actors.push(Actor::Sender(writer));
    }
    for index in 0..receivers {
        let rx = if dice.one_in(2) { rx.clone() } else { tx.subscribe() };
        actors.push(Actor::Receiver(Reader::new(&world, index, dice), rx));
    }
    let mut threads = threads;
    let mut parts = Vec::with_capacity(actors.len());
    while !actors.is_empty() {
        let actor = actors.swap_remove(dice.below(actors.len()));
        let on_thread = threads > 0 && dice.one_in(2) && !matches!(actor, Actor::Crowd(..));
        threads -= usize::from(on_thread);
        parts.push(actor.part(on_thread));
    }
    (world, parts)
}

enum Actor {
    Sender(Writer),
    Receiver(Reader, Receiver<Setting>),
    Crowd(Reader, Vec<Receiver<Setting>>),
}

impl Actor {
    fn part(self, on_thread: bool) -> Part {
        let who = match &self {
            Self::Sender(writer) => writer.post.who(),
            Self::Receiver(reader, _) | Self::Crowd(reader, _) => reader.post.who(),
        };
        match self {
            Self::Sender(writer) if on_thread => Part::thread(who, || threads::send(writer)),
            Self::Sender(writer) => Part::task(who, tasks::send(writer)),
            Self::Receiver(reader, rx) if on_thread => {
                Part::thread(who, || threads::receive(reader, rx))
            }
            Self::Receiver(reader, rx) => Part::task(who, tasks::receive(reader, rx)),
            Self::Crowd(reader, rxs) => Part::task(who, crowd::receive(reader, rxs)),
        }
    }
}

impl World {
    /// Have all receivers seen the first `changes`?
    fn all_have_seen(&self, changes: u64) -> bool {
        self.seen[..self.receivers].iter().all(|seen| seen.load(SeqCst) >= changes)
    }

    /// When all actors have gone.
    pub(crate) fn close(&self) {
        self.book.close();
        add(&TALLY.changes, self.changes.load(SeqCst));
    }
}
