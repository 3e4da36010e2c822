//! What a buffer allocates: one block, a node for each writer more and two for each reader more, and wait nodes as the
//! number of readers doubles. Nothing else, and no call makes, moves, clones or drops a value.

use crate::{
    LARGE, Large, NOTHING, cost, counts, grows_as_the_number_doubles, is_free, wait_nodes::grown,
};
use crossbeam_utils::CachePadded;
use overwrite_channel::{
    buffer::{Reader, Writer, channel, channel_with},
    wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{
    collections::HashMap,
    ptr,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};
use support::{
    allocator::{bytes, measure},
    dice::Dice,
    ledger::{Ledger, Tracked},
    sleeper::Sleeper,
    waker::{Task, tasks},
    watchdog::{until, watched},
};

#[test]
fn a_buffer_is_one_small_allocation_and_its_handles_are_small() {
    assert!(size_of::<Writer<Large>>() <= 24);
    assert!(size_of::<Reader<Large>>() <= 64);

    let (_handles, made) = measure(|| channel(0_u64));
    assert_eq!(made.allocations, 1);
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        assert_eq!(made.live_bytes, bytes(2 * align_of::<CachePadded<u8>>()));
    }
    // One node for the writer, two for the reader, and one for the slot.
    let (_handles, made) = measure(|| channel::<Large>([0; 512]));
    assert_eq!(made.allocations, 1);
    assert!((4 * LARGE..5 * LARGE).contains(&made.live_bytes), "{made:?}");
}

#[test]
fn writing_reading_and_waiting_allocate_nothing() {
    let [task, other_task] = tasks();
    let (mut writer, mut reader) = channel::<Large>([0; 512]);
    let (mut other_writer, mut other) = (writer.clone(), reader.clone());
    let (mut sender, mut receiver) = overwrite_channel::channel::<u64>();
    reader.set_spin_limit(3);
    other.set_spin_limit(0);
    let soon = Duration::from_micros(1);
    is_free(|value| {
        writer.fill(value);
        assert_eq!((writer.publish(), other_writer.write([value; 512])), (Ok(false), Ok(true)));
        assert_eq!((reader.update(), other.update(), reader.read()[1]), (true, false, value));
        writer.publish().unwrap();
        assert!(reader.wait().is_ok());
        writer.publish().unwrap();
        assert!(reader.wait_timeout(soon).is_ok());
        writer.publish().unwrap();
        assert!(other.wait_deadline(Instant::now()).is_ok());
        // These park.
        assert!(reader.wait_timeout(soon).is_err() && other.wait_timeout(soon).is_err());
        assert!(other.wait_deadline(Instant::now() + soon).is_err());

        // Polled by one task and another, woken, dropped, finished.
        let (mut one, mut two) = (reader.updated(), other.updated());
        assert!(task.poll(&mut one).is_pending() && other_task.poll(&mut one).is_pending());
        assert!(task.poll(&mut two).is_pending());
        writer.publish().unwrap();
        drop(one);
        assert!(task.poll(&mut two).is_ready());
        drop(two);
        // Wakers that are left behind.
        for task in [&task, &task, &other_task] {
            assert!(reader.poll_updated(&mut task.context()).is_pending());
        }
        #[cfg(feature = "stream")]
        assert!(task.poll(&mut futures::StreamExt::next(&mut other)).is_pending());
        assert_eq!(wait_any_timeout(&mut [&mut other, &mut receiver, &mut reader], soon), None);
        let late = Instant::now() + soon;
        assert_eq!(wait_any_deadline(&mut [&mut reader, &mut receiver], late), None);
        sender.send(value).unwrap();
        assert_eq!(wait_any(&mut [&mut reader, &mut receiver]), 1);
        receiver.try_recv().unwrap();
        writer.publish().unwrap();
        assert_eq!(wait_any(&mut [&mut reader, &mut receiver]), 0);
        assert!(reader.poll_updated(&mut task.context()).is_ready());
    });
    drop((reader, other));
    is_free(|value| assert!(writer.publish().is_err() && writer.write([value; 512]).is_err()));
}

#[test]
fn values_for_a_thread_that_parks_allocate_nothing_in_any_thread() {
    watched(|watchdog| {
        let (mut writer, mut reader) = channel([0; 512]);
        let mut idle = reader.clone();
        reader.set_spin_limit(0);
        let (sleeper, taken) = (&Sleeper::default(), &AtomicU64::new(0));
        thread::scope(|scope| {
            let waits = scope.spawn(move || {
                let _running = watchdog.running("reader");
                sleeper.is_this_thread();
                cost(|| {
                    while let Ok(value) = reader.wait() {
                        taken.store(value[511], SeqCst);
                        // Parks in vain, or takes the next value.
                        if idle.wait_timeout(Duration::from_micros(1)).is_ok() {
                            taken.store(idle[511], SeqCst);
                        }
                    }
                })
            });
            let _running = watchdog.running("writer");
            for round in 1..=5_000 {
                // Now and then the reader is asleep for certain. This allocates.
                if round % 20 == 0 {
                    sleeper.until_asleep();
                }
                let counts = cost(|| {
                    writer.fill(round);
                    assert_eq!(writer.publish(), Ok(false));
                });
                assert_eq!(counts, NOTHING);
                until(|| taken.load(SeqCst) == round);
            }
            drop(writer);
            assert_eq!(waits.join().unwrap(), NOTHING);
        });
    });
}

#[test]
fn a_clone_of_a_writer_is_one_node_and_of_a_reader_two_beside_wait_nodes() {
    let (writer, reader) = channel::<Large>([0; 512]);
    let (clone, made) = measure(|| writer.clone());
    assert_eq!(made, counts(1, LARGE));
    assert_eq!(cost(|| drop(clone)), counts(0, -LARGE));
    let task = Task::new();
    grows_as_the_number_doubles(
        300,
        counts(2, 2 * LARGE),
        || reader.clone(),
        |readers| {
            for reader in readers {
                assert!(reader.poll_updated(&mut task.context()).is_pending());
            }
        },
    );
}

/// A value as an address and a number.
fn known(value: &(Tracked, [u64; 64])) -> (*const Tracked, usize) {
    (&raw const value.0, value.0.id())
}

/// Handles are cloned and dropped at random, and used. The memory is that of the most at once, and a value that was made in
/// a node stays there until its node's handle drops it.
#[test]
fn values_stay_where_they_were_made_and_clones_take_the_room_that_dropped_handles_have_left() {
    const MOST: usize = 5;
    type Value = (Tracked, [u64; 64]);
    for seed in 1..=4 {
        let mut dice = Dice::new(seed);
        let ledger = Ledger::new(20_000);
        let ((writer, reader), block) = measure(|| channel_with(|| (ledger.issue(), [7; 64])));
        let (mut writers, mut readers) = (Vec::with_capacity(MOST), Vec::with_capacity(MOST));
        writers.push(writer);
        readers.push(reader);
        let (mut live, mut most_nodes, mut most_readers) = (block.live_bytes, 3, 1);
        let mut places = HashMap::<usize, *const Tracked>::new();
        for _ in 0..5_000 {
            let (act, writer, reader) =
                (dice.below(8), dice.below(writers.len()), dice.below(readers.len()));
            let (issued, dropped) = (ledger.issued(), ledger.alive().len());
            let may_change = act < 4;
            let step = cost(|| match act {
                0 if writers.len() < MOST => writers.push(Writer::<Value>::clone(&writers[writer])),
                1 if readers.len() < MOST => readers.push(Reader::<Value>::clone(&readers[reader])),
                2 if writers.len() > 1 => drop(writers.swap_remove(writer)),
                3 if readers.len() > 1 => drop(readers.swap_remove(reader)),
                4 => _ = readers[reader].update(),
                5 => _ = readers[reader].wait_timeout(Duration::ZERO).is_ok(),
                6 => _ = readers[reader].read(),
                _ => _ = writers[writer].publish().unwrap(),
            });
            if !may_change {
                assert_eq!((ledger.issued(), ledger.alive().len()), (issued, dropped));
                assert_eq!(step, NOTHING);
            }
            let shown =
                writers.iter().map(|it| known(it)).chain(readers.iter().map(|it| known(it)));
            for (address, id) in shown {
                assert!(ptr::eq(*places.entry(id).or_insert(address), address), "{id} has moved");
            }
            live += step.live_bytes;
            most_nodes = most_nodes.max(writers.len() + 2 * readers.len());
            most_readers = most_readers.max(readers.len());
            assert_eq!(ledger.alive().len(), writers.len() + 2 * readers.len() + 1);
            let most = (block + grown(most_readers)).live_bytes
                + bytes(size_of::<Value>() * (most_nodes - 3));
            assert!(live <= most, "{live} bytes with at most {most_nodes} nodes, not {most}");
        }
        assert_eq!((most_nodes, most_readers), (3 * MOST, MOST), "every number was met");
        let end = cost(|| {
            writers.clear();
            readers.clear();
        });
        assert_eq!(live + end.live_bytes, 0);
        ledger.assert_each_dropped_once();
    }
}
