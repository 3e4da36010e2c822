//! The calls of a reader, and what it shows.

use super::{TAKEN, World};
use crate::{
    actor::{Actor, Mode, Waited},
    receiver::View,
    setting::{MOST_SENDERS, Setting},
};
use futures::{FutureExt, StreamExt};
use overwrite_channel::{RecvError, RecvTimeoutError, buffer, wait_any, wait_any_timeout};
use std::{
    future::{Future, poll_fn},
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// A reader, and what it has shown.
#[derive(Clone)]
pub(super) struct Viewer {
    rx: buffer::Reader<Setting>,
    log: Log,
}

#[derive(Clone)]
struct Log {
    world: Arc<World>,
    /// The number of the value that was looked at last.
    last: usize,
    /// A call has said that it took a newer one.
    has_taken: bool,
    /// The turn of each writer that was seen last.
    turns: [u64; MOST_SENDERS],
}

impl Viewer {
    pub(super) fn new(world: &Arc<World>, rx: buffer::Reader<Setting>) -> Self {
        let log =
            Log { world: Arc::clone(world), last: 0, has_taken: false, turns: Default::default() };
        Self { rx, log }
    }

    /// Looks at what the reader shows, which is what it has taken.
    fn look(&mut self) {
        let Self { rx, log: Log { world, last, has_taken, turns } } = self;
        rx.verify();
        let said = mem::take(has_taken);
        if rx.number == *last {
            assert!(!said, "value {last} again");
            return;
        }
        // A call may have panicked after it had taken a value.
        assert!(said || world.rules.rough, "value {} after {last}, which no call took", rx.number);
        *last = rx.number;
        world.meets(*last, TAKEN);
        world.taken.fetch_add(1, Relaxed);
        let before = mem::replace(&mut turns[rx.sender], rx.turn);
        assert!(before < rx.turn, "turn {} of a writer came after {before}", rx.turn);
    }
}

impl View for Viewer {
    const ALL_ARE_WOKEN: bool = false;

    fn wait(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log } = self;
        rx.updated().map(|came| came.map(|()| log.has_taken = true))
    }

    fn poll(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log: Log { world, has_taken, .. } } = self;
        poll_fn(|cx| world.unallocating(|| rx.poll_updated(cx)))
            .map(|came| came.map(|()| *has_taken = true))
    }

    fn next(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, log } = self;
        StreamExt::next(rx).map(|next| next.map(|_clone| log.has_taken = true).ok_or(RecvError))
    }

    fn block(&mut self, wait: Mode) -> Waited<()> {
        let Self { rx, log: Log { world, has_taken, .. } } = self;
        let came = world.unallocating(|| {
            wait.block(rx, |rx| rx.wait().map(drop), |rx, limit| rx.wait_timeout(limit).map(drop))
        });
        came.map(|came| came.map(|()| *has_taken = true))
    }

    /// Waits by `wait_any`, or just looks: a reader has no predicate.
    async fn wait_for(&mut self, actor: &mut Actor, wait: Mode) -> Waited<()> {
        if wait.blocks {
            let _ready = wait.block(
                &mut [&mut self.rx as _][..],
                |each| Ok(wait_any(each)),
                |each, limit| wait_any_timeout(each, limit).ok_or(RecvTimeoutError::Timeout),
            );
        }
        self.own(actor, wait).await
    }

    /// Does not wait.
    async fn own(&mut self, actor: &mut Actor, _: Mode) -> Waited<()> {
        let Self { rx, log: Log { world, last, has_taken, .. } } = self;
        *has_taken = world.unallocating(|| {
            if actor.dice.one_in(2) { rx.update() } else { rx.read().number != *last }
        });
        has_taken.then_some(Ok(()))
    }

    fn fiddle(&mut self, actor: &mut Actor) {
        let rx = &mut self.rx;
        match actor.dice.below(5) {
            // The handle that waited before goes, with whatever it left behind.
            0 => *rx = rx.clone(),
            1 => assert!(rx.clone().same_channel(rx)),
            2 => drop([rx.clone(), rx.clone(), rx.clone()]),
            // The writer that gets the buffer back sees this, whole.
            3 => rx.scribble(),
            _ => rx.set_spin_limit(actor.dice.pick(&[0, 3, 10])),
        }
    }

    fn taken(&self) -> Option<usize> {
        (self.log.world.stalls && !self.rx.is_closed()).then(|| self.log.world.taken.load(Relaxed))
    }

    fn report_progress(readers: &mut [Self]) {
        readers.iter_mut().for_each(Self::look);
    }

    fn check_end(&mut self, actor: &Actor) {
        assert!(self.rx.is_closed(), "an end, and a writer is left");
        assert!(self.rx.is_empty(), "an end, and a value is left");
        assert_eq!(actor.rules.catch(|| self.rx.update()), Some(false), "an end, and then not");
    }

    fn leave(self, actor: &Actor) {
        actor.rules.catch(|| drop(self.rx));
    }
}
