//! Waiting as a task: how often wakers are cloned, woken and dropped, which reader is notified, and when a wait yields.

use crate::{
    many_readers, readers,
    ways::{every_way, writes},
};
use overwrite_channel::buffer::{Reader, channel};
use std::task::Poll;
use support::{
    crowd::{Crowd, all},
    waker::{Event, Seen, Task, tasks},
};
#[cfg(feature = "stream")]
use {futures::FutureExt, overwrite_channel::RecvError};

#[test]
fn a_wait_keeps_what_the_reader_shows_and_is_woken_once_by_a_value_or_the_end() {
    for (name, way) in every_way() {
        for (how, write) in writes() {
            let case = format!("{name}, {how}");
            let [first, other] = tasks();
            let (mut writer, mut reader) = channel(0);
            for value in [1, 3] {
                let wait = first.waits(first.waits(way(&mut reader)));
                drop(other.waits(wait));
                assert_eq!(first.seen(), Seen { cloned: 1, ..Seen::DROPPED }, "{case}");
                // What leaves its waker behind waits on.
                let stays = if name == "updated" { Seen::DROPPED } else { Seen::NOTHING };
                assert_eq!(other.seen(), Seen { cloned: 1, ..stays }, "{case}");
                assert_eq!(*reader, value - 1, "{case}: it shows what it has announced");
                let mut wait = other.waits(way(&mut reader));
                other.seen();
                assert_eq!(write(&mut writer, value), Ok(false), "{case}");
                assert_eq!(write(&mut writer, value + 1), Ok(true), "{case}");
                assert_eq!([first.seen(), other.seen()], [Seen::NOTHING, Seen::WOKEN], "{case}");
                assert_eq!(first.poll(&mut wait), Poll::Ready(Some(())), "{case}");
                drop(wait);
                assert_eq!(*reader, value + 1, "{case}");
                // A value that is there touches no waker.
                write(&mut writer, value - 1).unwrap();
                assert!(first.poll(&mut way(&mut reader)).is_ready());
                assert_eq!((*reader, first.seen()), (value - 1, Seen::NOTHING), "{case}");
                write(&mut writer, value + 1).unwrap();
                assert!(reader.update());
            }
            let mut wait = first.waits(way(&mut reader));
            drop(writer);
            assert_eq!(first.seen(), Seen { cloned: 1, ..Seen::WOKEN }, "{case}");
            assert_eq!(first.poll(&mut wait), Poll::Ready(None), "{case}");
            drop(wait);
            assert_eq!((*reader, first.poll(&mut way(&mut reader))), (4, Poll::Ready(None)));
        }
    }
}

/// A value or the end comes between a poll's look and its announcement, while the waker is cloned.
#[test]
fn what_comes_in_the_middle_of_a_poll_is_shown() {
    for (name, way) in every_way() {
        let (writer, [mut reader, mut other]) = readers(0);
        let mut writers = vec![writer.clone(), writer];
        while let Some(mut writer) = writers.pop() {
            let (shown, last) = (*reader, writers.is_empty());
            let beside = Task::new();
            let _waiting = beside.waits(other.updated());
            let task = Task::acting_in(Event::Clone, move || {
                if !last {
                    assert_eq!(writer.write(shown + 1), Ok(false));
                }
            });
            let found = if last { None } else { Some(()) };
            assert_eq!(task.poll(&mut way(&mut reader)), Poll::Ready(found), "{name}");
            assert_eq!(task.seen(), Seen { cloned: 1, ..Seen::DROPPED }, "{name}");
            assert_eq!(*reader, shown + u32::from(!last), "{name}");
            assert_eq!(beside.seen().woken, 1, "{name}");
        }
    }
}

#[test]
fn each_publish_notifies_the_next_in_turn_and_one_that_replaces_a_value_passes_a_stalled_task() {
    for (how, write) in writes() {
        for size in [2, 3, 65, 130] {
            let (mut writer, mut readers) = many_readers(0, size + 1);
            let mut looks = readers.pop().unwrap();
            let crowd = Crowd::new(size);
            let mut futures = crowd.waits(readers.iter_mut().map(Reader::updated));
            for turn in 0..2 * size {
                assert_eq!(write(&mut writer, turn), Ok(false), "{how}");
                assert_eq!(crowd.woken_one(), turn % size, "{how}");
                assert!(looks.update());
                crowd.pends(turn % size, &mut futures[turn % size]);
            }
            // No task that is notified is polled from here on.
            for at in 0..size {
                assert_eq!(write(&mut writer, at), Ok(at > 0), "{how}");
                assert_eq!(crowd.woken_one(), at, "{how}");
                // A value that was taken held up no reader.
                assert!(looks.update());
                assert_eq!(write(&mut writer, at), Ok(false), "{how}");
                assert_eq!(crowd.woken(), [], "{how}");
            }
            assert!(looks.update());
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future);
            }
            drop(writer);
            assert_eq!(crowd.woken(), all(size), "{how}");
        }
    }
}

/// Each handle yields once after so many waits that were ready, and an explicit poll never does.
#[test]
fn waits_that_are_always_ready_yield_now_and_then() {
    const BUDGET: u32 = 128;
    let task = Task::new();
    let (closed, _) = channel(0);
    for (name, way) in every_way() {
        let (mut writer, mut reader) = channel(0);
        for number in 0..3 * (BUDGET + 1) {
            let is_due = number % (BUDGET + 1) == BUDGET;
            writer.write(number).unwrap();
            let yields = task.poll(&mut way(&mut reader)).is_pending();
            assert_eq!(yields, is_due && name != "poll_updated", "{name}, {number}");
            assert_eq!(task.seen().woken, usize::from(yields));
            assert_eq!(writer.is_empty(), !yields, "a yield leaves the value where it is");
            assert_eq!(task.poll(&mut closed.closed()).is_pending(), is_due);
            task.seen();
        }
    }
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_yields_clones_and_is_terminated_when_it_has_returned_the_end() {
    use futures::{StreamExt, future::FusedFuture, stream::FusedStream};
    let (mut writer, [mut reader, mut other]) = readers(String::new());
    for text in ["first", "second", "last"] {
        writer.write("replaced".into()).unwrap();
        writer.write(text.into()).unwrap();
        assert_eq!(reader.next().now_or_never(), Some(Some(text.into())));
        assert_eq!(*reader, text, "it shows the value, and yields a clone");
    }
    assert_eq!(reader.next().now_or_never(), None);
    writer.write("survives".into()).unwrap();
    drop(writer);
    assert_eq!(reader.next().now_or_never(), Some(Some("survives".into())));
    assert!(!reader.is_terminated());
    for _ in 0..2 {
        assert_eq!(reader.next().now_or_never(), Some(None));
        assert!(reader.is_terminated() && !reader.clone().is_terminated());
    }
    // Other calls that report the end are not the stream.
    let mut updated = other.updated();
    assert!(!updated.is_terminated());
    assert_eq!((&mut updated).now_or_never(), Some(Err(RecvError)));
    assert!(updated.is_terminated());
    drop(updated);
    assert!(!other.is_terminated());
    assert!(other.collect::<Vec<_>>().now_or_never().unwrap().is_empty());
}
