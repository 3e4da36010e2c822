//! What each call does and returns, in one thread.

use crate::{
    leaves_nothing,
    ways::{looks, timed, waits, writes},
};
use overwrite_channel::{
    PublishError,
    RecvTimeoutError::{Disconnected, Timeout},
    SendError,
    buffer::{channel, channel_with},
};
use std::{
    error::Error,
    mem,
    time::{Duration, Instant},
};
use support::{orders::orders, panics::message, waker::Task};

const ZERO: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(3);

/// Two writers' values, those that two readers show, those that they have spare, and the slot's.
#[derive(Default)]
struct Model {
    own: [u32; 2],
    shown: [u32; 2],
    spare: [u32; 2],
    slot: u32,
    fresh: bool,
}

impl Model {
    fn write(&mut self, at: usize, value: u32) -> bool {
        self.own[at] = mem::replace(&mut self.slot, value);
        mem::replace(&mut self.fresh, true)
    }

    fn update(&mut self, at: usize) -> bool {
        if self.fresh {
            // The reader gives its spare value, and keeps the one that it has shown for the next time.
            let spare = mem::replace(&mut self.spare[at], self.shown[at]);
            self.shown[at] = mem::replace(&mut self.slot, spare);
        }
        mem::take(&mut self.fresh)
    }
}

/// All sequences of a few calls.
#[test]
fn calls_exchange_values_as_in_a_model() {
    const CALLS: usize = 7;
    const LENGTH: u32 = if cfg!(miri) { 2 } else { 5 };
    for calls in 0..CALLS.pow(LENGTH) {
        let mut model = Model::default();
        let (mut one, mut first) = channel(0);
        let (mut two, mut second) = (one.clone(), first.clone());
        for step in 0..LENGTH {
            let (call, value) = (calls / CALLS.pow(step) % CALLS, step + 1);
            let case = format!("step {step} of calls {calls}");
            match call {
                0..3 => {
                    let (at, (_, write)) = (call % 2, writes()[call]);
                    let writer = if at == 0 { &mut one } else { &mut two };
                    assert_eq!(write(writer, value), Ok(model.write(at, value)), "{case}");
                }
                3 => assert_eq!(first.update(), model.update(0), "{case}"),
                4 => {
                    model.update(1);
                    assert_eq!(*second.read(), model.shown[1], "{case}");
                }
                5 => {
                    *first = value;
                    model.shown[0] = value;
                }
                _ => {
                    second = second.clone();
                    model.spare[1] = model.shown[1];
                }
            }
            assert_eq!([*one, *two, *first, *second], [model.own, model.shown].concat()[..]);
            assert_eq!(one.is_empty(), !model.fresh, "{case}");
            assert_eq!([one.is_empty(), first.is_empty()], [two.is_empty(), second.is_empty()]);
        }
    }
}

#[test]
fn every_read_takes_the_value_of_every_write_and_then_says_whether_one_may_come() {
    let give_up = looks().into_iter().chain(timed()).map(|(name, read)| (name, read, ZERO));
    for (name, read, timeout) in waits().chain(give_up) {
        for (how, write) in writes() {
            let case = format!("{how}, {name}, {timeout:?}");
            let (mut writer, mut reader) = channel(0);
            assert_eq!(write(&mut writer, 1), Ok(false), "{case}");
            assert_eq!((read(&mut reader, timeout), *reader), (Ok(()), 1), "{case}");
            if timeout.is_zero() {
                assert_eq!((read(&mut reader, timeout), *reader), (Err(Timeout), 1), "{case}");
            }
            assert_eq!([2, 3].map(|value| write(&mut writer, value)), [Ok(false), Ok(true)]);
            assert_eq!(*writer, 2, "it has the value that it replaced: {case}");
            assert!(!reader.is_closed(), "{case}");
            drop(writer);
            assert!(reader.is_closed() && !reader.is_empty(), "{case}");
            assert_eq!((read(&mut reader, timeout), *reader), (Ok(()), 3), "{case}");
            // Twice: it is for good.
            for _ in 0..2 {
                let end = (read(&mut reader, timeout), *reader, reader.is_empty());
                assert_eq!(end, (Err(Disconnected), 3, true), "{case}");
            }
        }
    }
}

#[test]
fn a_wait_in_vain_ends_in_time_and_leaves_the_reader_its_value() {
    let (mut writer, mut reader) = channel(0);
    let mut shown = 0;
    for (name, read) in timed() {
        for spin_limit in [0, 10, u32::MAX] {
            reader.set_spin_limit(spin_limit);
            writer.write(0).unwrap();
            assert!(reader.update());
            shown += 1; // no other node has it
            *reader = shown;
            // It may well not have parked before its time was over: then again.
            for timeout in [ZERO, SHORT, ZERO, SHORT] {
                let start = Instant::now();
                assert_eq!((read(&mut reader, timeout), *reader), (Err(Timeout), shown), "{name}");
                assert!(start.elapsed() >= timeout, "{name} after {:?}", start.elapsed());
            }
        }
    }
}

#[test]
fn without_readers_every_value_stays_with_its_writer() {
    for fresh in [false, true] {
        leaves_nothing(|ledger| {
            let (mut writer, reader) = channel_with(|| ledger.issue());
            if fresh {
                assert_eq!(writer.publish(), Ok(false));
            }
            let task = Task::new();
            let mut closed = task.waits(writer.closed());
            drop(reader.clone());
            assert_eq!((writer.is_closed(), task.seen().woken), (false, 0));
            drop(reader);
            assert_eq!((writer.is_closed(), task.seen().woken), (true, 1));
            assert!(
                task.poll(&mut closed).is_ready() && task.poll(&mut writer.closed()).is_ready()
            );
            drop(closed);
            let (own, value) = (writer.id(), ledger.issue());
            let sent = value.id();
            assert_eq!((writer.publish(), writer.id()), (Err(PublishError), own));
            let SendError(value) = writer.write(value).unwrap_err();
            assert_eq!((value.id(), writer.id(), writer.is_empty()), (sent, own, !fresh));
            assert_eq!(writer.clone().publish(), Err(PublishError));
        });
    }
}

/// Each drop of a handle drops its own values, and the last one the slot's and all memory.
#[test]
fn the_last_handle_of_a_side_closes_the_channel_in_whatever_order_they_end() {
    for (order, writes) in orders::<4>().flat_map(|order| (0..6).map(move |it| (order, it))) {
        leaves_nothing(|ledger| {
            let (writer, reader) = channel_with(|| ledger.issue());
            let mut writers = [Some(writer.clone()), Some(writer)];
            let mut readers = [Some(reader.clone()), Some(reader)];
            // So that the nodes have changed hands.
            for number in 0..writes {
                writers[number % 2].as_mut().unwrap().publish().unwrap();
                if number % 3 > 0 {
                    assert!(readers[number / 2 % 2].as_mut().unwrap().update());
                }
            }
            let mut dropped = 0;
            for handle in order {
                if handle < 2 {
                    writers[handle] = None;
                } else {
                    readers[handle - 2] = None;
                }
                dropped += if handle < 2 { 1 } else { 2 };
                let ended =
                    [writers.iter().all(Option::is_none), readers.iter().all(Option::is_none)];
                writers.iter().flatten().for_each(|it| assert_eq!(it.is_closed(), ended[1]));
                readers.iter().flatten().for_each(|it| assert_eq!(it.is_closed(), ended[0]));
                dropped += usize::from(ended == [true; 2]);
                assert_eq!(ledger.dropped().len(), dropped, "{order:?}");
            }
            // Four were made, and the clones of a writer and a reader.
            assert_eq!(ledger.issued(), 7);
        });
    }
}

#[test]
fn handles_and_errors_say_which_they_are() {
    /// No `Debug`, no `Clone`.
    struct Bare;
    let (mut writer, mut reader) = channel_with(|| Bare);
    let (one, other) = (channel(()), channel(()));
    assert!(one.0.same_channel(&one.0.clone()) && !one.0.same_channel(&other.0));
    assert!(one.1.same_channel(&one.1.clone()) && !one.1.same_channel(&other.1));
    assert_eq!(format!("{writer:?} {reader:?}"), "Writer { .. } Reader { .. }");
    assert_eq!(format!("{:?}", reader.updated()), "UpdatedFuture { .. }");
    for closed in [false, true] {
        let task = Task::new();
        if closed {
            writer = channel_with(|| Bare).0;
        }
        assert_eq!(writer.publish().is_err(), closed);
        let mut future = reader.updated();
        assert_eq!(task.poll(&mut future).map(|it| it.is_err()), std::task::Poll::Ready(closed));
        let said = message(|| task.poll(&mut future).is_ready());
        assert_eq!(said, "`UpdatedFuture` polled after it had finished");
    }
    let error: &dyn Error = &PublishError;
    assert_eq!(error.to_string(), "publishing on a channel without readers");
    assert!(error.source().is_none());
}
