//! Which value each exchange brings back, which the random programs of `tests/fuzz` leave open; and texts.

use crate::ways::writes;
use overwrite_channel::{
    PublishError,
    buffer::{channel, channel_with},
};
use std::{error::Error, mem};
use support::{panics::message, waker::Task};

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
fn handles_and_errors_say_which_they_are() {
    /// No `Debug`, no `Clone`.
    struct Bare;
    let (mut writer, mut reader) = channel_with(|| Bare);
    assert_eq!(format!("{writer:?} {reader:?}"), "Writer { .. } Reader { .. }");
    assert_eq!(format!("{:?}", reader.updated()), "UpdatedFuture { .. }");
    writer.publish().unwrap();
    let (task, mut future) = (Task::new(), reader.updated());
    assert!(task.poll(&mut future).is_ready());
    let said = message(|| task.poll(&mut future).is_ready());
    assert_eq!(said, "`UpdatedFuture` polled after it had finished");
    let error: &dyn Error = &PublishError;
    assert_eq!(error.to_string(), "publishing on a channel without readers");
    assert!(error.source().is_none());
}
