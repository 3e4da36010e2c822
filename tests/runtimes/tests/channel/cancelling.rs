//! Waits that are given up take no wake from other waits. If they did, a task would wait for the next value for ever, and
//! the watchdog would say so.

use super::receive;
use futures::{
    FutureExt,
    future::{BoxFuture, join_all, poll_fn},
    poll,
};
use overwrite_channel::{Receiver, RecvError, Sender, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting, yield_now, yield_times},
};
use smol::future::or;
use std::{sync::Arc, task::Poll, thread, time::Duration};
use support::{dice::Dice, rounds::rounds};
use tokio::sync::Mutex;

on_each_runtime! {
    waits_are_given_up_and_a_task_stays
    waits_are_given_up_and_a_future_wanders
    waits_are_given_up_and_a_parked_thread_stays
    streams_are_given_up_and_a_task_stays
    a_cancelled_task_passes_its_wake_on
}

/// A receiver that waits once a round, may give up, and then does **not look at the channel again in that round**, where
/// it would find the value by chance.
struct Impatient {
    rx: Receiver<usize>,
    order: Receiver<()>,
    answers: Sender<usize>,
    ways: &'static [usize],
    dice: Dice,
}

impl Impatient {
    async fn play(mut self) -> Self {
        if let Some(value) = self.wait().await {
            assert_eq!(self.answers.send(value), Ok(None));
        }
        self
    }

    /// Waits in any of the ways, and may give up in any manner, if ordered to or before that.
    async fn wait(&mut self) -> Option<usize> {
        let way = self.dice.pick(self.ways);
        let (rx, order) = (&mut self.rx, self.order.recv_async());
        match self.dice.below(4) {
            // A future that loses a race against the order, also if both are ready.
            0 => or(order.map(|_| None), receive(rx, way)).await,
            // A future that wins the race, if both are ready.
            1 => or(receive(rx, way), order.map(|_| None)).await,
            // A future that is dropped some time after a few polls.
            2 => or(yield_times(self.dice.within(1, 4)).map(|()| None), receive(rx, way)).await,
            // A waker left behind by `poll_recv`.
            _ => match poll_fn(|cx| Poll::Ready(rx.poll_recv(cx))).await {
                Poll::Ready(received) => Some(received.unwrap()),
                Poll::Pending => None,
            },
        }
    }
}

/// Does the same in a thread, by timeouts, in each round that it is ordered to begin.
fn time_out(mut rx: Receiver<usize>, mut order: Receiver<()>, mut answers: Sender<usize>) {
    let mut dice = Dice::new(1);
    rx.set_spin_limit(0);
    order.set_spin_limit(0);
    while order.recv().is_ok() {
        if let Ok(value) = rx.recv_timeout(Duration::from_micros(dice.roll() % 60)) {
            assert_eq!(answers.send(value), Ok(None));
        }
    }
}

/// Sends every value back.
async fn send_back(mut rx: Receiver<usize>, mut answers: Sender<usize>) {
    while let Ok(value) = rx.recv_async().await {
        assert_eq!(answers.send(value), Ok(None));
    }
}

/// Does the same in a thread that parks.
fn send_back_parked(mut rx: Receiver<usize>, mut answers: Sender<usize>) {
    rx.set_spin_limit(0);
    rx.iter().for_each(|value| assert_eq!(answers.send(value), Ok(None)));
}

/// A wait, which returns its receiver, too.
type Wait = BoxFuture<'static, (Option<usize>, Receiver<usize>)>;

fn begin(mut rx: Receiver<usize>) -> Wait {
    async move { (receive(&mut rx, 0).await, rx) }.boxed()
}

/// Is one of two tasks between which a wait goes to and fro, polled by each with its own waker.
async fn share(
    mut from_other: Receiver<Wait>,
    mut to_other: Sender<Wait>,
    mut answers: Sender<usize>,
    mut dice: Dice,
) {
    while let Ok(mut wait) = from_other.recv_async().await {
        loop {
            let (received, rx) = match poll!(&mut wait) {
                Poll::Ready(ready) => ready,
                // Mostly it hands the wait on, but at some time a task has to sleep.
                Poll::Pending if !dice.one_in(8) => {
                    assert!(to_other.send(wait).unwrap().is_none());
                    break;
                }
                Poll::Pending => wait.await,
            };
            let Some(value) = received else { return };
            assert_eq!(answers.send(value), Ok(None));
            wait = begin(rx);
        }
    }
}

/// What receives to the end, and never gives up.
#[derive(Clone, Copy)]
enum Patient {
    Task,
    WanderingFuture,
    ParkedThread,
}

/// Sends one value a round, and in between orders to give up. In each round the value is received, once.
fn stress<R: Runtime>(patient: Patient, ways: &'static [usize], impatient: usize) {
    R::run(|runtime| async move {
        let mut dice = Dice::new(0);
        // Where the patient receiver had the last value, it is notified last.
        let (mut tx, rx) = channel();
        let (answer, mut answers) = channel();
        let (mut begin_round, order) = channel();
        let hasty = thread::spawn({
            let (rx, answer) = (rx.clone(), answer.clone());
            move || time_out(rx, order, answer)
        });
        let (mut orders, mut idle) = (Vec::new(), Vec::new());
        for _ in 0..impatient {
            let (tx, order) = channel();
            orders.push(tx);
            let (rx, answers, dice) = (rx.clone(), answer.clone(), dice.split());
            idle.push(Impatient { rx, order, answers, ways, dice });
        }
        let stays = match patient {
            Patient::Task => vec![runtime.spawn(send_back(rx, answer))],
            Patient::ParkedThread => vec![runtime.unblock(|| send_back_parked(rx, answer))],
            Patient::WanderingFuture => {
                let (mut to_one, from_other) = channel();
                let (to_other, from_one) = channel();
                assert!(to_one.send(begin(rx)).unwrap().is_none());
                let one = share(from_other, to_other, answer.clone(), dice.split());
                let other = share(from_one, to_one, answer, dice.split());
                vec![runtime.spawn(one), runtime.spawn(other)]
            }
        };

        for value in rounds(4000) {
            begin_round.send(()).unwrap();
            let playing: Vec<_> =
                idle.drain(..).map(|player| runtime.spawn(player.play())).collect();
            // The receivers may get as far as to wait, or not.
            yield_times(dice.below(4)).await;
            let first = dice.below(impatient);
            let turn = dice.below(impatient + 1);
            for at in 0..=impatient {
                if at == turn {
                    assert_eq!(tx.send(value), Ok(None));
                }
                if at < impatient && !dice.one_in(4) {
                    orders[(first + at) % impatient].send(()).unwrap();
                }
                if dice.one_in(4) {
                    yield_now().await;
                }
            }
            assert_eq!(answers.recv_async().await, Ok(value));
            for order in &mut orders {
                order.send(()).unwrap();
            }
            idle = join_all(playing).await;
            for player in &mut idle {
                _ = player.order.try_recv();
            }
        }
        drop((tx, begin_round, idle));
        join_all(stays).await;
        hasty.join().unwrap();
        assert_eq!(answers.recv_async().await, Err(RecvError));
    });
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
            let receivers = [(); TASKS].map(|()| Arc::new(Mutex::new(rx.clone())));
            let wait = |rx: &Arc<Mutex<Receiver<_>>>| {
                let (rx, waiting, mut answer) = (rx.clone(), waiting.clone(), answer.clone());
                runtime.spawn(async move {
                    let mut rx = rx.lock().await;
                    // There is one value, so the other tasks wait to the end.
                    if let Ok(value) = waiting.on(rx.recv_async()).await {
                        assert_eq!(answer.send(value), Ok(None));
                    }
                })
            };
            let mut tasks: Vec<_> = receivers.iter().map(wait).collect();
            waiting.reaches(TASKS).await;
            // The wake is passed on by the future if its receiver stays, else by either.
            let kept = (round % 2 == 0).then_some(receivers);
            // The last clone of the receiver is notified last.
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
