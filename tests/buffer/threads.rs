//! Several threads at once: each value is taken at most once, in order, whole, and the newest is never lost.

use crate::ways::{look, looks, timed, untimed, writes};
use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{Disconnected, Timeout},
    Waitable,
    buffer::{Reader, Writer, channel},
    wait_any,
};
use std::{iter::repeat_n, thread, time::Duration};
use support::watchdog::{Watchdog, watched};

/// A value whose words agree, unless it is torn.
type Words<const N: usize> = [u64; N];

#[track_caller]
fn number<const N: usize>(words: &Words<N>) -> u64 {
    assert!(words.iter().all(|word| *word == words[0]), "torn: {words:?}");
    words[0]
}

/// What a reader writes into a value, for whichever writer gets it.
const STAMP: u64 = u64::MAX;

/// Writes values in every way. Returns how many were published, and how many of all writers' they replaced.
fn write_all<const N: usize>(
    mut writer: Writer<Words<N>>,
    numbers: impl Iterator<Item = u64>,
) -> [usize; 2] {
    let mut counts = [0; 2];
    for (value, (_, write)) in numbers.zip(writes().into_iter().cycle()) {
        number(&writer);
        writer[0] = value;
        let Ok(replaced) = write(&mut writer, [value; N]) else { break };
        counts[0] += 1;
        counts[1] += usize::from(replaced);
    }
    counts
}

/// Makes so many calls, or calls until the end, in every way and with timeouts too short for some. Returns the values that
/// were taken.
fn read_all<const N: usize>(mut reader: Reader<Words<N>>, calls: u64, churn: bool) -> Vec<u64> {
    let mut taken = Vec::new();
    let mut shown = number(&reader);
    let ways = untimed().into_iter().chain(timed()).chain(looks());
    for (round, (_, read)) in (0..calls).zip(ways.flat_map(|way| [way; 4]).cycle()) {
        let result = read(&mut reader, Duration::from_micros(round % 7));
        if result == Ok(()) {
            shown = number(&reader);
            taken.push(shown);
            if round % 3 == 0 {
                reader.fill(STAMP);
                shown = STAMP;
            }
        }
        if round % 4 == 0 {
            thread::yield_now();
        }
        assert_eq!(number(&reader), shown, "it keeps what it shows");
        if result == Err(Disconnected) {
            break;
        }
        if churn && round % 5 == 0 {
            reader = reader.clone();
            reader.set_spin_limit(u32::from(round % 2 == 0));
        }
    }
    taken
}

/// In so many threads each, writes so many values, and reads them; without a thread that reads, when all are written.
/// Returns how many values no reader took, because the readers leave after so many calls.
fn play<const N: usize>(
    watchdog: &Watchdog,
    [writers, readers, each]: [u64; 3],
    calls: u64,
) -> usize {
    let (writer, reader) = channel([0; N]);
    let late = (readers == 0).then(|| reader.clone());
    let (counts, mut taken) = thread::scope(|scope| {
        let write = |(at, writer)| {
            scope.spawn(move || {
                let _running = watchdog.running(format!("writer {at} of {writers}"));
                write_all(writer, (0..each).map(|value| value * writers + at))
            })
        };
        let read = |(at, reader)| {
            scope.spawn(move || {
                let _running = watchdog.running(format!("reader {at} of {readers}"));
                read_all(reader, calls, at % 2 == 1)
            })
        };
        let of = |count| usize::try_from(count).unwrap();
        let writers: Vec<_> = (1..).zip(repeat_n(writer, of(writers))).map(write).collect();
        let readers: Vec<_> = (0..).zip(repeat_n(reader, of(readers))).map(read).collect();
        let counts: Vec<_> = writers.into_iter().map(|it| it.join().unwrap()).collect();
        (counts, readers.into_iter().map(|it| it.join().unwrap()).collect::<Vec<_>>())
    });
    taken.extend(late.map(|reader| read_all(reader, calls, false)));

    let [published, replaced] = [0, 1].map(|at| counts.iter().map(|it| it[at]).sum::<usize>());
    let mut all = taken.concat();
    let left = published - replaced - all.len();
    all.sort_unstable();
    assert!(all.is_sorted_by(|one, next| one < next), "taken twice: {all:?}");
    let of = |value: u64| (value - 1) % writers;
    for (values, at) in taken.iter().flat_map(|it| (0..writers).map(move |at| (it, at))) {
        let of_one = values.iter().filter(|value| of(**value) == at);
        assert!(of_one.is_sorted(), "of writer {at}: {values:?}");
    }
    if calls == u64::MAX {
        assert_eq!((published as u64, left), (writers * each, 0));
        // The last value of all is the last value of its writer.
        let is_last =
            |values: &Vec<u64>| values.last().is_some_and(|it| *it > writers * (each - 1));
        assert!(taken.iter().any(is_last), "the last: {taken:?}");
    }
    assert!(left <= 1, "{left} values are in the slot");
    left + usize::try_from(writers * each).unwrap() - published
}

#[test]
fn each_value_is_whole_and_taken_once_in_order_and_the_newest_is_not_lost() {
    watched(|watchdog| {
        for (writers, readers) in [(1, 1), (1, 3), (3, 0), (4, 1), (2, 2), (3, 3), (6, 2), (2, 6)] {
            play::<1>(watchdog, [writers, readers, 2_000], u64::MAX);
            play::<128>(watchdog, [writers, readers, 2_000], u64::MAX);
        }
        for round in 0..200 {
            play::<3>(watchdog, [1 + round % 4, 3 - round % 4, 1 + round % 6 * 7], u64::MAX);
        }
    });
}

#[test]
fn readers_may_leave_while_threads_write() {
    watched(|watchdog| {
        let calls = (0..300).map(|play| play % 30);
        let left = calls.map(|calls| play::<16>(watchdog, [2, 2, 100], calls)).sum::<usize>();
        assert!(left > 0, "no reader left before all was written");
    });
}

/// Takes from a channel and two buffers until the end of each.
fn take_all(
    mut receiver: Receiver<u64>,
    mut large: Reader<Words<64>>,
    mut small: Reader<u64>,
) -> [Vec<u64>; 3] {
    let mut taken = [vec![], vec![], vec![]];
    let mut open = vec![0, 1, 2];
    while !open.is_empty() {
        // Not always the same first.
        open.rotate_left(1);
        let all: [&mut dyn Waitable; 3] = [&mut receiver, &mut large, &mut small];
        let mut all = all.map(Some);
        let mut waited: Vec<_> = open.iter().map(|at| all[*at].take().unwrap()).collect();
        let at: usize = open[wait_any(&mut waited)];
        let came = match at {
            0 => receiver.recv_timeout(Duration::ZERO),
            1 => look(&mut large).map(|()| number(&large)),
            _ => look(&mut small).map(|()| *small),
        };
        match came {
            Ok(value) => taken[at].push(value),
            Err(Timeout) => {}
            Err(Disconnected) => open.retain(|it| *it != at),
        }
    }
    taken
}

/// Two threads compete, of which one parks at once.
#[test]
fn a_wait_for_receivers_and_readers_takes_every_value_of_each() {
    const VALUES: u64 = 5_000;
    watched(|watchdog| {
        let (mut sender, mut receiver) = overwrite_channel::channel();
        let ((mut large, large_reader), (mut small, small_reader)) = (channel([0; 64]), channel(0));
        let sends: [Box<dyn FnMut(u64) -> bool + Send>; 3] = [
            Box::new(move |value| sender.send(value).unwrap().is_some()),
            Box::new(move |value| large.write([value; 64]).unwrap()),
            Box::new(move |value| small.write(value).unwrap()),
        ];
        let (replaced, taken) = thread::scope(|scope| {
            let sends = sends.map(|mut send| {
                scope.spawn(move || {
                    let _running = watchdog.running("sender");
                    let send = |value: &u64| {
                        if value % 16 == 0 {
                            thread::yield_now();
                        }
                        send(*value)
                    };
                    (0..VALUES).filter(send).count()
                })
            });
            let spins = (receiver.clone(), large_reader.clone(), small_reader.clone());
            receiver.set_spin_limit(0);
            let takes = [spins, (receiver, large_reader, small_reader)].map(|(one, two, three)| {
                scope.spawn(move || {
                    let _running = watchdog.running("wait_any");
                    take_all(one, two, three)
                })
            });
            (sends.map(|it| it.join().unwrap()), takes.map(|it| it.join().unwrap()))
        });
        for (at, replaced) in replaced.into_iter().enumerate() {
            let of_each = taken.each_ref().map(|taken| &taken[at]);
            assert!(of_each.iter().all(|values| values.is_sorted()));
            let mut all = of_each.map(Clone::clone).concat();
            all.sort_unstable();
            assert!(all.is_sorted_by(|one, next| one < next), "taken twice");
            assert_eq!(((all.len() + replaced) as u64, all.last()), (VALUES, Some(&(VALUES - 1))));
        }
    });
}
