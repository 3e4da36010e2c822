//! Models of `buffer`: values stay in their nodes, which go from hand to hand. A reader keeps what it shows, whatever its
//! exchanges bring.

use crate::scene::{SOME_TIME, Tracked, explore, let_them_wait, poll_once, spawn, waiting};
use loom::future::block_on;
use overwrite_channel_loom::{
    RecvTimeoutError,
    buffer::{self, Reader, Writer},
};

/// Explores what `body` does with a buffer whose values begin as 0.
fn model(
    preemptions: usize,
    body: impl Fn(Writer<Tracked>, Reader<Tracked>) + Sync + Send + 'static,
) {
    explore(preemptions, move || {
        let (writer, reader) = buffer::channel_with(|| Tracked::new(0));
        body(writer, reader);
    });
}

/// Publishes the value of that number. Returns whether it replaced one.
fn publish(writer: &mut Writer<Tracked>, number: u32) -> bool {
    writer.set(number);
    writer.publish().expect("a reader is left")
}

/// A way to wait. Returns the number of what the reader shows, if it took something.
type Wait = fn(&mut Reader<Tracked>) -> Option<u32>;

const WAITS: [Wait; 2] = [
    |reader| reader.wait().ok().map(|value| value.number()),
    |reader| block_on(reader.updated()).ok().map(|()| reader.number()),
];

/// publish ∥ update, so that each node is used by each side, and both write to it.
#[test]
fn publishes_and_updates() {
    model(3, |mut writer, mut reader| {
        let thread = spawn(move || [1, 2, 3].map(|number| publish(&mut writer, number)));
        let mut taken = 0;
        let mut last = 0;
        let mut look = |reader: &mut Reader<Tracked>| {
            if reader.update() {
                taken += 1;
                assert!(reader.number() > last, "newer than the one before");
                last = reader.number();
                reader.set(last); // its own, to write to
            }
            assert_eq!(reader.number(), last, "what it took stays");
        };
        look(&mut reader);
        look(&mut reader);
        let replaced = thread.join().into_iter().filter(|replaced| *replaced).count();
        look(&mut reader);
        assert_eq!((reader.number(), taken + replaced), (3, 3), "each is taken or replaced");
    });
}

/// publish ∥ publish: one replaces the other, and no writer has the node of the other.
#[test]
fn two_writers() {
    model(3, |mut writer, mut reader| {
        let mut other = writer.clone();
        let thread = spawn(move || {
            let replaced = publish(&mut other, 1);
            other.set(7);
            replaced
        });
        let here = publish(&mut writer, 2);
        writer.set(8);
        assert!(here ^ thread.join());
        assert_eq!(reader.read().number(), if here { 2 } else { 1 });
    });
}

/// update ∥ update ∥ publish: a reader that was slower keeps what it shows.
#[test]
fn two_readers() {
    model(2, |mut writer, mut reader| {
        publish(&mut writer, 1);
        assert!(reader.update());
        let mut other = reader.clone();
        other.set(9);
        publish(&mut writer, 2);
        let thread = spawn(move || (other.update(), other.number()));
        let sender = spawn(move || publish(&mut writer, 3));
        let here = (reader.update(), reader.number());
        let (there, replaced) = (thread.join(), sender.join());
        for ((taken, shown), before) in [(here, 1), (there, 9)] {
            assert!(if taken { [2, 3].contains(&shown) } else { shown == before }, "{shown}");
        }
        assert!(!here.0 || here != there, "each value goes to one of them");
        let left = reader.update();
        assert_eq!([here.0, there.0, replaced, left].into_iter().filter(|x| *x).count(), 2);
    });
}

/// wait ∥ publish, after an earlier value was taken.
#[test]
fn wait_and_publish() {
    for wait in WAITS {
        model(3, move |mut writer, mut reader| {
            publish(&mut writer, 1);
            assert!(reader.update());
            // The writer stays: its end would notify the reader.
            let _thread = spawn(move || (publish(&mut writer, 2), writer));
            assert_eq!(wait(&mut reader), Some(2));
        });
    }
}

/// A wait that times out ∥ publish: the reader keeps what it shows, or takes the new value; none is lost.
#[test]
fn timeout_and_publish() {
    model(3, |mut writer, mut reader| {
        publish(&mut writer, 1);
        assert!(reader.update());
        let thread = spawn(move || publish(&mut writer, 2));
        match reader.wait_timeout(SOME_TIME) {
            Ok(value) => assert_eq!(value.number(), 2),
            Err(error) => {
                assert_eq!((error, reader.number()), (RecvTimeoutError::Timeout, 1));
            }
        }
        thread.join();
        assert_eq!(reader.read().number(), 2);
    });
}

/// A future is polled and dropped ∥ publish.
#[test]
fn dropped_future_and_publish() {
    model(3, |mut writer, mut reader| {
        let thread = spawn(move || publish(&mut writer, 1));
        let took = poll_once(&mut reader.updated()).is_ready();
        assert_eq!(reader.number(), u32::from(took));
        thread.join();
        assert_eq!((reader.update(), reader.number()), (!took, 1));
    });
}

/// wait ∥ the last writer publishes and goes: the value survives it, and the end follows.
#[test]
fn last_value_survives_its_writer() {
    for wait in WAITS {
        model(2, move |mut writer, mut reader| {
            let _thread = spawn(move || publish(&mut writer, 1));
            assert_eq!([wait(&mut reader), wait(&mut reader)], [Some(1), None]);
            assert_eq!(reader.number(), 1);
        });
    }
}

/// A future is notified, and takes the value or is not polled again: the next publish notifies the other reader.
#[test]
fn notified_future_holds_up_until_the_next_publish() {
    for takes in [false, true] {
        model(2, move |mut writer, mut notified| {
            let mut other = notified.clone();
            let mut future = waiting(notified.updated());
            let waits = spawn(move || other.wait().is_ok());
            let_them_wait();
            publish(&mut writer, 1);
            if takes {
                let _ = poll_once(&mut future);
            }
            publish(&mut writer, 2);
            assert!(waits.join());
        });
    }
}

/// The last reader goes ∥ publish: the value is dropped once, wherever it is, and so are those of all handles.
#[test]
fn last_reader_dropped_and_publish() {
    model(3, |mut writer, mut reader| {
        publish(&mut writer, 1);
        assert!(reader.update());
        let _thread = spawn(move || drop(reader));
        writer.set(2);
        let published = writer.publish();
        assert_eq!(writer.number(), if published.is_ok() { 0 } else { 2 });
    });
}

/// A reader goes ∥ another is cloned: the node that the first leaves behind has one owner.
#[test]
fn drop_and_clone() {
    model(3, |mut writer, reader| {
        let gone = reader.clone();
        let thread = spawn(move || drop(gone));
        let mut clones = [reader.clone(), reader];
        thread.join();
        publish(&mut writer, 1);
        assert!(clones[0].update());
        clones[1].set(2);
        assert_eq!(clones.map(|reader| reader.number()), [1, 2]);
    });
}
