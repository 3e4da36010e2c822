//! The channel with one slot.

use crate::mishaps::{Bytes, Ledger, Lender, Sleeper, Value, caught, strike};
use futures::{Sink, Stream};
use overwrite_channel::{
    ClosedFuture, Receiver, RecvError, RecvFuture, RecvMatchingFuture, RecvTimeoutError, SendError,
    Sender, SharedSender, Waitable, channel, wait_any_timeout,
};
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

const MOST_HANDLES: usize = 4;
const RANKS: usize = 6;
/// Predicates and keys panic when they see it.
const POISON: usize = RANKS - 1;

pub(crate) fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut world = World::new();
    while !bytes.is_empty() {
        world.step(&mut bytes);
        world.settle();
        world.check();
    }
    world.end();
}

fn wanted(value: &Value) -> bool {
    if value.rank == POISON {
        strike();
    }
    value.rank % 2 == 0
}

enum Wait {
    Any(RecvFuture<'static, Value>),
    Matching(RecvMatchingFuture<'static, Value, fn(&Value) -> bool>),
}

impl Wait {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Value, RecvError>> {
        match self {
            Self::Any(future) => Pin::new(future).poll(cx),
            Self::Matching(future) => Pin::new(future).poll(cx),
        }
    }
}

/// A receiver.
struct Seat {
    /// First, because what it borrows is dropped last.
    wait: Option<Wait>,
    rx: Lender<Receiver<Value>>,
    /// Who was told `Pending` and must be woken, inside of a call or not.
    sleeper: Option<Sleeper>,
    /// A future that was polled is neither polled again nor dropped.
    has_forgotten: bool,
}

impl Seat {
    fn new(rx: Receiver<Value>) -> Self {
        Self { wait: None, rx: Lender::new(rx), sleeper: None, has_forgotten: false }
    }

    /// Nobody waits in it.
    fn idle(&mut self) -> &mut Receiver<Value> {
        assert!(self.wait.is_none());
        // SAFETY: no future is there, and the borrow ends with the call of the caller's.
        unsafe { self.rx.lend() }
    }
}

enum Handle {
    Own(Sender<Value>),
    Shared(SharedSender<Value>),
}

impl Handle {
    fn is_disconnected(&self) -> bool {
        match self {
            Self::Own(tx) => tx.is_disconnected(),
            Self::Shared(tx) => tx.is_disconnected(),
        }
    }

    fn duplicate(&self) -> Self {
        match self {
            Self::Own(tx) => Self::Own(tx.clone()),
            Self::Shared(tx) => Self::Shared(tx.clone()),
        }
    }
}

/// A sender.
struct Desk {
    closed: Option<(ClosedFuture<'static>, Option<Sleeper>)>,
    tx: Lender<Handle>,
}

impl Desk {
    fn new(tx: Handle) -> Self {
        Self { closed: None, tx: Lender::new(tx) }
    }

    fn idle(&mut self) -> &mut Handle {
        let closed = self.closed.take();
        caught(|| drop(closed));
        // SAFETY: no future is there, and the borrow ends with the call of the caller's.
        unsafe { self.tx.lend() }
    }
}

/// A receiver that a waker uses when it is woken.
struct Meddler {
    rx: Mutex<Receiver<Value>>,
    taken: Arc<Mutex<Vec<Value>>>,
    alive: Arc<AtomicUsize>,
}

impl Meddler {
    fn meddle(&self) {
        let value = self.rx.lock().unwrap().try_recv();
        self.taken.lock().unwrap().extend(value);
    }
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}

struct World {
    ledger: Ledger,
    /// The model: the value in the slot, by its number and its rank.
    slot: Option<(usize, usize)>,
    desks: Vec<Desk>,
    seats: Vec<Seat>,
    meddlers: Arc<AtomicUsize>,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl World {
    fn new() -> Self {
        let (tx, rx) = channel();
        Self {
            ledger: Ledger::default(),
            slot: None,
            desks: vec![Desk::new(Handle::Own(tx))],
            seats: vec![Seat::new(rx)],
            meddlers: Arc::default(),
            taken: Arc::default(),
        }
    }

    fn receivers(&self) -> usize {
        self.seats.len() + self.meddlers.load(SeqCst)
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.below(18);
        if what < 8 {
            if !self.desks.is_empty() {
                let desk = bytes.below(self.desks.len());
                self.sender(what, desk, bytes);
            }
        } else if !self.seats.is_empty() {
            let seat = bytes.below(self.seats.len());
            self.receiver(what, seat, bytes);
        }
    }

    fn sender(&mut self, what: usize, desk: usize, bytes: &mut Bytes<'_>) {
        match what {
            0..=3 => self.send(what, desk, bytes),
            4 if self.desks.len() < MOST_HANDLES => {
                let clone = self.desks[desk].idle().duplicate();
                self.desks.push(Desk::new(clone));
            }
            5 => {
                let mut old = self.desks.swap_remove(desk);
                let handle = old.idle().duplicate();
                drop(old);
                self.desks.push(Desk::new(match handle {
                    Handle::Own(tx) => Handle::Shared(tx.into_shared()),
                    shared @ Handle::Shared(_) => shared,
                }));
            }
            // Without a sender, or a receiver, little happens any more.
            6 if self.desks.len() > 1 || bytes.one_in(4) => {
                let old = self.desks.swap_remove(desk);
                caught(|| drop(old));
            }
            _ => self.closed(desk, bytes),
        }
    }

    fn send(&mut self, how: usize, desk: usize, bytes: &mut Bytes<'_>) {
        let (old, receivers) = (self.slot, self.receivers());
        let rank = bytes.below(RANKS);
        let value = self.ledger.issue(rank, bytes.one_in(4));
        let id = value.id();
        let tx = self.desks[desk].idle();
        let (mut looks, mut key_panicked) = (bytes.below(3), false);
        let key = |value: &Value| {
            key_panicked = looks == 0;
            if key_panicked {
                strike();
            }
            looks -= 1;
            value.rank
        };
        let sent = caught(|| match (tx, how) {
            (Handle::Own(tx), 0) => tx.send(value),
            (Handle::Own(tx), 1) => tx.send_newest(value),
            (Handle::Own(tx), 2) => tx.send_newest_by_key(value, key),
            (Handle::Own(tx), _) => by_sink(Pin::new(tx), value),
            (Handle::Shared(tx), 0) => tx.send(value),
            (Handle::Shared(tx), 1) => tx.send_newest(value),
            (Handle::Shared(tx), 2) => tx.send_newest_by_key(value, key),
            (Handle::Shared(tx), _) => by_sink(Pin::new(&mut &*tx), value),
        });
        match sent {
            Some(Err(SendError(back))) => {
                assert_eq!((back.taken(), receivers), (id, 0), "it was refused");
            }
            Some(Ok(displaced)) => {
                assert!(receivers > 0, "nobody is there");
                let displaced = displaced.map(Value::taken);
                let keeps_old = (how == 1 || how == 2) && old.is_some_and(|old| old.1 > rank);
                let stale = if keeps_old { Some(id) } else { old.map(|old| old.0) };
                self.slot = if keeps_old { old } else { Some((id, rank)) };
                if how == 3 {
                    assert!(stale.is_none_or(|stale| !self.ledger.is_alive(stale)));
                } else {
                    assert_eq!(displaced, stale);
                }
            }
            None if key_panicked => {
                assert!(!self.ledger.is_alive(id), "it was sent all the same");
                assert!(old.is_none_or(|old| self.ledger.is_alive(old.0)), "an older one was lost");
            }
            // The drop of what a sink displaced, or a waker.
            None => {
                assert!(self.ledger.is_alive(id), "a value was lost");
                self.slot = Some((id, rank));
            }
        }
    }

    fn closed(&mut self, desk: usize, bytes: &mut Bytes<'_>) {
        let is_closed = self.receivers() == 0;
        let desk = &mut self.desks[desk];
        let Some((closed, last)) = &mut desk.closed else {
            // SAFETY: the future is dropped before anything else uses the handle, and before it goes.
            let closed = match unsafe { desk.tx.lend() } {
                Handle::Own(tx) => tx.closed(),
                Handle::Shared(tx) => tx.closed(),
            };
            desk.closed = Some((closed, None));
            return;
        };
        if bytes.one_in(4) {
            let closed = desk.closed.take();
            caught(|| drop(closed));
            return;
        }
        let sleeper = Sleeper::new(bytes, |_| Box::new(|| ()));
        match caught(|| sleeper.poll(|cx| Pin::new(closed).poll(cx))) {
            Some(poll) => {
                assert_eq!(poll.is_ready(), is_closed);
                *last = Some(sleeper);
                if is_closed {
                    desk.closed = None;
                }
            }
            None => {
                desk.idle();
            }
        }
    }

    fn receiver(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let (is_full, is_last) = (self.seats.len() >= MOST_HANDLES, self.seats.len() == 1);
        let seat = &mut self.seats[index];
        match what {
            8 if seat.wait.is_none() && !is_full => {
                let clone = seat.idle().clone();
                self.seats.push(Seat::new(clone));
            }
            9 if !is_last || bytes.one_in(4) => {
                let old = self.seats.swap_remove(index);
                caught(|| drop(old));
            }
            10 if seat.wait.is_none() => {
                // SAFETY: the future is dropped before anything else uses the receiver, and before it goes.
                let rx = unsafe { seat.rx.lend() };
                seat.wait = Some(match bytes.below(2) {
                    0 => Wait::Any(rx.recv_async()),
                    _ => Wait::Matching(rx.recv_matching_async(wanted)),
                });
                self.poll(index, bytes);
            }
            11..=13 => self.poll(index, bytes),
            14 => {
                let wait = seat.wait.take();
                let was_polled = wait.is_some() && seat.sleeper.take().is_some();
                if bytes.one_in(3) {
                    seat.has_forgotten |= was_polled;
                    mem::forget(wait);
                } else {
                    caught(|| drop(wait));
                }
            }
            15 if seat.wait.is_none() => {
                let rx = seat.idle();
                let result = caught(|| rx.try_recv());
                self.received(result.map(|result| result.map_err(|error| error.is_disconnected())));
            }
            16 if seat.wait.is_none() => {
                seat.sleeper = None;
                seat.has_forgotten = false;
                let rx = seat.idle();
                rx.set_spin_limit(0);
                let (is_matching, patience) = (bytes.one_in(2), bytes.patience());
                let result = caught(|| {
                    if is_matching {
                        rx.recv_matching_timeout(patience, wanted)
                    } else {
                        rx.recv_timeout(patience)
                    }
                });
                let result = result
                    .map(|result| result.map_err(|error| error == RecvTimeoutError::Disconnected));
                if is_matching {
                    self.reject();
                }
                self.received(result);
            }
            17 => self.wait_any(bytes.patience()),
            _ => {}
        }
    }

    /// By its future if there is one, else as a stream or by hand, and then it is left behind.
    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (taken, alive) = (Arc::clone(&self.taken), Arc::clone(&self.meddlers));
        let sleeps_on = self.seats[index].sleeper.take().filter(|_| bytes.one_in(2));
        let now = sleeps_on.unwrap_or_else(|| {
            let idle = self.seats.iter_mut().find(|seat| seat.wait.is_none());
            Sleeper::new(bytes, |_| {
                let Some(seat) = idle else { return Box::new(|| ()) };
                alive.fetch_add(1, SeqCst);
                let meddler = Meddler { rx: Mutex::new(seat.idle().clone()), taken, alive };
                Box::new(move || meddler.meddle())
            })
        });
        let seat = &mut self.seats[index];
        let Seat { wait, rx, has_forgotten, .. } = seat;
        let is_matching = matches!(wait, Some(Wait::Matching(_)));
        *has_forgotten = false;
        let as_stream = bytes.one_in(2);
        let poll = caught(|| {
            now.poll(|cx| {
                if let Some(wait) = wait {
                    return wait.poll(cx);
                }
                // SAFETY: no future is there, and the borrow ends with this poll.
                let rx = unsafe { rx.lend() };
                if as_stream {
                    Pin::new(rx).poll_next(cx).map(|next| next.ok_or(RecvError))
                } else {
                    rx.poll_recv(cx)
                }
            })
        });
        if poll.as_ref().is_none_or(Poll::is_ready) {
            // It is over, or whoever polled it has panicked with it.
            let wait = wait.take();
            caught(|| drop(wait));
        }
        self.take_meddled();
        if is_matching {
            self.reject();
        }
        match poll {
            Some(Poll::Pending) => {
                let is_empty = self.slot.is_none();
                assert!(is_empty && !self.desks.is_empty(), "it waits, with {:?}", self.slot);
                self.seats[index].sleeper = Some(now);
            }
            Some(Poll::Ready(result)) => self.received(Some(result.map_err(|_| true))),
            // What one leaves behind stays, though a waker that went panicked.
            None => self.received(None),
        }
    }

    /// What a predicate has not wanted is gone.
    fn reject(&mut self) {
        self.slot = self.slot.filter(|(id, rank)| rank % 2 == 0 || self.ledger.is_alive(*id));
    }

    /// A value, or whether nobody is there to send one; or a panic, which loses the value at the most.
    fn received(&mut self, result: Option<Result<Value, bool>>) {
        self.take_meddled();
        match result {
            Some(Ok(value)) => {
                assert_eq!(self.slot.take().map(|slot| slot.0), Some(value.taken()), "received");
            }
            Some(Err(is_disconnected)) => {
                assert_eq!(self.slot, None, "there is a value");
                assert_eq!(is_disconnected, self.desks.is_empty());
            }
            None => self.slot = self.slot.filter(|slot| self.ledger.is_alive(slot.0)),
        }
    }

    fn wait_any(&mut self, patience: Duration) {
        let mut idle: Vec<_> = self.seats.iter_mut().filter(|seat| seat.wait.is_none()).collect();
        for seat in &mut idle {
            seat.sleeper = None;
            seat.has_forgotten = false;
        }
        let mut rxs: Vec<_> =
            idle.into_iter().map(|seat| seat.idle() as &mut dyn Waitable).collect();
        if rxs.is_empty() {
            return;
        }
        let ready = caught(|| wait_any_timeout(&mut rxs, patience));
        self.take_meddled();
        if let Some(ready) = ready {
            assert_eq!(ready.is_some(), self.slot.is_some() || self.desks.is_empty());
        }
    }

    /// What wakers have taken in the middle of something else.
    fn take_meddled(&mut self) {
        for value in mem::take(&mut *self.taken.lock().unwrap()) {
            assert_eq!(self.slot.take().map(|slot| slot.0), Some(value.taken()), "meddled");
        }
    }

    /// That, and what the last handle has taken along.
    fn settle(&mut self) {
        self.take_meddled();
        if self.desks.is_empty() && self.receivers() == 0 {
            let last = self.slot.take();
            assert!(
                last.is_none_or(|last| !self.ledger.is_alive(last.0)),
                "it outlives the channel"
            );
        }
    }

    /// Whoever must have been woken has been.
    fn check(&mut self) {
        let (is_empty, no_sender) = (self.slot.is_none(), self.desks.is_empty());
        let no_receiver = self.receivers() == 0;
        if let Some((id, _)) = self.slot {
            assert!(self.ledger.is_alive(id), "the value is gone");
        }
        for desk in &mut self.desks {
            if let (true, Some((_, Some(sleeper)))) = (no_receiver, &desk.closed) {
                assert!(sleeper.was_called(), "`closed` sleeps");
            }
            if desk.closed.is_none() {
                assert_eq!(desk.idle().is_disconnected(), no_receiver);
            }
        }
        let (mut in_call, mut holds_up) = (Vec::new(), false);
        for seat in &mut self.seats {
            holds_up |= seat.has_forgotten;
            if seat.wait.is_none() {
                let rx = seat.idle();
                assert_eq!((rx.is_empty(), rx.is_disconnected()), (is_empty, no_sender));
            }
            let Some(sleeper) = &seat.sleeper else { continue };
            if no_sender {
                assert!(sleeper.was_called(), "it sleeps, and nobody is there to send");
            } else if seat.wait.is_some() {
                in_call.push((sleeper.was_called(), sleeper.was_woken()));
            } else if !is_empty {
                assert!(sleeper.was_called(), "a waker that was left behind sleeps");
            }
        }
        let is_served =
            in_call.iter().any(|(_, woken)| *woken) || in_call.iter().all(|(called, _)| *called);
        assert!(is_empty || holds_up || is_served, "there is a value, and all sleep");
    }

    fn end(self) {
        let Self { ledger, desks, seats, taken, .. } = self;
        for desk in desks {
            caught(|| drop(desk));
        }
        for seat in seats {
            caught(|| drop(seat));
        }
        for value in mem::take(&mut *taken.lock().unwrap()) {
            value.taken();
        }
        ledger.close();
    }
}

/// It says nothing of what it displaces.
fn by_sink<S>(mut sink: Pin<&mut S>, value: Value) -> Result<Option<Value>, SendError<Value>>
where
    S: Sink<Value, Error = SendError<Value>>,
{
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(sink.as_mut().poll_ready(&mut cx).is_ready());
    sink.as_mut().start_send(value)?;
    assert!(sink.poll_flush(&mut cx).is_ready());
    Ok(None)
}
