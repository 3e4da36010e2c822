//! Panics in user code: no value leaks or is dropped twice, no notification is lost, and the channel works.

use crate::{
    leaves_nothing,
    ways::{every_way, writes},
};
use overwrite_channel::buffer::{Reader, Writer, channel, channel_with};
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use support::{
    allocator::measure,
    ledger::{Ledger, Tracked},
    panics::{caught, panics, strike},
    sleeper::asleep,
    waker::{Event, Seen, Task},
};

/// Makes a buffer of four values, and lets `body` make user code panic. Afterwards the channel works or is dropped, each value
/// is dropped once, and no memory is left.
#[track_caller]
fn check(name: impl Display, body: impl Fn(&mut Writer<Tracked>, &mut Reader<Tracked>, &Ledger)) {
    // Shown if the test fails.
    println!("{name}");
    leaves_nothing(|ledger| {
        let (mut writer, mut reader) = channel_with(|| ledger.issue());
        body(&mut writer, &mut reader, ledger);
    });
    // Threads allocate and free in turns.
    let ledger = Ledger::new(200);
    let (mut writer, mut reader) = channel_with(|| ledger.issue());
    body(&mut writer, &mut reader, &ledger);
    still_works(writer, reader);
    ledger.assert_each_dropped_once();
}

/// Checks that the channel publishes, reads, waits, clones and closes.
fn still_works(mut writer: Writer<Tracked>, mut reader: Reader<Tracked>) {
    reader.update();
    let (mut clone, mut other) = (writer.clone(), reader.clone());
    let newest = clone.id();
    assert_eq!((writer.publish(), clone.publish()), (Ok(false), Ok(true)));
    assert_eq!((reader.read().id(), reader.update()), (newest, false));

    let task = Task::new();
    let mut future = task.waits(reader.updated());
    assert_eq!((task.seen(), writer.publish()), (Seen::CLONED, Ok(false)));
    assert_eq!(task.seen(), Seen::WOKEN);
    assert!(task.poll(&mut future).is_ready());
    drop(future);

    for parks in [&mut reader, &mut other] {
        let next = writer.id();
        parks.set_spin_limit(0);
        // Much longer than it takes: a wake that is lost fails the test.
        let parks = || parks.wait_timeout(Duration::from_secs(60)).unwrap().id();
        assert_eq!(asleep(parks, || assert_eq!(writer.publish(), Ok(false))), next);
    }
    assert!(reader.wait_timeout(Duration::from_micros(1)).is_err());
    let last = writer.id();
    assert_eq!(writer.publish(), Ok(false));
    drop((writer, clone));
    assert_eq!(other.wait().unwrap().id(), last);
    assert!(other.wait().is_err() && reader.wait().is_err());
}

/// Issues a value whose drop panics.
fn bomb(ledger: &Ledger) -> Tracked {
    ledger.issue().panicking_in(Event::Drop)
}

#[test]
fn what_was_made_before_make_panics_is_dropped_and_freed() {
    for made in 0..4 {
        leaves_nothing(|ledger| {
            let make = || {
                if ledger.issued() == made {
                    strike();
                }
                ledger.issue()
            };
            panics(|| channel_with(make));
            assert_eq!(ledger.issued(), made);
        });
    }
    leaves_nothing(|ledger| panics(|| channel(ledger.issue().panicking_in(Event::Clone))));
}

/// Its clone panics when so many clones were made of all.
struct Fuse(Arc<AtomicUsize>);

impl Clone for Fuse {
    fn clone(&self) -> Self {
        if self.0.fetch_sub(1, SeqCst) == 1 {
            strike();
        }
        Self(self.0.clone())
    }
}

#[test]
fn a_clone_that_panics_leaves_no_value_no_handle_and_its_room() {
    type Fused = (Tracked, Fuse);
    type Clones = fn(&Writer<Fused>, &Reader<Fused>);
    let cases: [(usize, Clones); 3] = [
        (1, |writer, _| drop(writer.clone())),
        (1, |_, reader| drop(reader.clone())),
        (2, |_, reader| drop(reader.clone())),
    ];
    // There is room on the heap; or inside the block, where the first handles have left it.
    for ((at, clones), inside) in cases.iter().flat_map(|case| [(case, false), (case, true)]) {
        leaves_nothing(|ledger| {
            let left = Arc::new(AtomicUsize::new(usize::MAX));
            let fused = || (ledger.issue(), Fuse(left.clone()));
            let (mut writer, mut reader) = channel_with(fused);
            if inside {
                writer = writer.clone();
                reader = reader.clone();
            }
            let room = || measure(|| drop((writer.clone(), reader.clone()))).1.allocations;
            // The first clone of a reader makes more than room for values.
            let _ = room();
            let (before, alive) = (room(), ledger.alive());
            left.store(*at, SeqCst);
            for _ in 0..3 {
                panics(|| clones(&writer, &reader));
                left.store(*at, SeqCst);
            }
            left.store(usize::MAX, SeqCst);
            assert_eq!(ledger.alive(), alive, "clone {at}");
            assert_eq!(room(), before, "clone {at}: its room is lost");
            assert_eq!((writer.publish(), reader.update()), (Ok(false), true));
            let mut clone = writer.clone();
            drop(writer);
            assert!(!reader.is_closed());
            assert_eq!((clone.publish(), reader.clone().update()), (Ok(false), true));
            drop(reader);
            assert!(clone.is_closed(), "clone {at}: it is counted");
        });
    }
}

#[test]
fn a_writer_that_panics_as_it_fills_publishes_nothing() {
    check("while it fills", |writer, reader, ledger| {
        let (own, shown) = (writer.id(), reader.id());
        panics(|| {
            **writer = ledger.issue();
            strike();
        });
        assert_eq!((ledger.dropped(), writer.id()), (vec![own], 4));
        assert_eq!((reader.update(), reader.id()), (false, shown));
    });
}

#[test]
fn a_write_whose_older_value_panics_as_it_is_dropped_has_not_published() {
    check("write", |writer, reader, ledger| {
        **writer = bomb(ledger);
        panics(|| writer.write(ledger.issue()));
        assert_eq!((writer.id(), writer.is_empty(), reader.update()), (5, true, false));
        assert!(ledger.dropped().contains(&4));
    });
    check("what a reader hands back", |writer, reader, ledger| {
        **reader = bomb(ledger);
        // The third value after it comes in its place.
        while writer.id() != 4 {
            assert_eq!((writer.publish(), reader.update()), (Ok(false), true));
        }
        panics(|| **writer = ledger.issue());
        assert_eq!(writer.id(), 5);
    });
}

/// One of the values, or all: then each of the handles' drops panics, once. Or none, but a waker.
#[test]
fn handles_whose_drops_panic_end_all_the_same() {
    const ALL: usize = 4;
    const WAKER: usize = 5;
    for (bomb, writer_first) in (0..=WAKER).flat_map(|bomb| [(bomb, false), (bomb, true)]) {
        leaves_nothing(|ledger| {
            let (writer, mut reader) = channel_with(|| {
                let value = ledger.issue();
                let is_bomb = bomb == ALL || value.id() == bomb;
                if is_bomb { value.panicking_in(Event::Drop) } else { value }
            });
            let event = if writer_first { Event::Wake } else { Event::Drop };
            let task = if bomb == WAKER { Task::panicking_in(event) } else { Task::new() };
            assert!(reader.poll_updated(&mut task.context()).is_pending());
            let (mut writer, mut reader) = (Some(writer), Some(reader));
            let mut struck = 0;
            for ends_writer in [writer_first, !writer_first] {
                let drops = || if ends_writer { writer = None } else { reader = None };
                struck += usize::from(caught(drops).is_none());
                assert!(writer.iter().all(Writer::is_closed), "{bomb}");
                assert!(reader.iter().all(Reader::is_closed), "{bomb}");
            }
            assert_eq!(task.seen().woken, usize::from(writer_first), "{bomb}");
            assert_eq!(struck, if bomb == ALL { 2 } else { 1 }, "{bomb}, {writer_first}");
        });
    }
}

#[test]
fn a_publish_that_wakes_a_waker_that_panics_has_published() {
    for (name, way) in every_way() {
        for (how, write) in writes() {
            check(format!("{how}, {name}"), |writer, reader, ledger| {
                let task = Task::panicking_in(Event::Wake);
                let mut wait = task.waits(way(reader));
                let value = ledger.issue();
                let id = value.id();
                panics(|| write(writer, value));
                assert_eq!(task.seen(), Seen { cloned: 1, ..Seen::WOKEN });
                assert_ne!(writer.id(), id, "it is the writer's no more");
                assert!(task.poll(&mut wait).is_ready());
                drop(wait);
                assert_eq!(reader.id(), id, "it was published");
            });
        }
    }
    check("another task is notified in its place", |writer, reader, _| {
        let [panicking, beside] = [Task::panicking_in(Event::Wake), Task::new()];
        let mut other = reader.clone();
        let _first = panicking.waits(reader.updated());
        let mut second = beside.waits(other.updated());
        panics(|| writer.publish());
        assert!(beside.poll(&mut second).is_ready());
        assert_eq!([panicking.seen().woken, beside.seen().woken], [1; 2]);
    });
}

/// Where a waker panics. No wait is left afterwards.
type Act = fn(&Task, &mut Writer<Tracked>, &mut Reader<Tracked>);

const ACTS: [(Event, &str, Act); 3] = [
    (Event::Clone, "by the first poll, or a later one", |task, _, reader| {
        for (_, way) in every_way() {
            panics(|| Task::panicking_in(Event::Clone).poll(&mut way(reader)));
        }
        let mut future = Task::new().waits(reader.updated());
        panics(|| task.poll(&mut future));
    }),
    (Event::Drop, "by the drop of a reader", |task, _, reader| {
        let mut gone = reader.clone();
        assert!(gone.poll_updated(&mut task.context()).is_pending());
        panics(|| drop(gone));
    }),
    (Event::Drop, "by the poll that takes a value", |task, writer, reader| {
        let mut other = reader.clone();
        let first = Task::new();
        let notified = first.waits(reader.updated());
        let mut future = task.waits(other.updated());
        let next = writer.id();
        writer.publish().unwrap();
        panics(|| task.poll(&mut future));
        drop((notified, future));
        assert_eq!((other.id(), reader.update()), (next, false), "it has been taken");
    }),
];

#[test]
fn a_waker_that_panics_as_it_is_cloned_or_dropped_leaves_no_trace() {
    for (event, name, act) in ACTS {
        check(format!("{event:?} {name}"), |writer, reader, _| {
            let task = Task::panicking_in(event);
            act(&task, writer, reader);
            writer.publish().unwrap();
            assert_eq!(task.seen().woken, 0);
            assert!(reader.update());
        });
    }
}
