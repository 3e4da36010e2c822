//! Waits that are given up take no wake from others: if one did, the next value would be waited for for ever, and the
//! watchdog would say so.

use super::receive;
use futures::{
    FutureExt,
    future::{BoxFuture, Either, join_all, poll_fn, select},
    pin_mut, poll,
};
use overwrite_channel::{Receiver, RecvError, Sender, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting, yield_now, yield_times},
};
use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};
use support::{dice::Dice, rounds::rounds, waker::Task, watchdog::watched};
use tokio::sync::Mutex;

on_each_runtime! {
    waits_are_given_up_and_a_task_stays
    waits_are_given_up_and_a_future_wanders
    waits_are_given_up_and_a_parked_thread_stays
    streams_are_given_up_and_a_task_stays
    a_cancelled_task_passes_its_wake_on
}

/// What receivers that may give up are ordered to do.
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
    Ordered(Order),
}

impl From<Option<usize>> for Outcome {
    fn from(received: Option<usize>) -> Self {
        received.map_or(Self::End, Self::Value)
    }
}

impl From<Result<Order, RecvError>> for Outcome {
    fn from(order: Result<Order, RecvError>) -> Self {
        order.map_or(Self::End, Self::Ordered)
    }
}

/// How a wait is given up.
#[derive(Clone, Copy)]
enum Manner {
    /// A future that loses a race against an order, also if both are ready.
    LosesRace,
    /// A future that wins the race, if both are ready.
    WinsRace,
    /// A future that is dropped after a few polls.
    FewPolls,
    /// A waker left behind by `poll_recv`.
    LeftBehind,
}

async fn wait(
    rx: &mut Receiver<usize>,
    orders: &mut Receiver<Order>,
    ways: &[usize],
    dice: &mut Dice,
) -> Outcome {
    let manner =
        dice.pick(&[Manner::LosesRace, Manner::WinsRace, Manner::FewPolls, Manner::LeftBehind]);
    if let Manner::LeftBehind = manner {
        return match poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await {
            Poll::Ready(received) => received.ok().into(),
            Poll::Pending => Outcome::GivenUp,
        };
    }
    let received = receive(rx, dice.pick(ways));
    let order = orders.recv_async();
    pin_mut!(received);
    match manner {
        Manner::LosesRace => match select(order, received).await {
            Either::Left((order, _)) => order.into(),
            Either::Right((received, _)) => received.into(),
        },
        Manner::WinsRace => match select(received, order).await {
            Either::Left((received, _)) => received.into(),
            Either::Right((order, _)) => order.into(),
        },
        _ => {
            for _ in 0..dice.within(1, 4) {
                if let Poll::Ready(received) = poll!(&mut received) {
                    return received.into();
                }
                yield_now().await;
            }
            Outcome::GivenUp
        }
    }
}

/// Waits once a round, and gives up. Then it does **not look at the channel again in that round**, where it would find
/// the value by chance. Returns how many values it received instead.
async fn give_up(
    mut rx: Receiver<usize>,
    mut orders: Receiver<Order>,
    mut answers: Sender<usize>,
    ways: &[usize],
    mut dice: Dice,
) -> usize {
    let mut received = 0;
    loop {
        let mut ordered = None;
        match wait(&mut rx, &mut orders, ways, &mut dice).await {
            Outcome::Value(value) => {
                received += 1;
                assert_eq!(answers.send(value), Ok(None));
            }
            Outcome::End => return received,
            Outcome::GivenUp => {}
            Outcome::Ordered(order) => ordered = Some(order),
        }
        while ordered != Some(Order::NextRound) {
            let Ok(order) = orders.recv_async().await else { return received };
            ordered = Some(order);
        }
    }
}

/// Does the same in a thread, by timeouts.
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
        if let Ok(value) = rx.recv_timeout(Duration::from_micros(dice.roll() % 60)) {
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

/// Does the same in a thread that parks.
fn stay_parked(mut rx: Receiver<usize>, mut answers: Sender<usize>) -> usize {
    rx.set_spin_limit(0);
    rx.iter().map(|value| assert_eq!(answers.send(value), Ok(None))).count()
}

/// A wait, with the receiver it belongs to.
type Wait = BoxFuture<'static, (Receiver<usize>, Option<usize>)>;

fn begin(mut rx: Receiver<usize>) -> Wait {
    async {
        let received = receive(&mut rx, 0).await;
        (rx, received)
    }
    .boxed()
}

/// Is one of two tasks between which a wait goes to and fro, polled by each with its own waker.
async fn share(
    mut from_other: Receiver<Wait>,
    mut to_other: Sender<Wait>,
    mut answers: Sender<usize>,
    mut dice: Dice,
) -> usize {
    let mut received = 0;
    while let Ok(mut wait) = from_other.recv_async().await {
        loop {
            let (rx, outcome) = match poll!(&mut wait) {
                Poll::Ready(ready) => ready,
                // Mostly it hands the wait on, but at some time one task has to sleep.
                Poll::Pending if !dice.one_in(8) => {
                    assert!(to_other.send(wait).unwrap().is_none());
                    break;
                }
                Poll::Pending => wait.await,
            };
            let Some(value) = outcome else { return received };
            received += 1;
            assert_eq!(answers.send(value), Ok(None));
            wait = begin(rx);
        }
    }
    received
}

/// Sends values, each when the one before has been received, and in between orders to give up. Returns how many values
/// it sent.
async fn direct(
    mut tx: Sender<usize>,
    mut answers: Receiver<usize>,
    mut orders: Vec<Sender<Order>>,
) -> usize {
    let mut dice = Dice::new(0);
    let mut sent = 0;
    for value in rounds(4000) {
        // The receivers may get as far as to wait, or not.
        yield_times(dice.below(4)).await;
        let first = dice.below(orders.len());
        let turn = dice.below(orders.len() + 1);
        for at in 0..=orders.len() {
            if at == turn {
                assert_eq!(tx.send(value), Ok(None));
                sent += 1;
            }
            if at < orders.len() && !dice.one_in(4) {
                let to = (first + at) % orders.len();
                orders[to].send(Order::GiveUp).unwrap();
            }
            if dice.one_in(4) {
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

/// What receives to the end, and gives up never.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patient {
    Task,
    WanderingFuture,
    ParkedThread,
}

fn stress<R: Runtime>(patient: Patient, ways: &'static [usize], impatient: usize) {
    // Where the patient receiver had the last value, it is notified last.
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
    let mut dice = Dice::new(0);
    let tasks: Vec<_> = (0..impatient)
        .map(|_| give_up(rx.clone(), order(), answer.clone(), ways, dice.split()))
        .collect();
    let (sent, mut received) = R::run(|runtime| async move {
        let mut tasks: Vec<_> = tasks.into_iter().map(|task| runtime.spawn(task)).collect();
        match patient {
            Patient::Task => tasks.push(runtime.spawn(stay(rx, answer))),
            Patient::ParkedThread => tasks.push(runtime.unblock(|| stay_parked(rx, answer))),
            Patient::WanderingFuture => {
                let (mut to_one, from_other) = channel();
                let (to_other, from_one) = channel();
                assert!(to_one.send(begin(rx)).unwrap().is_none());
                let one = share(from_other, to_other, answer.clone(), dice.split());
                let other = share(from_one, to_one, answer, dice.split());
                tasks.push(runtime.spawn(one));
                tasks.push(runtime.spawn(other));
            }
        }
        let sent = direct(tx, answers, orders).await;
        (sent, join_all(tasks).await.into_iter().sum::<usize>())
    });
    received += hasty.join().unwrap();
    assert!(sent > 0);
    assert_eq!(received, sent);
}

fn waits_are_given_up_and_a_task_stays<R: Runtime>() {
    stress::<R>(Patient::Task, &[0, 1, 2], 4);
}

fn waits_are_given_up_and_a_future_wanders<R: Runtime>() {
    stress::<R>(Patient::WanderingFuture, &[0, 1, 2], 3);
}

fn waits_are_given_up_and_a_parked_thread_stays<R: Runtime>() {
    stress::<R>(Patient::ParkedThread, &[0, 1, 2], 3);
}

/// Abandoned wakers are many more than those that wait.
fn streams_are_given_up_and_a_task_stays<R: Runtime>() {
    stress::<R>(Patient::Task, &[1], 10);
}

/// All tasks but the last are cancelled about the time at which one of them is woken.
fn a_cancelled_task_passes_its_wake_on<R: Runtime>() {
    const TASKS: usize = 4;
    R::run(|runtime| async move {
        let mut dice = Dice::new(0);
        for round in rounds(500) {
            let (mut tx, rx) = channel();
            let (answer, mut answers) = channel();
            let waiting = Waiting::default();
            let receivers = vec![rx; TASKS].into_iter().map(|rx| Arc::new(Mutex::new(rx)));
            let receivers: Vec<_> = receivers.collect();
            let wait = |rx: &Arc<Mutex<Receiver<_>>>| {
                let (rx, waiting, mut answer) = (rx.clone(), waiting.clone(), answer.clone());
                runtime.spawn(async move {
                    let mut rx = rx.lock().await;
                    // There is one value, so the others wait to the end.
                    if let Ok(value) = waiting.on(rx.recv_async()).await {
                        assert_eq!(answer.send(value), Ok(None));
                    }
                })
            };
            let mut tasks: Vec<_> = receivers.iter().map(wait).collect();
            waiting.reaches(TASKS).await;
            // The wake is passed on by the future if its receiver stays, else by either.
            let kept = (round % 2 == 0).then_some(receivers);
            // The last task is notified last.
            let patient = tasks.pop().unwrap();
            let cancels_first = dice.one_in(4);
            if !cancels_first {
                assert_eq!(tx.send(round), Ok(None));
                yield_times(dice.below(2)).await;
            }
            drop(tasks);
            if cancels_first {
                yield_now().await;
                assert_eq!(tx.send(round), Ok(None));
            }
            assert_eq!(answers.recv_async().await, Ok(round));
            drop((tx, kept, answer));
            patient.await;
            assert_eq!(answers.recv_async().await, Err(RecvError));
        }
    });
}

/// Returns when both threads are here, each on its own core if there are two.
fn meet(arrived: &AtomicUsize) {
    arrived.fetch_add(1, SeqCst);
    for spins in 1.. {
        if arrived.load(SeqCst) == 2 {
            return;
        }
        if spins % 1000 == 0 {
            thread::yield_now();
        } else {
            spin_loop();
        }
    }
}

/// A wait changes its task while another thread drops a wait that was woken, which wakes the first one.
#[test]
fn the_last_waker_is_woken() {
    watched(|_| {
        let mut dice = Dice::new(0);
        for round in rounds(20_000) {
            let (mut tx, mut first) = channel();
            let (mut second, mut third) = (first.clone(), first.clone());
            let (mut leaves, mut stays) = (first.recv_async(), second.recv_async());
            let [leaver, before, after] = [(); 3].map(|()| Task::new());
            assert!(before.poll(&mut stays).is_pending());
            assert!(leaver.poll(&mut leaves).is_pending());
            // The first receiver is woken, for a value that the third takes: it owes a wake when it leaves.
            assert_eq!(tx.send(1), Ok(None));
            assert_eq!(leaver.seen().woken, 1);
            assert_eq!(third.try_recv(), Ok(1));
            let arrived = AtomicUsize::new(0);
            thread::scope(|scope| {
                scope.spawn(|| {
                    meet(&arrived);
                    drop(leaves);
                });
                meet(&arrived);
                for _ in 0..dice.below(200) {
                    spin_loop();
                }
                assert!(after.poll(&mut stays).is_pending());
            });
            assert_eq!(tx.send(2), Ok(None));
            assert!(after.seen().woken > 0, "in round {round}");
            assert_eq!(after.poll(&mut stays), Poll::Ready(Ok(2)));
        }
    });
}
