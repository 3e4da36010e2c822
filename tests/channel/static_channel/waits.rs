//! Room for waiters: every receiver has one, and futures that wait for the receivers' end have some.

use super::{MOST, full_of_receivers};
use crate::poll;
use overwrite_channel::{StaticChannel, TryRecvError};
use std::{mem, task::Poll};
use support::{
    crowd::{Crowd, all},
    waker::{Seen, Task},
};

/// Runs a test for channels of several sizes.
macro_rules! for_sizes {
    ($value:ty, $test:ident: $($handles:expr),+) => {$({
        static CHANNEL: StaticChannel<$value, { $handles }> = StaticChannel::new();
        $test(&CHANNEL);
    })+};
}

#[test]
fn receivers_in_all_rooms_are_notified_by_turns_and_together_at_the_end() {
    fn are_notified<const HANDLES: usize>(channel: &'static StaticChannel<usize, HANDLES>) {
        let (mut tx, mut rxs) = full_of_receivers(channel);
        let count = rxs.len();
        let crowd = Crowd::new(count);
        for (at, rx) in rxs.iter_mut().enumerate() {
            assert!(poll(&crowd.tasks[at], rx).is_pending());
        }
        for turn in 0..3 * count {
            let at = turn % count;
            assert_eq!(tx.send(turn), Ok(None));
            assert_eq!(crowd.woken_one(), at, "of {count}");
            assert_eq!(poll(&crowd.tasks[at], &mut rxs[at]), Poll::Ready(turn));
            assert!(poll(&crowd.tasks[at], &mut rxs[at]).is_pending());
        }
        drop(tx);
        assert_eq!(crowd.woken(), all(count));
        for (rx, task) in rxs.iter_mut().zip(&crowd.tasks) {
            assert!(task.poll(&mut rx.recv_async()).is_ready());
            assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
            assert_eq!(task.clones(), 0);
        }
    }
    // The second split begins anew.
    for _ in 0..2 {
        for_sizes!(usize, are_notified: 2, 3, 4, 5, MOST);
    }
}

#[test]
fn wakers_left_behind_in_all_rooms_are_woken_by_one_send() {
    fn are_woken<const HANDLES: usize>(channel: &'static StaticChannel<u8, HANDLES>) {
        let (mut tx, mut rxs) = full_of_receivers(channel);
        let crowd = Crowd::new(rxs.len());
        for round in 0..3 {
            for (rx, task) in rxs.iter_mut().zip(&crowd.tasks) {
                assert!(rx.poll_recv(&mut task.context()).is_pending());
            }
            assert_eq!(tx.send(round), Ok(None));
            assert_eq!(crowd.woken(), all(rxs.len()));
            assert_eq!(rxs.last_mut().unwrap().try_recv(), Ok(round));
        }
    }
    for_sizes!(u8, are_woken: 2, 3, 4, 5, MOST);
}

/// Each receiver goes while all wait, and another one comes. The others keep their places, and it has the one that was left.
#[test]
fn a_receiver_waits_in_the_room_that_another_left() {
    fn waits<const HANDLES: usize>(channel: &'static StaticChannel<usize, HANDLES>) {
        let (mut tx, mut rxs) = full_of_receivers(channel);
        let count = rxs.len();
        let crowd = Crowd::new(count);
        for (task, rx) in crowd.tasks.iter().zip(&mut rxs) {
            assert!(poll(task, rx).is_pending());
        }
        for at in (0..count).chain((0..count).rev()) {
            drop(rxs.remove(at));
            rxs.insert(at, rxs[0].clone());
            assert!(poll(&crowd.tasks[at], &mut rxs[at]).is_pending());
            assert!(crowd.tasks.iter().all(|task| task.clones() == 1));
        }
        for (turn, rx) in rxs.iter_mut().enumerate() {
            assert_eq!(tx.send(turn), Ok(None));
            assert_eq!(crowd.woken_one(), turn, "of {count}");
            assert_eq!(poll(&crowd.tasks[turn], rx), Poll::Ready(turn));
        }
    }
    for_sizes!(usize, waits: 3, 4, 5, MOST);
}

/// Receivers come and go, more than there are rooms, and each leaves a future behind that was forgotten.
#[test]
fn a_forgotten_receive_ends_with_its_receiver() {
    static CHANNEL: StaticChannel<u8, 4> = StaticChannel::new();
    let (mut tx, rx) = CHANNEL.split().unwrap();
    let task = Task::new();
    for value in 0..20 {
        let mut rxs = [rx.clone(), rx.clone()];
        for rx in &mut rxs {
            mem::forget(task.waits(rx.recv_async()));
        }
        assert_eq!(task.clones(), 2);
        let [first, mut second] = rxs;
        drop(first);
        assert_eq!(task.clones(), 1);
        task.seen();
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(task.seen(), Seen::WOKEN);
        assert_eq!(second.try_recv(), Ok(value));
    }
}

/// A channel of three handles has room for four futures that wait for the receivers' end.
#[test]
fn further_futures_of_closed_wake_themselves_until_there_is_room() {
    static CHANNEL: StaticChannel<u8, 3> = StaticChannel::new();
    let (tx, rx) = CHANNEL.split().unwrap();
    let shared = tx.clone().into_shared();
    let (crowd, task) = (Crowd::new(4), Task::new());
    let mut sleep = crowd.waits([tx.closed(), shared.closed(), tx.closed(), shared.closed()]);
    let mut further = tx.closed();
    for _ in 0..3 {
        further = task.waits(further);
        assert_eq!(task.seen(), Seen::WOKEN);
    }
    assert_eq!(crowd.woken(), []);
    drop(sleep.remove(1));
    let mut further = task.waits(further);
    assert_eq!(task.seen(), Seen::CLONED);

    drop(rx);
    assert_eq!((crowd.woken(), task.seen()), (vec![0, 2, 3], Seen::WOKEN));
    assert!(task.poll(&mut further).is_ready());
    assert!(sleep.iter_mut().all(|closed| task.poll(closed).is_ready()));
}

#[test]
fn forgotten_futures_of_closed_leave_their_room_to_the_next_split() {
    static CHANNEL: StaticChannel<u8, 3> = StaticChannel::new();
    for _ in 0..3 {
        let (tx, rx) = CHANNEL.split().unwrap();
        let (crowd, task) = (Crowd::new(4), Task::new());
        crowd.waits((0..4).map(|_| tx.closed())).into_iter().for_each(mem::forget);
        let further = task.waits(tx.closed());
        assert_eq!(task.seen(), Seen::WOKEN, "there is no room");
        drop(further);
        // Each waker is there until the receivers' end, and no longer.
        assert!(crowd.tasks.iter().all(|task| task.clones() == 1));
        drop(rx);
        assert_eq!(crowd.woken(), all(4));
        assert!(crowd.tasks.iter().all(|task| task.clones() == 0));
        assert!(task.poll(&mut tx.closed()).is_ready());
    }
}
