//! Waits that are given up: nothing is seen by them that they did not return.

use super::watch;
use crate::tools::{Polled, at_once, waits};
use std::{cell::Cell, future::ready, time::Duration};
use tokio::{select, time::sleep};

#[test]
fn a_change_that_was_given_up_has_seen_nothing() {
    let (tx, mut rx) = watch::channel(0);
    drop(Polled::waiting(rx.changed()));
    assert!(!rx.has_changed().unwrap());

    // Given up when it was woken already.
    let changed = Polled::waiting(rx.changed());
    tx.send(1).unwrap();
    assert_eq!(changed.wakes(), 1);
    drop(changed);
    assert!(rx.has_changed().unwrap());
    assert!(rx.borrow().has_changed());
    assert!(at_once(rx.changed()).is_ok());
    assert!(waits(rx.changed()));

    // Given up before its first poll.
    tx.send(2).unwrap();
    drop(rx.changed());
    assert!(rx.has_changed().unwrap());
}

#[test]
fn the_end_comes_again_to_the_next_wait() {
    let (tx, mut rx) = watch::channel(0);
    let changed = Polled::waiting(rx.changed());
    drop(tx);
    assert_eq!(changed.wakes(), 1);
    drop(changed);
    assert!(at_once(rx.changed()).is_err());
}

#[test]
fn others_are_woken_whoever_gives_up() {
    let (tx, rx) = watch::channel(0);
    let mut receivers = vec![rx; 16];
    let mut tasks = Vec::new();
    let mut waiting = Vec::new();
    for (number, rx) in receivers.iter_mut().enumerate() {
        let changed = Polled::waiting(rx.changed());
        if number % 2 == 0 {
            tasks.push(changed.give_up());
        } else {
            waiting.push(changed);
        }
    }
    // Two more go between the wake and the poll.
    tx.send(1).unwrap();
    assert!(waiting.iter().all(|changed| changed.wakes() == 1));
    waiting.truncate(6);
    assert!(waiting.iter_mut().all(|changed| changed.end().is_ok()));
    assert!(tasks.iter().all(|task| task.seen().woken == 0));
    drop(waiting);
    let unseen = receivers.iter().filter(|rx| rx.has_changed().unwrap()).count();
    assert_eq!(unseen, 10);
}

#[test]
fn a_search_that_was_given_up_has_seen_only_what_did_not_do() {
    let (tx, mut rx) = watch::channel(0);
    tx.send(1).unwrap();
    drop(Polled::waiting(rx.wait_for(|value| *value == 2)));
    assert!(!rx.has_changed().unwrap(), "it was asked for, and did not do");

    // The one it waits for comes, but nobody polls any more.
    let wait = Polled::waiting(rx.wait_for(|value| *value == 2));
    tx.send(2).unwrap();
    assert_eq!(wait.wakes(), 1);
    drop(wait);
    assert!(rx.has_changed().unwrap());
    assert_eq!(*at_once(rx.wait_for(|value| *value == 2)).unwrap(), 2);

    // Never polled: nothing was asked.
    tx.send(3).unwrap();
    drop(rx.wait_for(|_| panic!("nobody polled")));
    assert!(rx.has_changed().unwrap());
}

#[test]
fn a_search_that_was_given_up_wakes_nobody() {
    let (tx, mut rx) = watch::channel(0);
    let task = Polled::waiting(rx.wait_for(|value| *value == 1)).give_up();
    tx.send(1).unwrap();
    drop(tx);
    assert_eq!(task.seen().woken, 0);
    assert_eq!(*at_once(rx.wait_for(|value| *value == 1)).unwrap(), 1);
}

#[test]
fn a_wait_for_the_end_of_receivers_can_be_given_up() {
    let (tx, rx) = watch::channel(0);
    let task = Polled::waiting(tx.closed()).give_up();
    let closed = Polled::waiting(tx.closed());
    drop(rx);
    assert_eq!((task.seen().woken, closed.wakes()), (0, 1));
    drop(closed);
    at_once(tx.closed());
}

#[tokio::test(start_paused = true)]
async fn a_timer_wins_again_and_again_and_no_change_is_lost() {
    const CHANGES: usize = 20;
    let (tx, mut rx) = watch::channel(0);
    let sender = tokio::spawn(async move {
        for value in 1..=CHANGES {
            sleep(Duration::from_millis(10)).await;
            tx.send(value).unwrap();
        }
    });
    let (mut seen, mut given_up) = (Vec::new(), 0);
    loop {
        select! {
            changed = rx.changed() => match changed {
                Ok(()) => seen.push(*rx.borrow_and_update()),
                Err(_) => break,
            },
            () = sleep(Duration::from_millis(3)) => {
                given_up += 1;
                assert!(given_up <= 1000, "it never ends");
            }
        }
    }
    sender.await.unwrap();
    assert!(seen.iter().copied().eq(1..=CHANGES), "{seen:?}");
    assert!(given_up >= CHANGES);
}

#[tokio::test(start_paused = true)]
async fn a_timer_wins_again_and_again_and_the_value_is_found() {
    let (tx, mut rx) = watch::channel(0);
    let sender = tokio::spawn(async move {
        for value in 1..=20 {
            sleep(Duration::from_millis(10)).await;
            tx.send(value).unwrap();
        }
        tx
    });
    let mut given_up = 0;
    loop {
        select! {
            found = rx.wait_for(|value| *value == 20) => {
                assert_eq!(*found.unwrap(), 20);
                break;
            }
            () = sleep(Duration::from_millis(3)) => {
                given_up += 1;
                assert!(given_up <= 1000, "it never ends");
            }
        }
    }
    let _tx = sender.await.unwrap();
    assert!(given_up >= 20);
    assert!(!rx.has_changed().unwrap());
}

#[tokio::test]
async fn a_change_that_is_there_and_loses_stays() {
    let (tx, mut rx) = watch::channel(0);
    let lost = Cell::new(0);
    for value in 1..=200 {
        tx.send(value).unwrap();
        select! {
            biased;
            () = ready(()) => lost.set(lost.get() + 1),
            changed = rx.changed() => changed.unwrap(),
        }
        assert!(rx.has_changed().unwrap());
    }
    assert_eq!(lost.get(), 200);
    select! {
        biased;
        changed = rx.changed() => changed.unwrap(),
        () = ready(()) => panic!("the change was lost"),
    }
    assert_eq!(*rx.borrow(), 200);
}
