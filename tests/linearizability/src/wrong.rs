//! Histories that are known to be wrong, and their like that are right: the search tells them apart.

use crate::{
    channel::specification::{
        Operation::{
            self as Slot, DropReceiver, DropSender, IsEmpty, Receive, Send, SendNewest, SendersGone,
        },
        Received,
        Sent::{Back, Displaced},
    },
    history::{Call, History, Operation},
    watch::specification::{
        Changed,
        Operation::{self as Watch, Borrow, BorrowAndUpdate, HasChanged, SenderBorrow},
    },
};

/// A call, from when to when.
type Timed<O> = (usize, usize, O);

fn is_linearizable<O: Operation>(first: O, calls: Vec<Timed<O>>) -> bool {
    let calls = [(0, 1, first)].into_iter().chain(calls);
    let call = |(from, to, operation)| Call { thread: from, from, to, operation };
    History::new(calls.map(call).collect()).is_linearizable()
}

/// With two senders and two receivers.
fn slot(calls: Vec<Timed<Slot>>) -> bool {
    is_linearizable(Slot::Begin { senders: 2, receivers: 2 }, calls)
}

/// One call after the other.
fn one_by_one<O>(calls: impl IntoIterator<Item = O>) -> Vec<Timed<O>> {
    calls.into_iter().zip(1..).map(|(call, at)| (2 * at, 2 * at + 1, call)).collect()
}

fn send(value: u32, displaced: Option<u32>) -> Slot {
    Send { value, sent: Displaced(displaced) }
}

fn send_newest(value: u32, displaced: Option<u32>) -> Slot {
    SendNewest { value, sent: Displaced(displaced) }
}

fn received(value: u32) -> Slot {
    Receive { how: "try_recv", received: Received::Value(value) }
}

const NOTHING: Slot = Receive { how: "try_recv", received: Received::Nothing };
const DISCONNECTED: Slot = Receive { how: "try_recv", received: Received::Disconnected };

#[test]
fn a_value_that_is_lost() {
    assert!(slot(one_by_one([send(1, None), send(2, Some(1)), received(2)])));
    assert!(!slot(one_by_one([send(1, None), send(2, None), received(2)])));
    assert!(!slot(one_by_one([send(1, None), NOTHING])));
}

#[test]
fn a_value_that_is_lost_at_the_end() {
    let gone = [DropSender, DropSender, DropReceiver, DropReceiver];
    let with = |left: &[u32]| {
        let calls = [send(1, None)].into_iter().chain(gone.clone());
        slot(one_by_one(calls.chain([Slot::End { left: left.to_vec() }])))
    };
    assert!(with(&[1]));
    assert!(!with(&[]));
    assert!(!with(&[1, 1]));
}

#[test]
fn a_value_that_is_doubled() {
    assert!(slot(one_by_one([send(1, None), received(1), NOTHING])));
    assert!(!slot(one_by_one([send(1, None), received(1), received(1)])));
    // Both at once.
    assert!(!slot(vec![(2, 5, send(1, None)), (3, 6, received(1)), (4, 7, received(1))]));
    assert!(!slot(one_by_one([send(1, None), received(1), send(2, Some(1))])));
}

#[test]
fn a_value_that_is_displaced_twice() {
    let twice = |second| {
        slot(vec![(2, 3, send(1, None)), (4, 6, send(2, Some(1))), (5, 7, send(3, Some(second)))])
    };
    assert!(twice(2));
    assert!(!twice(1));
}

#[test]
fn a_stale_value_after_a_newer_one_of_the_same_sender() {
    let takes = |first, second| {
        slot(vec![
            (2, 6, send(1, None)),
            (7, 10, send(2, None)),
            (3, 8, received(first)),
            (9, 11, received(second)),
        ])
    };
    assert!(takes(1, 2));
    assert!(!takes(2, 1));
}

#[test]
fn the_end_before_the_last_value() {
    let gone = [send(1, None), DropSender, DropSender];
    let then = |calls: [Slot; 2]| slot(one_by_one(gone.clone().into_iter().chain(calls)));
    assert!(then([received(1), DISCONNECTED]));
    assert!(!then([DISCONNECTED, received(1)]));
    assert!(!then([NOTHING, received(1)]));
    assert!(!then([received(1), NOTHING]));
}

#[test]
fn the_end_while_there_is_a_sender() {
    assert!(!slot(one_by_one([DropSender, DISCONNECTED])));
    // The last sender goes meanwhile.
    assert!(slot(vec![(2, 3, DropSender), (4, 6, DropSender), (5, 7, DISCONNECTED)]));
    assert!(!slot(one_by_one([DropSender, SendersGone(true)])));
    assert!(slot(one_by_one([DropSender, DropSender, SendersGone(true)])));
}

#[test]
fn nothing_there_while_values_are_overwritten() {
    let looks = |operation| {
        let overwritten = (3, 6, send(2, Some(1)));
        slot(vec![(1, 2, send(1, None)), overwritten, (4, 5, operation)])
    };
    assert!(looks(IsEmpty(false)));
    assert!(!looks(IsEmpty(true)));
    assert!(!looks(NOTHING));
    let timeout = Receive { how: "recv_timeout", received: Received::Nothing };
    assert!(!looks(timeout));
}

#[test]
fn a_send_that_fails() {
    let gone = [DropReceiver, DropReceiver];
    let back = Send { value: 1, sent: Back(1) };
    assert!(slot(one_by_one(gone.clone().into_iter().chain([back.clone()]))));
    assert!(!slot(one_by_one([back])));
    let another = Send { value: 1, sent: Back(2) };
    assert!(!slot(one_by_one(gone.into_iter().chain([another]))));
}

#[test]
fn a_send_newest_that_puts_the_newer_value_back() {
    assert!(slot(one_by_one([send(2, None), send_newest(1, Some(1)), received(2)])));
    assert!(!slot(one_by_one([send(2, None), send_newest(1, Some(2)), received(1)])));
    assert!(!slot(one_by_one([send(2, None), send_newest(1, None), received(2)])));
    assert!(!slot(one_by_one([send(1, None), send_newest(2, Some(2)), received(1)])));
    // A receiver that looks between the two exchanges has the older value, and then the newer one.
    let between = |last| {
        slot(vec![
            (1, 2, send(2, None)),
            (3, 8, send_newest(1, None)),
            (4, 5, received(1)),
            (6, 7, last),
        ])
    };
    assert!(between(NOTHING));
    assert!(between(received(2)));
    assert!(!between(received(1)));
}

#[test]
fn a_send_newest_that_puts_several_back() {
    // 1 displaces 2; meanwhile 3 displaces 1, and so 2 displaces 3, which goes back.
    let ends = |handed_back| {
        slot(vec![
            (1, 2, send(2, None)),
            (3, 6, send_newest(1, Some(handed_back))),
            (4, 5, send(3, Some(1))),
            (7, 8, received(3)),
        ])
    };
    assert!(ends(2));
    assert!(!ends(3));
}

/// With two senders, and receivers 7 and 8.
fn watch(calls: Vec<Timed<Watch>>) -> bool {
    is_linearizable(Watch::Begin { senders: 2, receivers: vec![7, 8] }, calls)
}

fn stored(value: u32) -> Watch {
    Watch::Send { value, stored: true }
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
fn an_older_value_after_a_newer_one() {
    let looks = |first, second| {
        watch(vec![
            (1, 6, stored(1)),
            (2, 7, stored(2)),
            (3, 4, borrow(first, true)),
            (8, 9, borrow(second, true)),
        ])
    };
    assert!(looks(1, 2));
    assert!(looks(1, 1));
    assert!(!watch(vec![(1, 6, stored(1)), (2, 3, borrow(1, true)), (4, 5, borrow(0, false)),]));
    assert!(!watch(one_by_one([stored(1), stored(2), SenderBorrow(1)])));
}

#[test]
fn a_change_that_is_not_reported_or_twice() {
    let yes = changed(Changed::Yes { skipped: 0 });
    assert!(watch(one_by_one([stored(1), yes.clone(), changed(Changed::No)])));
    assert!(!watch(one_by_one([stored(1), changed(Changed::No)])));
    assert!(!watch(one_by_one([stored(1), yes.clone(), yes])));
    assert!(!watch(one_by_one([stored(1), has_changed(Some(false))])));
    assert!(!watch(one_by_one([stored(1), update(1, true, 0), has_changed(Some(true))])));
}

#[test]
fn a_wrong_number_of_changes_that_were_skipped() {
    let skips = |skipped| watch(one_by_one([stored(1), stored(2), update(2, true, skipped)]));
    assert!(skips(1));
    assert!(!skips(0));
    assert!(!skips(2));
}

#[test]
fn a_change_that_is_told_of_later_than_it_took_effect() {
    // The other receiver has seen the second value, whose sender is not through yet.
    let other = Borrow { receiver: 8, value: 2, has_changed: true };
    let skips = |skipped, second_ends| {
        watch(vec![
            (1, 2, stored(1)),
            (3, second_ends, stored(2)),
            (4, 5, other.clone()),
            (7, 8, changed(Changed::Yes { skipped })),
        ])
    };
    assert!(skips(0, 9));
    assert!(skips(1, 9));
    assert!(!skips(0, 6));
}

#[test]
fn the_end_of_the_senders_before_the_last_change() {
    let gone = [stored(1), Watch::DropSender, Watch::DropSender];
    let then = |calls: [Watch; 2]| watch(one_by_one(gone.clone().into_iter().chain(calls)));
    let yes = changed(Changed::Yes { skipped: 0 });
    assert!(then([yes.clone(), changed(Changed::Closed)]));
    assert!(!then([changed(Changed::Closed), yes.clone()]));
    assert!(!then([yes, changed(Changed::No)]));
    assert!(then([has_changed(None), update(1, true, 0)]));
    assert!(!then([has_changed(Some(true)), update(1, true, 0)]));
}

#[test]
fn changes_of_two_senders_of_which_one_is_lost() {
    let both = |sum| {
        let adds = [(1, 4, Watch::Add(10)), (2, 3, Watch::Add(5)), (5, 6, SenderBorrow(sum))];
        watch(adds.to_vec())
    };
    assert!(both(15));
    assert!(!both(10));
    let replaced = |value, old| Watch::SendReplace { value, old };
    assert!(watch(one_by_one([replaced(1, 0), replaced(2, 1)])));
    assert!(!watch(one_by_one([replaced(1, 0), replaced(2, 0)])));
}

#[test]
fn a_send_to_nobody_that_stores() {
    let nobody = Watch::Send { value: 1, stored: false };
    let gone = [Watch::DropReceiver, Watch::DropReceiver];
    let sent = |send| gone.clone().into_iter().chain([send]);
    assert!(watch(one_by_one(sent(nobody.clone()).chain([SenderBorrow(0)]))));
    assert!(!watch(one_by_one(sent(nobody.clone()).chain([SenderBorrow(1)]))));
    assert!(!watch(one_by_one(sent(stored(1)))));
    assert!(!watch(one_by_one([nobody])));
}

#[test]
fn a_failing_history_can_be_read() {
    let calls = vec![
        Call { thread: 9, from: 0, to: 1, operation: Slot::Begin { senders: 1, receivers: 1 } },
        Call { thread: 0, from: 2, to: 5, operation: send(1, None) },
        Call { thread: 1, from: 3, to: 4, operation: received(2) },
    ];
    assert_eq!(
        History::new(calls).to_string(),
        "  thread 9  ||      the channel is made: 1 senders, 1 receivers
  thread 0    |--|  send(1) -> nothing displaced
  thread 1     ||   try_recv -> 2
"
    );
}
