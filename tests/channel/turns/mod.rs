//! Which wait a send notifies: the next one in turn, and one more past a task that may be stalled.

#[cfg(feature = "std")]
mod model;
#[cfg(feature = "std")]
mod threads;

use crate::{many_receivers, poll, sends::SENDS};
use overwrite_channel::{
    Sender,
    buffer::{self, Reader},
    channel,
};
use std::sync::{Arc, Mutex};
use support::{
    crowd::{Crowd, all},
    waker::{Event, Task},
};

/// Sizes of crowds: a few, one word of 64 bits and its neighbours, and sizes at which a list that doubles has grown.
pub(crate) const SIZES: [usize; 12] = [1, 2, 3, 4, 7, 63, 64, 65, 70, 127, 600, 2100];

/// No task that is woken is polled. A send that finds an empty slot has nothing to make up for: a receiver was there.
#[test]
fn a_send_that_displaces_a_value_passes_a_stalled_task() {
    for ((name, sender), count) in SENDS.iter().flat_map(|way| SIZES.map(|count| (way, count))) {
        let crowd = Crowd::new(count);
        let (tx, mut rxs) = many_receivers(count + 1);
        let mut send = sender(tx);
        let mut looks = rxs.pop().unwrap();
        for (task, rx) in crowd.tasks.iter().zip(&mut rxs) {
            assert!(poll(task, rx).is_pending());
        }
        for sent in 0..count + 3 {
            let value = sent.try_into().unwrap();
            assert_eq!(send(value).unwrap().is_some(), sent > 0, "{name}");
            // In the end, all were notified.
            let expected = Vec::from_iter((sent < count).then_some(sent));
            assert_eq!(crowd.woken(), expected, "{name} to {count}");
            for _ in 0..3 {
                assert!(looks.try_recv().is_ok());
                assert_eq!(send(value), Ok(None), "{name}");
                assert_eq!(crowd.woken(), [], "{name} to {count}");
            }
        }
        // The last one is there, and those that were stalled lose nothing: they wait again.
        for (at, rx) in rxs.iter_mut().enumerate().rev() {
            assert_eq!(poll(&crowd.tasks[at], rx).is_ready(), at + 1 == count, "{name}");
        }
        for sent in 0..count - 1 {
            assert_eq!(send(9999).unwrap().is_some(), sent > 0, "{name}");
            assert_eq!(crowd.woken_one(), sent, "{name} to {count}");
        }
    }
}

/// A value that was taken holds up no reader.
#[test]
fn a_publish_that_replaces_a_value_passes_a_stalled_task() {
    let (mut writer, mut reader) = buffer::channel(0);
    let crowd = Crowd::new(3);
    let mut readers: Vec<_> = (0..3).map(|_| reader.clone()).collect();
    let _stalled = crowd.waits(readers.iter_mut().map(Reader::updated));
    for sent in 0..3 {
        assert_eq!(writer.write(sent), Ok(sent > 0));
        assert_eq!(crowd.woken_one(), sent);
        assert!(reader.update());
        assert_eq!(writer.write(sent), Ok(false));
        assert_eq!(crowd.woken(), []);
    }
}

/// A walk is late: in the middle of it other sends notify five calls. It leaves their turns as they are.
#[test]
fn a_walk_that_is_late_costs_one_turn() {
    const COUNT: usize = 10;
    let (mut tx, mut detached) = channel();
    let mut rxs: Vec<_> = (0..COUNT).map(|_| detached.clone()).collect();
    let mut taker = detached.clone();
    let crowd = Arc::new(Crowd::new(COUNT));
    for (task, rx) in crowd.tasks.iter().zip(&mut rxs) {
        assert!(poll(task, rx).is_pending());
    }
    let rxs = Arc::new(Mutex::new(rxs));
    // Values come, and are taken; the call that was notified for one waits on.
    let turns = {
        let (crowd, rxs) = (crowd.clone(), rxs.clone());
        move |tx: &mut Sender<u8>, turns: usize| -> Vec<usize> {
            let mut turn = |_| {
                tx.send(1).unwrap();
                taker.try_recv().unwrap();
                let at = crowd.woken_one();
                assert!(poll(&crowd.tasks[at], &mut rxs.lock().unwrap()[at]).is_pending());
                at
            };
            (0..turns).map(&mut turn).collect()
        }
    };
    let turns = Arc::new(Mutex::new(turns));
    assert_eq!(turns.lock().unwrap()(&mut tx, COUNT), all(COUNT));

    // The cursor is behind the last: the walk comes to the detached waker first, which is in the first place.
    let meddling = Task::acting_in(Event::Wake, {
        let (turns, mut tx) = (turns.clone(), tx.clone());
        move || assert_eq!(turns.lock().unwrap()(&mut tx, 5), [0, 1, 2, 3, 4])
    });
    assert!(detached.poll_recv(&mut meddling.context()).is_pending());
    tx.send(0).unwrap();
    assert_eq!(meddling.seen().woken, 1);
    assert_eq!(crowd.woken_one(), 0, "by the walk that is late");
    let _ = detached.try_recv();
    assert!(poll(&crowd.tasks[0], &mut rxs.lock().unwrap()[0]).is_pending());
    assert_eq!(turns.lock().unwrap()(&mut tx, COUNT), [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
}
