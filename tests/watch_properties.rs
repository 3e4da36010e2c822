//! Random sequences of every operation over several handles and looks, against a plain model: the
//! newest value, how many there were, and what each receiver has seen of them.
#![cfg(feature = "watch")]

use overwrite_channel::{
    RecvTimeoutError::{self, Disconnected, Timeout},
    watch::{Receiver, Ref, Sender, channel},
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{
    cell::Cell,
    collections::BTreeSet,
    mem::ManuallyDrop,
    task::Poll,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    waker::{Seen, Task},
    watchdog::watched,
};

/// How many payloads there are, and were.
#[derive(Default)]
struct Ledger {
    issued: Cell<u32>,
    alive: Cell<usize>,
}

/// Known by its id; a clone has its own.
struct Payload<'a> {
    rank: u8,
    id: u32,
    ledger: &'a Ledger,
}

impl Ledger {
    fn payload(&self, rank: u8) -> Payload<'_> {
        let id = self.issued.get();
        self.issued.set(id + 1);
        self.alive.set(self.alive.get() + 1);
        Payload { rank, id, ledger: self }
    }
}

impl Payload<'_> {
    fn known(&self) -> Known {
        Known { rank: self.rank, id: self.id }
    }
}

impl Clone for Payload<'_> {
    fn clone(&self) -> Self {
        self.ledger.payload(self.rank)
    }
}

impl Drop for Payload<'_> {
    fn drop(&mut self) {
        self.ledger.alive.set(self.ledger.alive.get() - 1);
    }
}

/// What the model knows of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    rank: u8,
    id: u32,
}

/// One operation; the first number chooses the handle, or the look.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send(usize, Send, u8),
    Wait(usize, Wait, u8),
    Mark(usize, Mark),
    Look(usize),
    Keep,
    LetGo(usize),
    Unwrap(usize),
    CloneSender(usize),
    CloneReceiver(usize),
    Subscribe(usize),
    DropSender(usize),
    DropReceiver(usize),
    Ask(usize, usize),
}

#[derive(Clone, Copy, Debug)]
enum Send {
    Plain,
    Replace,
    Modify,
    IfModified,
    IfNotModified,
}

/// Those that wait do so only where they need not; the last ones want a rank and above.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    Changed,
    /// Forgotten if it has to wait.
    ChangedForgotten,
    ChangedBlocking,
    ChangedTimeout,
    ChangedDeadline,
    For,
    ForBlocking,
    ForTimeout,
    ForDeadline,
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    Changed,
    Unchanged,
    BorrowAndUpdate,
}

/// Whose looks are kept: those of a handle that is there all the time.
#[derive(Clone, Copy, Debug)]
enum Holder {
    Nobody,
    Sender,
    Receiver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Wait::*;
    let send = select(vec![
        Send::Plain,
        Send::Replace,
        Send::Modify,
        Send::IfModified,
        Send::IfNotModified,
    ]);
    let wait = select(vec![
        Changed,
        ChangedForgotten,
        ChangedBlocking,
        ChangedTimeout,
        ChangedDeadline,
        For,
        ForBlocking,
        ForTimeout,
        ForDeadline,
    ]);
    let mark = select(vec![Mark::Changed, Mark::Unchanged, Mark::BorrowAndUpdate]);
    // Few ranks, so that many are wanted; few handles, so that a side often loses its last.
    let (handle, rank) = (0..4_usize, 0..4_u8);
    let step = prop_oneof![
        7 => (handle.clone(), send, rank.clone()).prop_map(|(tx, how, it)| Step::Send(tx, how, it)),
        7 => (handle.clone(), wait, rank).prop_map(|(rx, how, it)| Step::Wait(rx, how, it)),
        2 => (handle.clone(), mark).prop_map(|(rx, how)| Step::Mark(rx, how)),
        2 => handle.clone().prop_map(Step::Look),
        2 => Just(Step::Keep),
        1 => (0..20_usize).prop_map(Step::LetGo),
        1 => (0..20_usize).prop_map(Step::Unwrap),
        1 => handle.clone().prop_map(Step::CloneSender),
        1 => handle.clone().prop_map(Step::CloneReceiver),
        1 => handle.clone().prop_map(Step::Subscribe),
        1 => handle.clone().prop_map(Step::DropSender),
        1 => handle.clone().prop_map(Step::DropReceiver),
        1 => (handle.clone(), handle).prop_map(|(one, other)| Step::Ask(one, other)),
    ];
    vec(step, 0..80)
}

/// A receiver, and what the model says of it.
struct Modelled<'a> {
    rx: Receiver<Payload<'a>>,
    seen: u64,
    is_marked: bool,
    skipped: u64,
    task: Task,
    /// Has it left a waker behind that was not woken?
    is_waiting: bool,
}

impl<'a> Modelled<'a> {
    fn new(rx: Receiver<Payload<'a>>, seen: u64) -> Self {
        Self { rx, seen, is_marked: false, skipped: 0, task: Task::new(), is_waiting: false }
    }

    fn is_new(&self, version: u64) -> bool {
        self.is_marked || version > self.seen
    }

    /// Says whether it was new.
    fn see(&mut self, version: u64) -> bool {
        let is_new = self.is_new(version);
        self.skipped += version.saturating_sub(self.seen + 1);
        self.seen = version;
        self.is_marked = false;
        is_new
    }
}

/// A look that is kept, and what it must go on to show.
struct Kept<'r, 'a> {
    look: Ref<'r, Payload<'a>>,
    value: Known,
    has_changed: bool,
}

/// The channel and what it should be.
struct Run<'r, 'a> {
    ledger: &'a Ledger,
    holder_tx: Option<&'r Sender<Payload<'a>>>,
    holder_rx: Option<&'r Receiver<Payload<'a>>>,
    senders: Vec<Sender<Payload<'a>>>,
    receivers: Vec<Modelled<'a>>,
    kept: Vec<Kept<'r, 'a>>,
    version: u64,
    newest: Known,
}

impl<'a> Run<'_, 'a> {
    fn sender_count(&self) -> usize {
        self.senders.len() + usize::from(self.holder_tx.is_some())
    }

    fn receiver_count(&self) -> usize {
        self.receivers.len() + usize::from(self.holder_rx.is_some())
    }

    fn is_closed(&self) -> bool {
        self.sender_count() == 0
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(tx, how, rank) => self.send(tx, how, rank),
            Step::Wait(rx, how, least) => self.wait(rx, how, least),
            Step::Mark(rx, how) => self.mark(rx, how),
            Step::Look(at) => self.look(at),
            Step::Keep => self.keep(),
            Step::LetGo(at) => {
                if let Some(at) = at.checked_rem(self.kept.len()) {
                    drop(self.kept.swap_remove(at));
                }
            }
            Step::Unwrap(at) => self.unwrap(at),
            Step::CloneSender(tx) => {
                let clone = choose(&mut self.senders, tx).cloned();
                self.senders.extend(clone);
            }
            Step::CloneReceiver(rx) => {
                let clone = choose(&mut self.receivers, rx).map(|it| Modelled {
                    rx: it.rx.clone(),
                    task: Task::new(),
                    is_waiting: false,
                    ..*it
                });
                self.receivers.extend(clone);
            }
            Step::Subscribe(tx) => {
                if let Some(tx) = choose(&mut self.senders, tx) {
                    self.receivers.push(Modelled::new(tx.subscribe(), self.version));
                }
            }
            Step::DropSender(tx) => {
                if let Some(at) = tx.checked_rem(self.senders.len()) {
                    drop(self.senders.swap_remove(at));
                    if self.is_closed() {
                        self.wakes();
                    }
                }
            }
            Step::DropReceiver(rx) => {
                if let Some(at) = rx.checked_rem(self.receivers.len()) {
                    drop(self.receivers.swap_remove(at));
                }
            }
            Step::Ask(one, other) => self.ask(one, other),
        }
        self.check();
    }

    /// Everybody who waits has just been woken, once.
    fn wakes(&mut self) {
        for it in &mut self.receivers {
            assert_eq!(it.task.seen().woken, usize::from(it.is_waiting));
            it.is_waiting = false;
        }
    }

    fn stored(&mut self, value: Known) {
        self.version += 1;
        self.newest = value;
        self.wakes();
    }

    fn check(&mut self) {
        let exists = self.sender_count() + self.receiver_count() > 0;
        let newest = exists.then_some(self.newest.id);
        let looked_at = self.kept.iter().map(|kept| kept.value.id);
        let alive: BTreeSet<_> = looked_at.chain(newest).collect();
        assert_eq!(self.ledger.alive.get(), alive.len());
        for Kept { look, value, has_changed } in &self.kept {
            assert_eq!((look.known(), look.has_changed()), (*value, *has_changed));
        }
        for it in &self.receivers {
            assert_eq!(it.rx.skipped(), it.skipped);
            let has_changed =
                if self.sender_count() == 0 { None } else { Some(it.is_new(self.version)) };
            assert_eq!(it.rx.has_changed().ok(), has_changed);
            assert_eq!(it.task.seen().woken, 0, "a wake for nothing");
        }
    }

    fn send(&mut self, tx: usize, how: Send, rank: u8) {
        let is_heard = self.receiver_count() > 0;
        let next = self.ledger.issued.get();
        let Some(tx) = choose(&mut self.senders, tx) else { return };
        let new = Known { rank, id: next };
        let calls = Cell::new(0);
        let old = self.newest;
        let modify = |value: &mut Payload<'_>| {
            calls.set(calls.get() + 1);
            assert_eq!((value.rank, value.id), (old.rank, next));
            value.rank = rank;
        };
        match how {
            Send::Plain => {
                let result = tx.send(self.ledger.payload(rank));
                let handed_back = result.err().map(|error| error.into_inner().known());
                assert_eq!(handed_back, (!is_heard).then_some(new));
                if !is_heard {
                    return;
                }
            }
            Send::Replace => {
                let look = tx.send_replace(self.ledger.payload(rank));
                assert_eq!(look.known(), old);
                self.kept.push(Kept { look, value: old, has_changed: false });
            }
            Send::Modify => tx.send_modify(modify),
            Send::IfModified | Send::IfNotModified => {
                let is_stored = matches!(how, Send::IfModified);
                let outcome = tx.send_if_modified(|value| {
                    modify(value);
                    is_stored
                });
                assert_eq!(outcome, is_stored);
                if !is_stored {
                    assert_eq!(calls.get(), 1);
                    return;
                }
            }
        }
        let modifies = matches!(how, Send::Modify | Send::IfModified);
        assert_eq!(calls.get(), usize::from(modifies));
        self.stored(new);
    }

    fn wait(&mut self, rx: usize, how: Wait, least: u8) {
        use Wait::*;
        let (is_closed, version, newest) = (self.is_closed(), self.version, self.newest);
        let none = if is_closed { Disconnected } else { Timeout };
        let Some(it) = choose(&mut self.receivers, rx) else { return };
        let is_for = matches!(how, For | ForBlocking | ForTimeout | ForDeadline);
        let is_there = if is_for { newest.rank >= least } else { it.is_new(version) };
        // Without what is waited for, these would wait for ever.
        if matches!(how, ChangedBlocking | ForBlocking) && !is_there && !is_closed {
            return;
        }
        let has_changed = is_there && it.is_new(version);
        let expected = if is_there { Ok(()) } else { Err(none) };
        if is_for || is_there {
            it.see(version);
        }
        // A thread that need not sleep does not look for what an earlier poll has left behind.
        if matches!(how, Changed | ChangedForgotten | For) {
            it.is_waiting = how == ChangedForgotten && expected == Err(Timeout);
        }
        let (rx, task) = (&mut it.rx, &it.task);
        let wanted = |value: &Payload<'_>| {
            assert_eq!(value.known(), newest);
            value.rank >= least
        };
        let shown = |look: Ref<'_, Payload<'a>>| {
            assert_eq!((look.known(), look.has_changed()), (newest, has_changed));
        };
        let result = match how {
            Changed => ready(task.poll(&mut rx.changed())),
            ChangedForgotten => ready(task.poll(&mut *ManuallyDrop::new(rx.changed()))),
            ChangedBlocking => rx.blocking_changed().map_err(Into::into),
            ChangedTimeout => rx.blocking_changed_timeout(Duration::ZERO),
            ChangedDeadline => rx.blocking_changed_deadline(Instant::now()),
            For => ready(task.poll(&mut rx.wait_for(wanted))).map(shown),
            ForBlocking => rx.blocking_wait_for(wanted).map(shown).map_err(Into::into),
            ForTimeout => rx.blocking_wait_for_timeout(Duration::ZERO, wanted).map(shown),
            ForDeadline => rx.blocking_wait_for_deadline(Instant::now(), wanted).map(shown),
        };
        assert_eq!(result, expected);
    }

    fn mark(&mut self, rx: usize, how: Mark) {
        let (version, newest) = (self.version, self.newest);
        let Some(it) = choose(&mut self.receivers, rx) else { return };
        match how {
            Mark::Changed => {
                it.rx.mark_changed();
                it.is_marked = true;
            }
            Mark::Unchanged => {
                it.rx.mark_unchanged();
                it.see(version);
            }
            Mark::BorrowAndUpdate => {
                let is_new = it.see(version);
                let look = it.rx.borrow_and_update();
                assert_eq!((look.known(), look.has_changed()), (newest, is_new));
            }
        }
    }

    fn look(&mut self, at: usize) {
        let (version, newest) = (self.version, self.newest);
        if let Some(tx) = choose(&mut self.senders, at) {
            let look = tx.borrow();
            assert_eq!((look.known(), look.has_changed()), (newest, false));
        }
        if let Some(it) = choose(&mut self.receivers, at) {
            let look = it.rx.borrow();
            assert_eq!((look.known(), look.has_changed()), (newest, it.is_new(version)));
        }
    }

    fn keep(&mut self) {
        let value = self.newest;
        if let Some(tx) = self.holder_tx {
            self.kept.push(Kept { look: tx.borrow(), value, has_changed: false });
        }
        if let Some(rx) = self.holder_rx {
            // It never marks anything as seen.
            let has_changed = self.version > 0;
            self.kept.push(Kept { look: rx.borrow(), value, has_changed });
        }
    }

    fn unwrap(&mut self, at: usize) {
        let Some(at) = at.checked_rem(self.kept.len()) else { return };
        let Kept { look, value, has_changed } = self.kept.swap_remove(at);
        let exists = self.sender_count() + self.receiver_count() > 0;
        let is_shared = exists && value == self.newest
            || self.kept.iter().any(|kept| kept.value.id == value.id);
        match Ref::try_unwrap(look) {
            Ok(payload) => {
                assert!(!is_shared);
                assert_eq!(payload.known(), value);
            }
            Err(look) => {
                assert!(is_shared);
                self.kept.push(Kept { look, value, has_changed });
            }
        }
    }

    fn ask(&mut self, one: usize, other: usize) {
        let (other_tx, other_rx) = channel(self.ledger.payload(0));
        let counts = (self.sender_count(), self.receiver_count());
        if let Some(tx) = choose(&mut self.senders, one) {
            assert_eq!(tx.is_closed(), counts.1 == 0);
            assert_eq!((tx.sender_count(), tx.receiver_count()), counts);
            let task = Task::new();
            assert_eq!(task.poll(&mut tx.closed()).is_ready(), counts.1 == 0);
            let Seen { cloned, woken, dropped } = task.seen();
            assert_eq!((woken, cloned), (0, dropped), "given up");
            assert!(tx.same_channel(tx) && !tx.same_channel(&other_tx));
        }
        if let Some(it) = choose(&mut self.receivers, other) {
            assert_eq!(it.rx.is_closed(), counts.0 == 0);
            assert!(it.rx.same_channel(&it.rx) && !it.rx.same_channel(&other_rx));
        }
        if let (Some(first), Some(last)) = (self.senders.first(), self.senders.last()) {
            assert!(first.same_channel(last));
        }
        if let (Some(first), Some(last)) = (self.receivers.first(), self.receivers.last()) {
            assert!(first.rx.same_channel(&last.rx));
        }
    }
}

/// What a poll says, as the calls that do not wait say it.
fn ready<T, E: Into<RecvTimeoutError>>(poll: Poll<Result<T, E>>) -> Result<T, RecvTimeoutError> {
    match poll {
        Poll::Ready(result) => result.map_err(Into::into),
        Poll::Pending => Err(Timeout),
    }
}

fn choose<T>(handles: &mut [T], number: usize) -> Option<&mut T> {
    let count = handles.len();
    handles.get_mut(number.checked_rem(count)?)
}

fn run(steps: Vec<Step>, holder: Holder, senders_first: bool, looks_first: bool) {
    let ledger = Ledger::default();
    let first = ledger.payload(0);
    let newest = first.known();
    let (tx, rx) = channel(first);
    let holder_tx = matches!(holder, Holder::Sender).then(|| tx.clone());
    let holder_rx = matches!(holder, Holder::Receiver).then(|| rx.clone());
    {
        let mut run = Run {
            ledger: &ledger,
            holder_tx: holder_tx.as_ref(),
            holder_rx: holder_rx.as_ref(),
            senders: vec![tx],
            receivers: vec![Modelled::new(rx, 0)],
            kept: Vec::new(),
            version: 0,
            newest,
        };
        for step in steps {
            run.step(step);
        }
        if looks_first {
            run.kept.clear();
            run.check();
        }
        while !(run.senders.is_empty() && run.receivers.is_empty()) {
            let drops_sender = senders_first && !run.senders.is_empty() || run.receivers.is_empty();
            run.step(if drops_sender { Step::DropSender(0) } else { Step::DropReceiver(0) });
        }
        while !run.kept.is_empty() {
            run.step(Step::Unwrap(0));
            run.step(Step::LetGo(0));
        }
    }
    drop((holder_tx, holder_rx));
    assert_eq!(ledger.alive.get(), 0);
}

/// `PROPTEST_CASES` says how many; without it, as many as take a second or two.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 1024;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_channel_behaves_like_a_value_and_a_count_of_changes(
        steps in steps(),
        holder in select(vec![Holder::Nobody, Holder::Sender, Holder::Receiver]),
        senders_first: bool,
        looks_first: bool,
    ) {
        // In a thread of its own: a channel that is wrong may well wait for ever.
        watched(move |watch| {
            let _running = watch.running(format!("{steps:?}"));
            run(steps, holder, senders_first, looks_first);
        });
    }
}
