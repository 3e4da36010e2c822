//! A channel in a static allocates nothing, from its split to its end. What threads allocate that park is in `parked`.

use crate::{Large, is_free};
use overwrite_channel::{Receiver, StaticChannel, TryRecvError, wait_any, wait_any_timeout};
use std::{array, cell::Cell, task::Poll, thread, time::Duration};
use support::waker::tasks;

const SOON: Duration = Duration::from_micros(1);

#[test]
fn a_static_channel_allocates_nothing_from_split_to_split() {
    static CHANNEL: StaticChannel<Large, 5> = StaticChannel::new();
    static SILENT: StaticChannel<u8, 2> = StaticChannel::new();
    let [task, other] = tasks();
    // The standard library may make what a thread needs to park, and to be known, when the thread first parks.
    thread::park_timeout(SOON);
    is_free(|i| {
        let value = [i; 512];
        let (mut tx, mut rx) = CHANNEL.split().unwrap();
        let mut second = rx.clone();
        let shared = tx.clone().into_shared();
        drop(shared.try_clone().unwrap());

        // Every way to send; also a send in the middle of a send.
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(tx.send_newest(value), Ok(Some(value)));
        assert_eq!(shared.send_merged(value, |unread, _| unread), Ok(true));
        assert_eq!(tx.withdraw(), Some(value));
        let is_inner = Cell::new(false);
        let key = |value: &Large| {
            if !is_inner.replace(true) {
                assert_eq!(shared.send(*value), Ok(None));
                // The two sends have the last room.
                assert!(rx.try_clone().is_none());
            }
            value[0]
        };
        assert_eq!(shared.send_newest_by_key(value, key), Ok(Some(value)));
        assert_eq!(rx.try_recv(), Ok(value));

        // A task waits, and passes its wake on.
        let mut future = rx.recv_async();
        assert!(task.poll(&mut future).is_pending());
        assert!(second.poll_recv(&mut other.context()).is_pending());
        assert_eq!(tx.send(value), Ok(None));
        drop(future);
        assert_eq!(second.poll_recv(&mut other.context()), Poll::Ready(Ok(value)));
        // A thread waits: these park.
        let (_silent_tx, mut silent) = SILENT.split().unwrap();
        assert!(rx.recv_timeout(SOON).is_err());
        assert!(second.recv_matching_timeout(SOON, |_| true).is_err());
        assert_eq!(wait_any_timeout(&mut [&mut silent, &mut rx, &mut second], SOON), None);
        assert_eq!(shared.send(value), Ok(None));
        assert_eq!(wait_any(&mut [&mut silent, &mut rx]), 1);
        assert_eq!(rx.recv(), Ok(value));

        // More futures wait for the receivers' end than have room.
        let mut closed: [_; 8] = array::from_fn(|_| shared.closed());
        assert!(closed.iter_mut().all(|closed| task.poll(closed).is_pending()));
        assert_eq!(tx.send(value), Ok(None));
        drop((rx, second));
        assert!(closed.iter_mut().all(|closed| other.poll(closed).is_ready()));
        assert!(tx.send(value).is_err());
    });
}

#[test]
fn receivers_in_all_rooms_allocate_nothing() {
    static CHANNEL: StaticChannel<u64, 30> = StaticChannel::new();
    let [task] = tasks();
    let mut rxs: Vec<Receiver<u64>> = Vec::with_capacity(29);
    is_free(|value| {
        let (mut tx, first) = CHANNEL.split().unwrap();
        rxs.push(first);
        while let Some(clone) = rxs[0].try_clone() {
            rxs.push(clone);
        }
        for rx in &mut rxs {
            assert!(rx.poll_recv(&mut task.context()).is_pending());
        }
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(task.seen().woken, 29);
        drop(tx);
        assert_eq!(rxs[28].try_recv(), Ok(value));
        assert_eq!(rxs[28].try_recv(), Err(TryRecvError::Disconnected));
        rxs.clear();
    });
}
