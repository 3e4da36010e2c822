//! Room for handles: of one channel at a time, of each kind of handle, and for threads that race for it.

use super::{MOST, NO_ROOM, full_of_receivers, full_of_senders};
use overwrite_channel::{Receiver, Sender, SharedSender, StaticChannel, TryRecvError};
use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};
use support::{
    assert_is,
    ledger::{Fate, Ledger, Tracked},
    panics::message,
};

/// Makes one handle more, if there is room for it.
type Make = fn(&Sender<u32>, &SharedSender<u32>, &Receiver<u32>) -> Option<Box<dyn Send>>;
const MAKES: [(&str, Make); 4] = [
    ("sender", |tx, _, _| Some(Box::new(tx.try_clone()?))),
    ("sender that is shared", |tx, _, _| Some(Box::new(tx.try_clone()?.into_shared()))),
    ("shared sender", |_, shared, _| Some(Box::new(shared.try_clone()?))),
    ("receiver", |_, _, rx| Some(Box::new(rx.try_clone()?))),
];

#[test]
fn a_channel_is_split_again_when_its_handles_are_gone_in_any_order() {
    static CHANNEL: StaticChannel<u32, 3> = StaticChannel::new();
    type Third = fn(&Sender<u32>, &Receiver<u32>) -> Box<dyn Send>;
    let thirds: [Third; 3] = [
        |tx, _| Box::new(tx.clone()),
        |tx, _| Box::new(tx.clone().into_shared()),
        |_, rx| Box::new(rx.clone()),
    ];
    let orders = || (0..3).flat_map(|first| (0..2).map(move |second| [first, second, 0]));
    for (third, order) in thirds.iter().flat_map(|third| orders().map(move |order| (third, order)))
    {
        let (tx, rx) = CHANNEL.split().unwrap();
        let mut handles = vec![third(&tx, &rx), Box::new(tx), Box::new(rx)];
        for next in order {
            assert!(CHANNEL.split().is_none(), "{} handles are left", handles.len());
            drop(handles.remove(next));
        }
        let (mut tx, mut rx) = CHANNEL.split().expect("no handle is left");
        assert_eq!((tx.sender_count(), tx.receiver_count()), (1, 1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(tx.send(1), Ok(None));
        assert_eq!(rx.try_recv(), Ok(1));
        // The next channel in this memory does not have it.
        assert_eq!(tx.send(2), Ok(None));
    }
}

#[test]
fn a_dropped_handle_leaves_its_room_to_a_handle_of_any_kind() {
    static CHANNEL: StaticChannel<u32, 4> = StaticChannel::new();
    let drops: [fn(Box<dyn Send>); 2] =
        [drop, |handle| thread::spawn(move || drop(handle)).join().unwrap()];
    let (mut tx, mut rx) = CHANNEL.split().unwrap();
    let shared = tx.clone().into_shared();
    for (name, make) in MAKES {
        for drop in drops {
            let fourth = make(&tx, &shared, &rx).expect(name);
            let is_sender = usize::from(name != "receiver");
            for (none, make) in MAKES {
                assert!(make(&tx, &shared, &rx).is_none(), "{none} after a {name}");
            }
            let clones: [&dyn Fn() -> Box<dyn Send>; 3] =
                [&|| Box::new(tx.clone()), &|| Box::new(shared.clone()), &|| Box::new(rx.clone())];
            for clone in clones {
                assert_eq!(message(clone), NO_ROOM);
            }
            let counts = (2 + is_sender, 2 - is_sender);
            assert_eq!((tx.sender_count(), tx.receiver_count()), counts);
            assert_eq!((rx.sender_count(), rx.receiver_count()), counts);
            drop(fourth);
            assert_eq!((shared.sender_count(), shared.receiver_count()), (2, 1));
            // The channel is whole.
            assert_eq!(tx.send(1), Ok(None));
            assert_eq!(shared.send(2), Ok(Some(1)));
            assert_eq!(rx.try_recv(), Ok(2));
        }
    }
}

#[test]
fn there_is_room_for_thirty_handles_of_either_side() {
    static CHANNEL: StaticChannel<usize, MOST> = StaticChannel::new();
    let (mut tx, mut rxs) = full_of_receivers(&CHANNEL);
    for (value, rx) in rxs.iter_mut().enumerate() {
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(rx.try_recv(), Ok(value));
    }
    // The sender leaves its room to a receiver.
    drop(tx);
    let last = rxs[0].try_clone().unwrap();
    assert_eq!((last.sender_count(), last.receiver_count()), (0, MOST));
    assert!(last.try_clone().is_none());
    drop((last, rxs));

    let (mut txs, mut rx) = full_of_senders(&CHANNEL);
    for (value, tx) in txs.iter_mut().enumerate() {
        assert_eq!(tx.send(value), Ok(value.checked_sub(1)));
    }
    assert_eq!(rx.try_recv(), Ok(MOST - 2));
    drop(rx);
    assert!(txs.iter_mut().all(|tx| tx.send(0).is_err()));
}

/// In each round there is room for one more, and the winner of the round before has given it back.
#[test]
fn of_threads_that_race_for_the_last_room_one_wins() {
    const RACERS: usize = 3;
    const ROUNDS: usize = if cfg!(miri) { 12 } else { 600 };
    static CHANNEL: StaticChannel<u32, 4> = StaticChannel::new();
    let (tx, rx) = &CHANNEL.split().unwrap();
    let shared = &tx.clone().into_shared();
    let start = &Barrier::new(RACERS);
    let wins = &[const { AtomicUsize::new(0) }; ROUNDS];
    thread::scope(|scope| {
        for racer in 0..RACERS {
            scope.spawn(move || {
                for (round, wins) in wins.iter().enumerate() {
                    let (_, make) = MAKES[(racer + round) % MAKES.len()];
                    start.wait();
                    let handle = make(tx, shared, rx);
                    wins.fetch_add(handle.is_some().into(), Relaxed);
                    // No racer leaves before each has asked.
                    start.wait();
                }
            });
        }
    });
    assert!(wins.iter().all(|wins| wins.load(Relaxed) == 1), "{wins:?}");
    assert_eq!((rx.sender_count(), rx.receiver_count()), (2, 1));
}

/// The last two handles go at the same time, while threads wait to split the channel again.
#[test]
fn of_threads_that_race_to_split_one_wins_when_the_last_handle_goes() {
    const SPLITS: usize = if cfg!(miri) { 30 } else { 3_000 };
    const RACERS: usize = 2;
    static CHANNEL: StaticChannel<Tracked, 2> = StaticChannel::new();
    let ledger = &Ledger::new(2 * (SPLITS + RACERS));
    let splits = &AtomicUsize::new(0);
    let (hands_over, handed_over) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..RACERS {
            let hands_over = hands_over.clone();
            scope.spawn(move || {
                while splits.load(Relaxed) < SPLITS {
                    let Some((mut tx, mut rx)) = CHANNEL.split() else {
                        thread::yield_now();
                        continue;
                    };
                    splits.fetch_add(1, Relaxed);
                    assert!(CHANNEL.split().is_none());
                    assert_eq!(tx.send(ledger.issue()), Ok(None));
                    rx.try_recv().unwrap().meets(Fate::Received);
                    assert_eq!(tx.send(ledger.issue()), Ok(None));
                    hands_over.send(rx).unwrap();
                }
            });
        }
        drop(hands_over);
        handed_over.into_iter().for_each(drop);
    });
    let splits = splits.load(Relaxed);
    let totals = ledger.totals();
    assert_eq!((totals.received, totals.dropped_with_channel), (splits, splits));
    assert!(CHANNEL.split().is_some());
}

#[test]
fn a_small_channel_is_half_a_kilobyte() {
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        assert!(size_of::<StaticChannel<u64, 4>>() <= 512);
    }
}

#[test]
fn a_channel_has_the_traits_of_a_static() {
    assert_is! {
        // Values move, and no reference to them is shared: `Send` is enough.
        StaticChannel<Cell<u8>, 2>: Send = true, Sync = true;
        StaticChannel<Rc<u8>, 2>: Send = false, Sync = false;
    }
    let channel = StaticChannel::<Rc<u8>, 2>::default();
    assert_eq!(format!("{channel:?}"), "StaticChannel { .. }");
}
