//! Histories that are known to be wrong, beside similar ones that are right: the search tells them apart.

use crate::{
    channel::specification::{
        Operation::{
            self as Slot, DropReceiver, DropSender, End, IsEmpty, Receive, Send, SendNewest,
            SendersGone,
        },
        Place,
    },
    history::{Call, History, Model},
    watch::specification::{
        Changed, Numbered,
        Operation::{self as Watch, Add, Borrow, BorrowAndUpdate, HasChanged, SenderBorrow},
    },
    world::{RecvError, TryRecvError},
};

/// The calls of a history, each with the moments of its beginning and its end.
type Calls<O> = Vec<(usize, usize, O)>;

/// Lets calls come one after the other.
fn one_by_one<O: Clone>(calls: &[O]) -> Calls<O> {
    calls.iter().zip(1..).map(|(call, at)| (2 * at, 2 * at + 1, call.clone())).collect()
}

/// Checks that the search tells the histories that are right from those that are wrong. All begin with `first`.
fn tells_apart<M: Model>(
    first: &M::Operation,
    what: &str,
    right: &[Calls<M::Operation>],
    wrong: &[Calls<M::Operation>],
) {
    let history = |calls: &Calls<M::Operation>| {
        let calls = [(0, 1, first.clone())].into_iter().chain(calls.iter().cloned());
        let call = |(from, to, operation)| Call { thread: from, from, to, operation };
        History::<M>::new(calls.map(call).collect())
    };
    for right in right.iter().map(history) {
        assert!(right.is_linearizable(), "{what}: this is right\n{right}");
    }
    for wrong in wrong.iter().map(history) {
        assert!(!wrong.is_linearizable(), "{what}: this is wrong\n{wrong}");
    }
}

fn send(value: u32, displaced: Option<u32>) -> Slot {
    Send { value, sent: Ok(displaced) }
}

fn send_newest(value: u32, displaced: Option<u32>) -> Slot {
    SendNewest { value, sent: Ok(displaced) }
}

fn received(value: u32) -> Slot {
    Receive { how: "try_recv", received: Ok(value) }
}

const NOTHING: Slot = Receive { how: "try_recv", received: Err(TryRecvError::Empty) };
const DISCONNECTED: Slot = Receive { how: "try_recv", received: Err(TryRecvError::Disconnected) };

#[test]
fn histories_of_the_channel() {
    let check = |what, right: &[Calls<Slot>], wrong: &[Calls<Slot>]| {
        tells_apart::<Place>(&Slot::Begin { senders: 2, receivers: 2 }, what, right, wrong);
    };
    let seq = one_by_one::<Slot>;

    check(
        "a value that is lost",
        &[seq(&[send(1, None), send(2, Some(1)), received(2)])],
        &[seq(&[send(1, None), send(2, None), received(2)]), seq(&[send(1, None), NOTHING])],
    );

    let ends = |left: &[u32]| {
        let gone = [DropSender, DropSender, DropReceiver, DropReceiver];
        seq(&[&[send(1, None)][..], &gone, &[End(left.to_vec())]].concat())
    };
    check("a value that is lost at the end", &[ends(&[1])], &[ends(&[]), ends(&[1, 1])]);

    check(
        "a value that is doubled",
        &[seq(&[send(1, None), received(1), NOTHING])],
        &[
            seq(&[send(1, None), received(1), received(1)]),
            vec![(2, 5, send(1, None)), (3, 6, received(1)), (4, 7, received(1))],
            seq(&[send(1, None), received(1), send(2, Some(1))]),
        ],
    );

    let twice = |by_second| {
        let second = send(3, Some(by_second));
        vec![(2, 3, send(1, None)), (4, 6, send(2, Some(1))), (5, 7, second)]
    };
    check("a value that is displaced twice", &[twice(2)], &[twice(1)]);

    let takes = |first, second| {
        let sends = [(2, 6, send(1, None)), (7, 10, send(2, None))];
        [sends, [(3, 8, received(first)), (9, 11, received(second))]].concat()
    };
    check("a value after a newer one of the same sender", &[takes(1, 2)], &[takes(2, 1)]);

    let gone = |then: [Slot; 2]| {
        seq(&[[send(1, None), DropSender].as_slice(), &[DropSender], &then].concat())
    };
    check(
        "the end before the last value",
        &[gone([received(1), DISCONNECTED])],
        &[
            gone([DISCONNECTED, received(1)]),
            gone([NOTHING, received(1)]),
            gone([received(1), NOTHING]),
        ],
    );

    check(
        "the end while there is a sender",
        &[
            // The last sender goes meanwhile.
            vec![(2, 3, DropSender), (4, 6, DropSender), (5, 7, DISCONNECTED)],
            seq(&[DropSender, DropSender, SendersGone(true)]),
        ],
        &[seq(&[DropSender, DISCONNECTED]), seq(&[DropSender, SendersGone(true)])],
    );

    let looks = |look| vec![(1, 2, send(1, None)), (3, 6, send(2, Some(1))), (4, 5, look)];
    let timeout = Receive { how: "recv_timeout", received: Err(TryRecvError::Empty) };
    check(
        "an empty channel while values are overwritten",
        &[looks(IsEmpty(false))],
        &[looks(IsEmpty(true)), looks(NOTHING), looks(timeout)],
    );

    let back = |back| Send { value: 1, sent: Err(back) };
    check(
        "a send that fails",
        &[seq(&[DropReceiver, DropReceiver, back(1)])],
        &[seq(&[back(1)]), seq(&[DropReceiver, DropReceiver, back(2)])],
    );

    // A receiver that looks between the two exchanges has the older value, and then the newer one.
    let between = |last| {
        let sends = [(1, 2, send(2, None)), (3, 8, send_newest(1, None))];
        [sends, [(4, 5, received(1)), (6, 7, last)]].concat()
    };
    check(
        "a send_newest that puts the newer value back",
        &[
            seq(&[send(2, None), send_newest(1, Some(1)), received(2)]),
            between(NOTHING),
            between(received(2)),
        ],
        &[
            seq(&[send(2, None), send_newest(1, Some(2)), received(1)]),
            seq(&[send(2, None), send_newest(1, None), received(2)]),
            seq(&[send(1, None), send_newest(2, Some(2)), received(1)]),
            between(received(1)),
        ],
    );

    // 1 displaces 2; meanwhile 3 displaces 1, and so 2 displaces 3, which goes back.
    let several = |handed_back| {
        let newest = (3, 6, send_newest(1, Some(handed_back)));
        vec![(1, 2, send(2, None)), newest, (4, 5, send(3, Some(1))), (7, 8, received(3))]
    };
    check("a send_newest that puts several back", &[several(2)], &[several(3)]);
}

fn stored(value: u32) -> Watch {
    Watch::Send { value, is_stored: true }
}

fn replaced(value: u32, old: u32) -> Watch {
    Watch::SendReplace { value, old }
}

fn borrow(value: u32, has_changed: bool) -> Watch {
    Borrow { receiver: 7, value, has_changed }
}

fn update(value: u32, has_changed: bool, skipped: u64) -> Watch {
    BorrowAndUpdate { receiver: 7, value, has_changed, skipped }
}

fn has_changed(said: Option<bool>) -> Watch {
    HasChanged { receiver: 7, said }
}

fn changed(changed: Changed) -> Watch {
    Watch::Changed { receiver: 7, how: "changed", changed }
}

#[test]
fn histories_of_watch() {
    let check = |what, right: &[Calls<Watch>], wrong: &[Calls<Watch>]| {
        let first = Watch::Begin { senders: 2, receivers: vec![7, 8] };
        tells_apart::<Numbered>(&first, what, right, wrong);
    };
    let seq = one_by_one::<Watch>;
    let yes = || changed(Some(Ok(0)));
    let closed = || changed(Some(Err(RecvError)));

    let looks = |first, second| {
        let sends = [(1, 6, stored(1)), (2, 7, stored(2))];
        [sends, [(3, 4, borrow(first, true)), (8, 9, borrow(second, true))]].concat()
    };
    check(
        "an older value after a newer one",
        &[looks(1, 2), looks(1, 1)],
        &[
            vec![(1, 6, stored(1)), (2, 3, borrow(1, true)), (4, 5, borrow(0, false))],
            seq(&[stored(1), stored(2), SenderBorrow(1)]),
        ],
    );

    check(
        "a change that is not reported, or twice",
        &[seq(&[stored(1), yes(), changed(None)])],
        &[
            seq(&[stored(1), changed(None)]),
            seq(&[stored(1), yes(), yes()]),
            seq(&[stored(1), has_changed(Some(false))]),
            seq(&[stored(1), update(1, true, 0), has_changed(Some(true))]),
        ],
    );

    let skips = |skipped| seq(&[stored(1), stored(2), update(2, true, skipped)]);
    check("a wrong number of skipped changes", &[skips(1)], &[skips(0), skips(2)]);

    // The other receiver has seen the second value, whose sender has not announced it yet.
    let later = |skipped, second_ends| {
        let other = Borrow { receiver: 8, value: 2, has_changed: true };
        let sends = [(1, 2, stored(1)), (3, second_ends, stored(2))];
        [sends, [(4, 5, other), (7, 8, changed(Some(Ok(skipped))))]].concat()
    };
    check(
        "a change that is announced later than it took effect",
        &[later(0, 9), later(1, 9)],
        &[later(0, 6)],
    );

    let gone = |then: [Watch; 2]| {
        seq(&[[stored(1), Watch::DropSender].as_slice(), &[Watch::DropSender], &then].concat())
    };
    check(
        "the end of the senders before the last change",
        &[gone([yes(), closed()]), gone([has_changed(None), update(1, true, 0)])],
        &[
            gone([closed(), yes()]),
            gone([yes(), changed(None)]),
            gone([has_changed(Some(true)), update(1, true, 0)]),
        ],
    );

    let both = |sum| vec![(1, 4, Add(10)), (2, 3, Add(5)), (5, 6, SenderBorrow(sum))];
    check(
        "changes of two senders of which one is lost",
        &[both(15), seq(&[replaced(1, 0), replaced(2, 1)])],
        &[both(10), seq(&[replaced(1, 0), replaced(2, 0)])],
    );

    let refused = || Watch::Send { value: 1, is_stored: false };
    let alone = |then: &[Watch]| seq(&[&[Watch::DropReceiver, Watch::DropReceiver], then].concat());
    check(
        "a send without a receiver that stores",
        &[alone(&[refused(), SenderBorrow(0)])],
        &[alone(&[refused(), SenderBorrow(1)]), alone(&[stored(1)]), seq(&[refused()])],
    );
}

#[test]
fn a_failing_history_can_be_read() {
    let calls = [
        (9, 0, 1, Slot::Begin { senders: 1, receivers: 1 }),
        (0, 2, 5, send(1, None)),
        (1, 3, 4, received(2)),
    ];
    let call = |(thread, from, to, operation)| Call { thread, from, to, operation };
    assert_eq!(
        History::<Place>::new(calls.map(call).into()).to_string(),
        r#"  thread 9  ||      Begin { senders: 1, receivers: 1 }
  thread 0    |--|  Send { value: 1, sent: Ok(None) }
  thread 1     ||   Receive { how: "try_recv", received: Ok(2) }
"#
    );
}
