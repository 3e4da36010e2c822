//! Random steps of sends and waits, against a plain model of the turns: which waits are notified. The random programs of
//! `tests/fuzz` check that one is.

use crate::{many_receivers, poll, sends::SENDS};
use overwrite_channel::{channel, wait_any_timeout};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{mem, time::Duration};
use support::crowd::Crowd;

const ZERO: Duration = Duration::ZERO;

/// What a receiver does between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It does not wait.
    Idle,
    /// It waits in a call.
    InCall,
    /// It has left a waker behind.
    Left,
    /// It waited in a call, and was notified.
    Notified,
}

/// Exactly which receivers are notified, as long as no two threads are at it.
#[derive(Default)]
struct Model {
    states: Vec<State>,
    is_full: bool,
    /// The next send that finds the slot empty notifies.
    is_waiting: bool,
    /// The next send that displaces a value notifies.
    may_stall: bool,
    /// Whose turn it is.
    turn: usize,
    /// For each that waits in a call: which calls were notified meanwhile.
    meanwhile: Vec<Vec<usize>>,
}

impl Model {
    fn new(receivers: usize) -> Self {
        Self {
            states: vec![State::Idle; receivers],
            meanwhile: vec![Vec::new(); receivers],
            ..Self::default()
        }
    }

    /// Returns which are woken: all that were left behind, and the next one in a call.
    fn notify(&mut self) -> Vec<usize> {
        let count = self.states.len();
        let mut woken: Vec<_> = (0..count).filter(|at| self.states[*at] == State::Left).collect();
        for at in &woken {
            self.states[*at] = State::Idle;
        }
        let mut round = (self.turn..count).chain(0..self.turn);
        if let Some(next) = round.find(|at| self.states[*at] == State::InCall) {
            self.states[next] = State::Notified;
            self.turn = next + 1;
            self.may_stall = true;
            woken.push(next);
            woken.sort_unstable();
            for (at, meanwhile) in self.meanwhile.iter_mut().enumerate() {
                if self.states[at] == State::InCall {
                    assert!(!meanwhile.contains(&next), "{next} for the second time, before {at}");
                    meanwhile.push(next);
                }
            }
        }
        woken
    }

    fn notify_if(&mut self, duty: bool) -> Vec<usize> {
        if duty { self.notify() } else { Vec::new() }
    }

    fn send(&mut self) -> Vec<usize> {
        let duty = if mem::replace(&mut self.is_full, true) {
            mem::take(&mut self.may_stall)
        } else {
            mem::take(&mut self.is_waiting)
        };
        self.notify_if(duty)
    }

    /// Returns whether there was a value. Where a notified one has it, the next send notifies another.
    fn take(&mut self, was_notified: bool) -> bool {
        let taken = mem::take(&mut self.is_full);
        if taken {
            self.is_waiting = was_notified;
        }
        taken
    }

    /// Takes the value, or begins to wait. Returns whether there was a value.
    fn take_or_begin(&mut self, was_notified: bool, at: usize, state: State) -> bool {
        let taken = self.take(was_notified);
        if !taken {
            self.states[at] = state;
            self.is_waiting = true;
            self.meanwhile[at].clear();
        }
        taken
    }

    /// A receiver stops waiting. Returns whether it was notified.
    fn stops(&mut self, at: usize) -> bool {
        mem::replace(&mut self.states[at], State::Idle) == State::Notified
    }

    /// A receiver stops waiting, and passes its wake on if it was notified. Returns which are woken.
    fn leaves(&mut self, at: usize) -> Vec<usize> {
        let was_notified = self.stops(at);
        self.notify_if(was_notified)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Sends in one of the ways.
    Send,
    /// Polls a future, and forgets it.
    Poll,
    /// Polls, and leaves a waker behind.
    Leave,
    /// Drops the future.
    GiveUp,
    /// Takes the value without waiting.
    Take,
    /// Receives, or waits for any, until a time that has passed.
    TimeOut,
    /// Goes, alone or with one of the first two, whose places are inside the channel. Clones take their turns.
    Replace,
}

/// Returns a step, and a number that picks the way to send or the receiver.
fn step() -> impl Strategy<Value = (Step, usize)> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        8 => Just(Step::Poll),
        2 => Just(Step::Leave),
        1 => Just(Step::GiveUp),
        1 => Just(Step::Take),
        1 => Just(Step::TimeOut),
        1 => Just(Step::Replace),
    ];
    (step, any::<usize>())
}

/// Plays the steps; after each, exactly those are woken that the model says, and it finds what the model says.
fn play(count: usize, steps: Vec<(Step, usize)>) {
    let crowd = Crowd::new(count);
    let (tx, mut rxs) = many_receivers(count);
    let mut sends = SENDS.map(|(_, sender)| sender(tx.clone()));
    let mut model = Model::new(count);
    for (number, (step, pick)) in (0..).zip(steps) {
        let at = pick % count;
        let (task, rx) = (&crowd.tasks[at], &mut rxs[at]);
        let mut expected = Vec::new();
        match step {
            Step::Send => {
                let was_full = model.is_full;
                expected = model.send();
                let displaced = sends[pick % SENDS.len()](number).unwrap();
                assert_eq!(displaced.is_some(), was_full);
            }
            Step::Poll => {
                let was_notified = model.stops(at);
                let taken = model.take_or_begin(was_notified, at, State::InCall);
                assert_eq!(poll(task, rx).is_ready(), taken);
            }
            Step::Leave => {
                expected = model.leaves(at);
                let taken = model.take_or_begin(false, at, State::Left);
                assert_eq!(rx.poll_recv(&mut task.context()).is_ready(), taken);
            }
            Step::GiveUp | Step::TimeOut => {
                if model.states[at] != State::Left {
                    expected = model.leaves(at);
                }
                match (step, pick / count % 2) {
                    (Step::GiveUp, _) => drop(rx.recv_async()),
                    (_, 0) => assert_eq!(rx.recv_timeout(ZERO).is_ok(), model.take(false)),
                    _ => assert_eq!(wait_any_timeout(&mut [rx], ZERO).is_some(), model.is_full),
                }
            }
            Step::Take => assert_eq!(rx.try_recv().is_ok(), model.take(false)),
            Step::Replace => {
                let (inside, choice) = (pick / count % 2, pick / count / 2 % 4);
                let mut gone = vec![at];
                if count > 2 && inside != at && choice < 2 {
                    gone.insert(choice, inside);
                }
                for at in &gone {
                    expected.extend(model.leaves(*at));
                    rxs[*at] = channel().1;
                }
                expected.sort_unstable();
                // A place inside the channel is taken first, in whatever order they have gone.
                gone.sort_unstable();
                let stays = (0..count).find(|at| !gone.contains(at)).unwrap();
                for at in gone {
                    rxs[at] = rxs[stays].clone();
                }
            }
        }
        assert_eq!(crowd.woken(), expected, "step {number}");
    }
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 2048;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn exactly_the_next_in_turn_is_notified(
        count in select(vec![2, 3, 4, 6, 15, 150]),
        steps in vec(step(), 0..120),
    ) {
        play(count, steps);
    }
}
