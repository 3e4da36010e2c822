//! Waits: in crowds, with wakers and closures that act or panic, and given up for a timer.

use crate::watch::{self, Receiver, Sender, channel};
use overwrite_channel_runtimes::polled::{Polled, at_once, end_of_a_wait_that_begins_while, waits};
use std::{cell::Cell, future::ready, ptr, task::Poll, time::Duration};
use support::{
    panics::{panics, strike},
    waker::{Event, Task},
    watchdog::watched,
};
use tokio::{select, time::sleep};

#[test]
fn one_send_or_end_ends_all_waits_but_those_given_up() {
    const CROWD: usize = 30;
    let (tx, rx) = channel(0);
    let other = tx.clone();
    let mut receivers = vec![rx; CROWD];
    let mut waiting: Vec<_> =
        receivers.iter_mut().map(|rx| Polled::waiting(rx.changed())).collect();
    let gone: Vec<_> = waiting.drain(CROWD / 2..).map(Polled::give_up).collect();
    tx.send(1).unwrap();
    assert!(waiting.iter_mut().all(|changed| changed.woken_end().is_ok()));
    assert!(gone.iter().all(|task| task.seen().woken == 0));
    drop(waiting);
    for (at, rx) in receivers.iter().enumerate() {
        assert_eq!((*rx.borrow(), rx.has_changed().unwrap()), (1, at >= CROWD / 2));
    }

    receivers.truncate(CROWD / 2);
    let mut waiting: Vec<_> =
        receivers.iter_mut().map(|rx| Polled::waiting(rx.changed())).collect();
    drop(tx);
    assert!(waiting.iter_mut().all(|changed| changed.wakes() == 0 && changed.waits()));
    drop(other);
    assert!(waiting.iter_mut().all(|changed| changed.woken_end().is_err()));
}

#[test]
fn all_searches_are_woken_and_each_asks_for_itself() {
    let (tx, rx) = channel(0);
    let mut receivers = vec![rx; 12];
    let mut waiting: Vec<_> = (1..)
        .zip(&mut receivers)
        .map(|(wanted, rx)| Polled::waiting(rx.wait_for(move |value| *value == wanted)))
        .collect();
    for value in 1..=12 {
        tx.send(value).unwrap();
        assert_eq!(*waiting.remove(0).woken_end().unwrap(), value);
        assert!(waiting.iter_mut().all(|wait| wait.wakes() == 1 && wait.waits()));
    }
}

#[test]
fn the_last_receiver_ends_all_waits_of_all_senders() {
    let (tx, rx) = channel(0);
    let other = tx.clone();
    let senders = [&tx, &other].into_iter().cycle().take(10);
    let mut waiting: Vec<_> = senders.map(|tx| Polled::waiting(tx.closed())).collect();
    drop(rx);
    waiting.iter_mut().for_each(Polled::woken_end);
}

#[test]
fn a_search_returns_the_value_it_asked_for() {
    let (tx, mut rx) = channel(String::from("first"));
    let mut address = None;
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        address = Some(ptr::from_ref(value));
        value == "second"
    }));
    tx.send(String::from("second")).unwrap();
    let returned = ptr::from_ref(&*wait.end().unwrap());
    drop(wait);
    assert_eq!(address, Some(returned));
}

/// Nothing is locked while tasks are woken.
#[test]
fn a_waker_may_look_and_send() {
    watched(|_| {
        let (tx, mut rx) = channel(0);
        let task = Task::with({
            let (tx, rx) = (tx.clone(), rx.clone());
            move |event| {
                if event == Event::Wake && *rx.borrow() == 1 {
                    tx.send(2).unwrap();
                }
            }
        });
        let mut changed = Box::pin(rx.changed());
        assert!(task.poll(&mut changed).is_pending());
        tx.send(1).unwrap();
        assert!(task.seen().woken >= 1);
        assert!(matches!(task.poll(&mut changed), Poll::Ready(Ok(()))));
        drop(changed);
        assert_eq!(*rx.borrow(), 2);
        assert!(waits(rx.changed()));
    });
}

#[test]
fn what_comes_while_a_wait_begins_ends_it() {
    async fn wait(rx: &mut Receiver<u8>, wanted: Option<u8>) -> bool {
        match wanted {
            None => rx.changed().await.is_ok(),
            Some(wanted) => rx.wait_for(|value| *value == wanted).await.is_ok(),
        }
    }
    watched(|_| {
        for wanted in [None, Some(1)] {
            let (tx, mut rx) = channel(0);
            let sender = tx.clone();
            let send = move || sender.send(1).unwrap();
            assert!(end_of_a_wait_that_begins_while(send, wait(&mut rx, wanted)));
            assert!(!rx.has_changed().unwrap());
            let close = move || drop(tx);
            assert!(!end_of_a_wait_that_begins_while(close, wait(&mut rx, wanted.map(|_| 2))));
        }
        let (tx, rx) = channel(0);
        end_of_a_wait_that_begins_while(move || drop(rx), tx.closed());
    });
}

#[test]
fn a_closure_that_panics_notifies_no_receiver_and_poisons_nothing() {
    let modifications: [fn(&Sender<u8>); 2] = [
        |tx| tx.send_modify(|_| strike()),
        |tx| {
            tx.send_if_modified(|_| {
                strike();
                true
            });
        },
    ];
    for modify in modifications {
        let (tx, mut rx) = channel(1);
        let mut other = rx.clone();
        let mut changed = Polled::waiting(other.changed());
        panics(|| modify(&tx));
        assert!(changed.wakes() == 0 && changed.waits());
        assert!(!rx.has_changed().unwrap() && !rx.borrow().has_changed());
        assert_eq!((*tx.borrow(), *rx.borrow_and_update()), (1, 1));

        tx.send_modify(|value| *value += 1);
        assert!(changed.woken_end().is_ok());
        assert!(tx.send(5).is_ok());
        assert!(tx.send_if_modified(|value| {
            *value += 1;
            true
        }));
        assert!(at_once(rx.changed()).is_ok());
        assert_eq!(*at_once(rx.wait_for(|_| true)).unwrap(), 6);
        drop(tx);
        assert!(at_once(rx.changed()).is_err());
    }
}

#[test]
fn a_predicate_that_panics_has_seen_the_value_and_poisons_nothing() {
    let (tx, mut rx) = channel(1);
    let mut other = rx.clone();
    tx.send(2).unwrap();
    let asks = |value: &i32| {
        if *value <= 3 {
            strike();
        }
        false
    };
    panics(|| at_once(rx.wait_for(asks)).is_ok());
    assert!(!rx.has_changed().unwrap());
    assert_eq!((*rx.borrow(), *other.borrow(), *tx.borrow()), (2, 2, 2));

    tx.send(4).unwrap();
    let mut wait = Polled::waiting(rx.wait_for(asks));
    tx.send(3).unwrap();
    assert_eq!(wait.wakes(), 1);
    panics(|| wait.waits());
    drop(wait);
    assert_eq!((*rx.borrow(), *other.borrow_and_update()), (3, 3));
    tx.send_modify(|value| *value += 1);
    for rx in [&mut rx, &mut other] {
        assert_eq!(*at_once(rx.wait_for(|value| *value == 4)).unwrap(), 4);
    }
    let mut changed = Polled::waiting(rx.changed());
    tx.send(5).unwrap();
    assert!(changed.woken_end().is_ok());
}

/// Sends the numbers to 20, ten milliseconds apart.
async fn send_slowly(tx: Sender<usize>) {
    for value in 1..=20 {
        sleep(Duration::from_millis(10)).await;
        tx.send(value).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_wins_again_and_again_and_nothing_is_lost() {
    let (tx, mut rx) = watch::channel(0);
    let mut other = rx.clone();
    let sender = tokio::spawn(send_slowly(tx));
    let follows = async {
        let (mut seen, mut given_up) = (Vec::new(), 0);
        while given_up <= 1000 {
            select! {
                changed = rx.changed() => match changed {
                    Ok(()) => seen.push(*rx.borrow_and_update()),
                    Err(_) => break,
                },
                () = sleep(Duration::from_millis(3)) => given_up += 1,
            }
        }
        assert!(seen.iter().copied().eq(1..=20), "{seen:?}");
        assert!((20..=1000).contains(&given_up));
    };
    let searches = async {
        for given_up in 0..1000 {
            select! {
                found = other.wait_for(|value| *value == 20) => {
                    assert_eq!(*found.unwrap(), 20);
                    return assert!(given_up >= 20);
                }
                () = sleep(Duration::from_millis(3)) => {}
            }
        }
        panic!("it is never found");
    };
    tokio::join!(follows, searches);
    sender.await.unwrap();
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
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(*rx.borrow(), 200);
}
