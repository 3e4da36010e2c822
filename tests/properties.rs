//! Random sequences of every operation over several handles, against a plain model: an `Option` and
//! two counts.
#![cfg(feature = "std")]

use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{self, Disconnected},
    Sender, TryRecvError, channel,
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{
    cell::Cell,
    cmp::Ordering,
    time::{Duration, Instant},
};

/// How many payloads there are, and were.
#[derive(Default)]
struct Ledger {
    issued: Cell<u32>,
    alive: Cell<i64>,
}

/// Compared by its rank, known by its id. A clone has no id: it must never come out of the channel.
struct Payload<'a> {
    rank: u8,
    id: Option<u32>,
    ledger: &'a Ledger,
}

impl Ledger {
    fn payload(&self, rank: u8) -> Payload<'_> {
        let id = self.issued.get();
        self.issued.set(id + 1);
        self.alive.set(self.alive.get() + 1);
        Payload { rank, id: Some(id), ledger: self }
    }
}

impl Payload<'_> {
    fn known(&self) -> Known {
        Known { rank: self.rank, id: self.id.expect("a clone came out of the channel") }
    }
}

impl Clone for Payload<'_> {
    fn clone(&self) -> Self {
        self.ledger.alive.set(self.ledger.alive.get() + 1);
        Self { id: None, ..*self }
    }
}

impl Drop for Payload<'_> {
    fn drop(&mut self) {
        self.ledger.alive.set(self.ledger.alive.get() - 1);
    }
}

impl PartialEq for Payload<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Payload<'_> {}

impl PartialOrd for Payload<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Payload<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// What the model knows of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    rank: u8,
    id: u32,
}

/// One operation; the first number chooses the handle.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send(usize, Send, u8),
    Receive(usize, Receive, u8),
    CloneSender(usize),
    CloneReceiver(usize),
    DropSender(usize),
    DropReceiver(usize),
    Ask(usize, usize),
}

#[derive(Clone, Copy, Debug)]
enum Send {
    Plain,
    Newest,
    /// The other way round: the smallest rank counts as the newest.
    NewestByKey,
}

/// Those that wait do so only where they need not; the matching ones want a rank and above.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Receive {
    Try,
    TryIter,
    Timeout,
    Deadline,
    Recv,
    Iter,
    IntoIter,
    Matching,
    MatchingTimeout,
    MatchingDeadline,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Receive::*;
    let how = select(&[Send::Plain, Send::Newest, Send::NewestByKey]);
    let no_wait = [Try, TryIter, Timeout, Deadline, MatchingTimeout, MatchingDeadline];
    let receive = select([&no_wait[..], &[Recv, Iter, IntoIter, Matching]].concat());
    // Few ranks, so that many are equal; few handles, so that a side often loses its last.
    let (handle, rank) = (0..4_usize, 0..4_u8);
    let step = prop_oneof![
        7 => (handle.clone(), how, rank.clone()).prop_map(|(tx, how, it)| Step::Send(tx, how, it)),
        5 => (handle.clone(), receive, rank).prop_map(|(rx, how, it)| Step::Receive(rx, how, it)),
        1 => handle.clone().prop_map(Step::CloneSender),
        1 => handle.clone().prop_map(Step::CloneReceiver),
        1 => handle.clone().prop_map(Step::DropSender),
        1 => handle.clone().prop_map(Step::DropReceiver),
        1 => (handle.clone(), handle).prop_map(|(one, other)| Step::Ask(one, other)),
    ];
    vec(step, 0..60)
}

/// The channel and what it should be.
struct Run<'a> {
    ledger: &'a Ledger,
    senders: Vec<Sender<Payload<'a>>>,
    receivers: Vec<Receiver<Payload<'a>>>,
    slot: Option<Known>,
}

impl<'a> Run<'a> {
    fn new(ledger: &'a Ledger) -> Self {
        let (tx, rx) = channel();
        Self { ledger, senders: vec![tx], receivers: vec![rx], slot: None }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(tx, how, rank) => self.send(tx, how, rank),
            Step::Receive(rx, how, least) => self.receive(rx, how, least),
            Step::CloneSender(tx) => clone_one(&mut self.senders, tx),
            Step::CloneReceiver(rx) => clone_one(&mut self.receivers, rx),
            Step::DropSender(tx) => drop_one(&mut self.senders, tx),
            Step::DropReceiver(rx) => drop_one(&mut self.receivers, rx),
            Step::Ask(one, other) => self.ask(one, other),
        }
        self.check_alive();
    }

    /// The payloads alive are exactly the one in the slot, as long as there is a channel.
    fn check_alive(&mut self) {
        if self.senders.is_empty() && self.receivers.is_empty() {
            self.slot = None;
        }
        assert_eq!(self.ledger.alive.get(), i64::from(self.slot.is_some()));
    }

    fn send(&mut self, tx: usize, how: Send, rank: u8) {
        let Some(tx) = choose(&mut self.senders, tx) else { return };
        let value = self.ledger.payload(rank);
        let new = value.known();
        let (outcome, keeps): (_, fn(u8, u8) -> bool) = match how {
            Send::Plain => (tx.send(value), |_, _| false),
            Send::Newest => (tx.send_newest(value), |old, new| old > new),
            Send::NewestByKey => {
                let outcome = tx.send_newest_by_key(value, |value| u8::MAX - value.rank);
                (outcome, |old, new| old < new)
            }
        };
        let expected = match self.slot {
            _ if self.receivers.is_empty() => Err(new),
            Some(old) if keeps(old.rank, rank) => Ok(Some(new)),
            _ => Ok(self.slot.replace(new)),
        };
        let outcome = outcome.map(|stale| stale.map(|stale| stale.known()));
        assert_eq!(outcome.map_err(|error| error.into_inner().known()), expected);
    }

    fn receive(&mut self, rx: usize, how: Receive, least: u8) {
        use Receive::*;
        let Some(rx) = choose(&mut self.receivers, rx) else { return };
        let least =
            if matches!(how, Matching | MatchingTimeout | MatchingDeadline) { least } else { 0 };
        let is_wanted = self.slot.is_some_and(|value| value.rank >= least);
        let none = if self.senders.is_empty() { Disconnected } else { RecvTimeoutError::Timeout };
        // Without a wanted value, these would wait for ever.
        let waits = matches!(how, Recv | Iter | IntoIter | Matching);
        if waits && !is_wanted && none != Disconnected {
            return;
        }
        let wanted = |value: &Payload<'_>| value.rank >= least;
        let received = match how {
            Try => rx.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => Disconnected,
            }),
            TryIter => rx.try_iter().next().ok_or(none),
            Timeout => rx.recv_timeout(Duration::ZERO),
            Deadline => rx.recv_deadline(Instant::now()),
            Recv => rx.recv().map_err(Into::into),
            Iter => rx.iter().next().ok_or(none),
            IntoIter => rx.clone().into_iter().next().ok_or(none),
            Matching => rx.recv_matching(wanted).map_err(Into::into),
            MatchingTimeout => rx.recv_matching_timeout(Duration::ZERO, wanted),
            MatchingDeadline => rx.recv_matching_deadline(Instant::now(), wanted),
        };
        let received = received.map(|value| value.known());
        match self.slot.take() {
            Some(value) if is_wanted => assert_eq!(received, Ok(value)),
            _ => assert_eq!(received, Err(none)),
        }
    }

    fn ask(&mut self, one: usize, other: usize) {
        let (other_tx, other_rx) = channel();
        if let Some(tx) = choose(&mut self.senders, one) {
            assert_eq!(tx.is_closed(), self.receivers.is_empty());
            assert!(tx.same_channel(tx) && !tx.same_channel(&other_tx));
        }
        if let Some(rx) = choose(&mut self.receivers, other) {
            assert_eq!(rx.is_empty(), self.slot.is_none());
            assert_eq!(rx.is_closed(), self.senders.is_empty());
            assert!(rx.same_channel(rx) && !rx.same_channel(&other_rx));
        }
        if let (Some(first), Some(last)) = (self.senders.first(), self.senders.last()) {
            assert!(first.same_channel(last));
        }
        if let (Some(first), Some(last)) = (self.receivers.first(), self.receivers.last()) {
            assert!(first.same_channel(last));
        }
    }
}

fn choose<T>(handles: &mut [T], number: usize) -> Option<&mut T> {
    let count = handles.len();
    handles.get_mut(number.checked_rem(count)?)
}

fn clone_one<T: Clone>(handles: &mut Vec<T>, number: usize) {
    let clone = choose(handles, number).cloned();
    handles.extend(clone);
}

fn drop_one<T>(handles: &mut Vec<T>, number: usize) {
    if let Some(at) = number.checked_rem(handles.len()) {
        handles.swap_remove(at);
    }
}

/// `PROPTEST_CASES` says how many; without it, as many as take a second or two.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 4096;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_channel_behaves_like_an_option_and_two_counts(steps in steps(), receivers_first: bool) {
        let ledger = Ledger::default();
        let mut run = Run::new(&ledger);
        for step in steps {
            run.step(step);
        }
        if receivers_first {
            run.receivers.clear();
            run.check_alive();
            run.senders.clear();
        } else {
            run.senders.clear();
            run.check_alive();
            run.receivers.clear();
        }
        run.check_alive();
    }
}
