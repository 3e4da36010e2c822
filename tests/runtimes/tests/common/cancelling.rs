//! Waits that are given up take no wake from others: if one did, the next value would be waited for
//! for ever, and the watchdog would say so.
//!
//! Values are sent one at a time, each when the one before has been received. Of those that wait, all
//! but one may give up, and then **do not look at the channel again in that round**: there is nobody
//! who would find the value by chance.

use super::{
    dice::Dice,
    rounds::rounds,
    runtime::{Runtime, yield_now, yield_times},
};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Either, join_all, poll_fn, select},
    pin_mut, poll,
};
use overwrite_channel::{Receiver, RecvError, Sender, channel};
use std::{task::Poll, thread, time::Duration};

const ROUNDS: usize = 4000;

/// What those that may give up are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    GiveUp,
    /// The value of this round has been received.
    NextRound,
}

/// What a wait that could be given up came to.
enum Outcome {
    Value(usize),
    /// Every sender is gone.
    End,
    GivenUp,
    Told(Order),
}

impl From<Result<usize, RecvError>> for Outcome {
    fn from(result: Result<usize, RecvError>) -> Self {
        result.map_or(Self::End, Self::Value)
    }
}

/// How a wait is given up.
#[derive(Clone, Copy)]
enum Manner {
    /// A future that loses a race, also if both are ready.
    LosesRace,
    /// A future that wins a race, if both are ready.
    WinsRace,
    /// A future that is dropped after a few polls.
    FewPolls,
    /// The same with a predicate.
    FewPollsMatching,
    /// A stream's `next()` that loses a race.
    NextLosesRace,
    /// A stream's `next()` that is dropped after a few polls.
    NextFewPolls,
    /// A waker left behind by `poll_recv`.
    LeftBehind,
}

const MANNERS: [Manner; 7] = [
    Manner::LosesRace,
    Manner::WinsRace,
    Manner::FewPolls,
    Manner::FewPollsMatching,
    Manner::NextLosesRace,
    Manner::NextFewPolls,
    Manner::LeftBehind,
];
const STREAM_MANNERS: [Manner; 3] =
    [Manner::NextLosesRace, Manner::NextFewPolls, Manner::LeftBehind];

/// The future against an order, which is looked at first.
async fn unless_told<O: Into<Outcome>>(
    future: impl Future<Output = O>,
    orders: &mut Receiver<Order>,
) -> Outcome {
    pin_mut!(future);
    match select(orders.recv_async(), future).await {
        Either::Left((Ok(order), _)) => Outcome::Told(order),
        Either::Left((Err(RecvError), _)) => Outcome::End,
        Either::Right((outcome, _)) => outcome.into(),
    }
}

/// The future, for at most so many polls.
async fn for_polls<O: Into<Outcome>>(future: impl Future<Output = O>, polls: usize) -> Outcome {
    pin_mut!(future);
    for _ in 0..polls {
        if let Poll::Ready(outcome) = poll!(&mut future) {
            return outcome.into();
        }
        yield_now().await;
    }
    Outcome::GivenUp
}

async fn wait(
    manner: Manner,
    rx: &mut Receiver<usize>,
    orders: &mut Receiver<Order>,
    polls: usize,
) -> Outcome {
    let next = async |rx: &mut Receiver<usize>| rx.next().await.ok_or(RecvError);
    match manner {
        Manner::LosesRace => unless_told(rx.recv_async(), orders).await,
        Manner::WinsRace => match select(rx.recv_async(), orders.recv_async()).await {
            Either::Left((outcome, _)) => outcome.into(),
            Either::Right((Ok(order), _)) => Outcome::Told(order),
            Either::Right((Err(RecvError), _)) => Outcome::End,
        },
        Manner::FewPolls => for_polls(rx.recv_async(), polls).await,
        Manner::FewPollsMatching => for_polls(rx.recv_matching_async(|_| true), polls).await,
        Manner::NextLosesRace => unless_told(next(rx), orders).await,
        Manner::NextFewPolls => for_polls(next(rx), polls).await,
        Manner::LeftBehind => match poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await {
            Poll::Ready(outcome) => outcome.into(),
            Poll::Pending => Outcome::GivenUp,
        },
    }
}

/// Waits once a round, and gives up. Returns how many values it received instead.
async fn give_up(
    mut rx: Receiver<usize>,
    mut orders: Receiver<Order>,
    mut answers: Sender<usize>,
    manners: &[Manner],
    mut dice: Dice,
) -> usize {
    let mut received = 0;
    loop {
        let manner = manners[dice.below(manners.len())];
        let mut told = None;
        match wait(manner, &mut rx, &mut orders, 1 + dice.below(4)).await {
            Outcome::Value(value) => {
                received += 1;
                assert_eq!(answers.send(value), Ok(None));
            }
            Outcome::End => return received,
            Outcome::GivenUp => {}
            Outcome::Told(order) => told = Some(order),
        }
        while told != Some(Order::NextRound) {
            match orders.recv_async().await {
                Ok(order) => told = Some(order),
                Err(RecvError) => return received,
            }
        }
    }
}

/// The same for a thread, by timeouts.
fn time_out(
    mut rx: Receiver<usize>,
    mut orders: Receiver<Order>,
    mut answers: Sender<usize>,
) -> usize {
    let mut dice = Dice::new(1);
    let mut received = 0;
    rx.set_spin_limit(0);
    orders.set_spin_limit(0);
    loop {
        let timeout = Duration::from_micros(dice.below(60).try_into().unwrap());
        if let Ok(value) = rx.recv_timeout(timeout) {
            received += 1;
            assert_eq!(answers.send(value), Ok(None));
        }
        if orders.recv_matching(|order| *order == Order::NextRound).is_err() {
            return received;
        }
    }
}

/// Receives to the end.
async fn stay(mut rx: Receiver<usize>, mut answers: Sender<usize>) -> usize {
    let mut received = 0;
    while let Ok(value) = rx.recv_async().await {
        received += 1;
        assert_eq!(answers.send(value), Ok(None));
    }
    received
}

/// The same in a thread that parks.
fn stay_parked(mut rx: Receiver<usize>, mut answers: Sender<usize>) -> usize {
    rx.set_spin_limit(0);
    let answer = |value| assert_eq!(answers.send(value), Ok(None));
    rx.iter().map(answer).count()
}

/// A wait, with the receiver it belongs to.
type Waiting = BoxFuture<'static, (Receiver<usize>, Result<usize, RecvError>)>;

fn waiting(mut rx: Receiver<usize>) -> Waiting {
    async {
        let outcome = rx.recv_async().await;
        (rx, outcome)
    }
    .boxed()
}

/// One of two tasks between which a wait goes to and fro, polled by each with its own waker.
async fn share(
    mut from_other: Receiver<Waiting>,
    mut to_other: Sender<Waiting>,
    mut answers: Sender<usize>,
    mut dice: Dice,
) -> usize {
    let mut received = 0;
    while let Ok(mut wait) = from_other.recv_async().await {
        loop {
            let (rx, outcome) = match poll!(&mut wait) {
                Poll::Ready(ready) => ready,
                // Mostly it hands the wait on, but at some time one has to sleep.
                Poll::Pending if dice.below(8) > 0 => {
                    assert!(to_other.send(wait).unwrap().is_none());
                    break;
                }
                Poll::Pending => wait.await,
            };
            let Ok(value) = outcome else { return received };
            received += 1;
            assert_eq!(answers.send(value), Ok(None));
            wait = waiting(rx);
        }
    }
    received
}

/// Sends the values, and in between orders to give up. Returns how many values it sent.
async fn direct(
    mut tx: Sender<usize>,
    mut answers: Receiver<usize>,
    mut orders: Vec<Sender<Order>>,
) -> usize {
    let mut dice = Dice::new(orders.len());
    let mut sent = 0;
    for value in rounds(ROUNDS) {
        // Those who wait may get that far, or not.
        yield_times(dice.below(4)).await;
        let first = dice.below(orders.len());
        let turn = dice.below(orders.len() + 1);
        for at in 0..=orders.len() {
            if at == turn {
                assert_eq!(tx.send(value), Ok(None));
                sent += 1;
            }
            if at < orders.len() && dice.below(4) > 0 {
                let to = (first + at) % orders.len();
                orders[to].send(Order::GiveUp).unwrap();
            }
            if dice.below(4) == 0 {
                yield_now().await;
            }
        }
        assert_eq!(answers.recv_async().await, Ok(value));
        for to in &mut orders {
            to.send(Order::NextRound).unwrap();
        }
    }
    sent
}

/// Who does not give up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patient {
    Task,
    WanderingFuture,
    ParkedThread,
}

fn stress<R: Runtime>(patient: Patient, manners: &'static [Manner], impatient: usize) {
    let (tx, rx) = channel();
    let (answer, answers) = channel();
    let mut orders = Vec::new();
    let mut order = || {
        let (tx, rx) = channel();
        orders.push(tx);
        rx
    };
    let hasty = thread::spawn({
        let (rx, order, answer) = (rx.clone(), order(), answer.clone());
        move || time_out(rx, order, answer)
    });
    let tasks: Vec<_> = (0..impatient)
        .map(|seed| give_up(rx.clone(), order(), answer.clone(), manners, Dice::new(seed)))
        .collect();
    let (sent, mut received) = R::run(|runtime| async move {
        let mut tasks: Vec<_> = tasks.into_iter().map(|task| runtime.spawn(task)).collect();
        let mut parked = None;
        match patient {
            Patient::Task => tasks.push(runtime.spawn(stay(rx, answer))),
            Patient::ParkedThread => parked = Some(thread::spawn(|| stay_parked(rx, answer))),
            Patient::WanderingFuture => {
                let (mut to_one, from_other) = channel();
                let (to_other, from_one) = channel();
                assert!(to_one.send(waiting(rx)).unwrap().is_none());
                let one = share(from_other, to_other, answer.clone(), Dice::new(8));
                let other = share(from_one, to_one, answer, Dice::new(9));
                tasks.push(runtime.spawn(one));
                tasks.push(runtime.spawn(other));
            }
        }
        let sent = direct(tx, answers, orders).await;
        let received = join_all(tasks).await;
        (sent, received.into_iter().sum::<usize>() + parked.map_or(0, |it| it.join().unwrap()))
    });
    received += hasty.join().unwrap();
    assert!(sent > 0);
    assert_eq!(received, sent);
}

pub(crate) fn waits_are_given_up_and_a_task_stays<R: Runtime>() {
    stress::<R>(Patient::Task, &MANNERS, 4);
}

pub(crate) fn waits_are_given_up_and_a_future_wanders<R: Runtime>() {
    stress::<R>(Patient::WanderingFuture, &MANNERS, 3);
}

pub(crate) fn waits_are_given_up_and_a_parked_thread_stays<R: Runtime>() {
    stress::<R>(Patient::ParkedThread, &MANNERS, 3);
}

/// Abandoned wakers are many more than those that wait.
pub(crate) fn streams_are_given_up_and_a_task_stays<R: Runtime>() {
    stress::<R>(Patient::Task, &STREAM_MANNERS, 10);
}
