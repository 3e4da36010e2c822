//! Histories that are known to be wrong, beside similar ones that are right: the search tells them apart.
//!
//! They are written as text, a line each, under what is wrong. The calls come one after the other, unless the moments of
//! their beginning and their end stand before them.

use crate::{
    channel::specification::{Operation as Slot, Place},
    history::{Call, Event, History, Left, Model},
    watch::specification::{Numbered, Operation as Watch},
    world::{RecvError, TryRecvError},
};
use std::str::FromStr;

fn number<N: FromStr>(word: &str) -> N {
    word.parse().unwrap_or_else(|_| panic!("{word:?} is no number"))
}

/// How a call is read.
type Read<M> = fn(&[&str]) -> <M as Model>::Operation;

/// Reads the calls of thread 7, or of thread 8 if they begin with `other`.
fn history<M: Model>(read: Read<M>, text: &str) -> History<M> {
    let begin = Event::Begin(Left { senders: 2, receivers: 2 });
    let mut calls = vec![Call { thread: 0, from: 0, to: 1, event: begin }];
    for (call, at) in text.split(", ").zip(1..) {
        let words: Vec<_> = call.split(' ').collect();
        let (from, to, words) = match words[0].split_once('-') {
            Some((from, to)) => (number(from), number(to), &words[1..]),
            None => (2 * at, 2 * at + 1, &words[..]),
        };
        let (thread, event) = match words {
            ["drop", "sender"] => (7, Event::DropSender),
            ["drop", "receiver"] => (7, Event::DropReceiver),
            ["other", words @ ..] => (8, Event::Call(read(words))),
            words => (7, Event::Call(read(words))),
        };
        calls.push(Call { thread, from, to, event });
    }
    History::new(calls)
}

fn check<M: Model>(read: Read<M>, cases: &str) {
    let mut what = "";
    for line in cases.trim().lines() {
        let (is_right, text) = match line.trim_start().split_once(": ") {
            Some(("right", text)) => (true, text),
            Some(("wrong", text)) => (false, text),
            _ => {
                what = line;
                continue;
            }
        };
        let history = history::<M>(read, text);
        assert_eq!(history.is_linearizable(), is_right, "{what}\n{line}\n{history}");
    }
}

fn slot(words: &[&str]) -> Slot {
    let sent = |rest: &[&str]| match *rest {
        [] => Ok(None),
        ["displaces", value] => Ok(Some(number(value))),
        ["back", value] => Err(number(value)),
        _ => panic!("{rest:?}"),
    };
    let has_found = |rest: &[&str]| match *rest {
        [] => Ok(false),
        ["finds", "one"] => Ok(true),
        ["back", value] => Err(number(value)),
        _ => panic!("{rest:?}"),
    };
    let how = "try_recv";
    match *words {
        ["send", value, ref rest @ ..] => Slot::Send { value: number(value), sent: sent(rest) },
        ["newest", value, ref rest @ ..] => {
            Slot::SendNewest { value: number(value), sent: sent(rest) }
        }
        ["merge", value, ref rest @ ..] => {
            Slot::SendMerged { value: number(value), sent: has_found(rest) }
        }
        ["publish", value, ref rest @ ..] => {
            Slot::Publish { value: number(value), published: has_found(rest) }
        }
        ["take", "nothing"] => Slot::Take { how: "update", taken: None },
        ["take", value] => Slot::Take { how: "update", taken: Some(number(value)) },
        ["receive", "nothing"] => Slot::Receive { how, received: Err(TryRecvError::Empty) },
        ["receive", "end"] => Slot::Receive { how, received: Err(TryRecvError::Disconnected) },
        ["receive", value] => Slot::Receive { how, received: Ok(number(value)) },
        ["empty", said] => Slot::IsEmpty(said == "yes"),
        ["senders", "gone"] => Slot::SendersGone(true),
        ["left", ref values @ ..] => Slot::End(values.iter().copied().map(number).collect()),
        _ => panic!("{words:?}"),
    }
}

const OF_SLOT: &str = "
a value that is lost
    right: send 1, send 2 displaces 1, receive 2
    wrong: send 1, send 2, receive 2
    wrong: send 1, receive nothing
a value that is lost at the end
    right: send 1, drop sender, drop sender, drop receiver, drop receiver, left 1
    wrong: send 1, drop sender, drop sender, drop receiver, drop receiver, left
    wrong: send 1, drop sender, drop sender, drop receiver, drop receiver, left 1 1
a value that is doubled
    right: send 1, receive 1, receive nothing
    wrong: send 1, receive 1, receive 1
    wrong: 2-5 send 1, 3-6 receive 1, 4-7 receive 1
    wrong: send 1, receive 1, send 2 displaces 1
a value that is displaced twice
    right: 2-3 send 1, 4-6 send 2 displaces 1, 5-7 send 3 displaces 2
    wrong: 2-3 send 1, 4-6 send 2 displaces 1, 5-7 send 3 displaces 1
a stale value after a newer one of the same sender
    right: 2-6 send 1, 7-10 send 2, 3-8 receive 1, 9-11 receive 2
    wrong: 2-6 send 1, 7-10 send 2, 3-8 receive 2, 9-11 receive 1
the end before the last value
    right: send 1, drop sender, drop sender, receive 1, receive end
    wrong: send 1, drop sender, drop sender, receive end, receive 1
    wrong: send 1, drop sender, drop sender, receive nothing, receive 1
    wrong: send 1, drop sender, drop sender, receive 1, receive nothing
the end while there is a sender, unless the last one goes meanwhile
    right: 2-3 drop sender, 4-6 drop sender, 5-7 receive end
    right: drop sender, drop sender, senders gone
    wrong: drop sender, receive end
    wrong: drop sender, senders gone
nothing there while values are overwritten
    right: 1-2 send 1, 3-6 send 2 displaces 1, 4-5 empty no
    wrong: 1-2 send 1, 3-6 send 2 displaces 1, 4-5 empty yes
    wrong: 1-2 send 1, 3-6 send 2 displaces 1, 4-5 receive nothing
a send that fails
    right: drop receiver, drop receiver, send 1 back 1
    wrong: send 1 back 1
    wrong: drop receiver, drop receiver, send 1 back 2
a send_newest that puts the newer value back: between its exchanges, a receiver has the older value
    right: send 2, newest 1 displaces 1, receive 2
    right: 1-2 send 2, 3-8 newest 1, 4-5 receive 1, 6-7 receive nothing
    right: 1-2 send 2, 3-8 newest 1, 4-5 receive 1, 6-7 receive 2
    wrong: send 2, newest 1 displaces 2, receive 1
    wrong: send 2, newest 1, receive 2
    wrong: send 1, newest 2 displaces 2, receive 1
    wrong: 1-2 send 2, 3-8 newest 1, 4-5 receive 1, 6-7 receive 1
a send_newest that puts several back: 1 displaces 2, meanwhile 3 displaces 1, and so 2 displaces 3
    right: 1-2 send 2, 3-6 newest 1 displaces 2, 4-5 send 3 displaces 1, 7-8 receive 3
    wrong: 1-2 send 2, 3-6 newest 1 displaces 3, 4-5 send 3 displaces 1, 7-8 receive 3
a send_merged that merges what is not there, or not what is: 1 and 2 make 103
    right: merge 1, receive 1
    right: send 1, merge 2 finds one, receive 103, receive nothing
    wrong: send 1, merge 2, receive 2
    wrong: send 1, merge 2 finds one, receive 2
    wrong: merge 2 finds one, receive 2
    wrong: send 1, receive 1, merge 2 finds one
a send_merged that another call comes between: a receiver finds nothing, or another value, which 5 and 103 make 608 of
    right: 1-2 send 1, 3-8 merge 2 finds one, 4-5 receive nothing, 9-10 receive 103
    right: 1-2 send 1, 3-8 merge 2 finds one, 4-5 other send 5, 9-10 receive 608
    right: 1-2 send 1, 3-8 merge 2 finds one, 4-5 other send 5, 6-7 other receive 5, 9-10 receive 103
    right: 1-2 send 1, 3-8 merge 2 finds one, 4-5 other send 5 displaces 103, 9-10 receive 5
    wrong: 1-2 send 1, 3-8 merge 2 finds one, 4-5 other send 5, 9-10 receive 103
    wrong: 1-2 send 1, 3-8 merge 2 finds one, 4-5 receive 1, 9-10 receive 103
    wrong: 1-2 send 1, 3-4 merge 2 finds one, 5-6 receive nothing
a send_merged that fails
    right: drop receiver, drop receiver, merge 1 back 1
    wrong: merge 1 back 1
    wrong: drop receiver, drop receiver, merge 1
a value that is withdrawn, and is still there, or was not
    right: send 1, take 1, take nothing, receive nothing
    wrong: send 1, take 1, receive 1
    wrong: send 1, take nothing
    wrong: send 1, receive 1, take 1
a published value that is lost, or taken twice
    right: publish 1, publish 2 finds one, take 2, take nothing
    right: publish 1, drop sender, drop sender, receive 1, receive end, take nothing
    wrong: publish 1, publish 2, take 2
    wrong: publish 1, publish 2 finds one, take 1
    wrong: publish 1, take nothing
    wrong: publish 1, take 1, take 1
    wrong: publish 1, take 1, publish 2 finds one
    wrong: publish 1, drop sender, drop sender, receive end
a publish that fails
    right: drop receiver, drop receiver, publish 1 back 1
    wrong: publish 1 back 1
    wrong: drop receiver, drop receiver, publish 1
";

fn watch(words: &[&str]) -> Watch {
    let how = "changed";
    match *words {
        ["send", value] => Watch::Send { value: number(value), is_stored: true },
        ["send", value, "refused"] => Watch::Send { value: number(value), is_stored: false },
        ["replace", old, "by", value] => {
            Watch::SendReplace { value: number(value), old: number(old) }
        }
        ["add", more] => Watch::Add(number(more)),
        ["sender", "borrow", value] => Watch::SenderBorrow(number(value)),
        ["borrow", value, newness] => {
            Watch::Borrow { value: number(value), has_changed: newness == "new" }
        }
        ["update", value, "new", "skipped", skipped] => {
            let (value, skipped) = (number(value), number(skipped));
            Watch::BorrowAndUpdate { value, has_changed: true, skipped }
        }
        ["has_changed", "closed"] => Watch::HasChanged(None),
        ["has_changed", said] => Watch::HasChanged(Some(said == "yes")),
        ["changed", "no"] => Watch::Changed { how, changed: None },
        ["changed", "closed"] => Watch::Changed { how, changed: Some(Err(RecvError)) },
        ["changed", "skipped", skipped] => {
            Watch::Changed { how, changed: Some(Ok(number(skipped))) }
        }
        _ => panic!("{words:?}"),
    }
}

const OF_WATCH: &str = "
an older value after a newer one
    right: 1-6 send 1, 2-7 send 2, 3-4 borrow 1 new, 8-9 borrow 2 new
    right: 1-6 send 1, 2-7 send 2, 3-4 borrow 1 new, 8-9 borrow 1 new
    wrong: 1-6 send 1, 2-3 borrow 1 new, 4-5 borrow 0 old
    wrong: send 1, send 2, sender borrow 1
a change that is not reported, or twice
    right: send 1, changed skipped 0, changed no
    wrong: send 1, changed no
    wrong: send 1, changed skipped 0, changed skipped 0
    wrong: send 1, has_changed no
    wrong: send 1, update 1 new skipped 0, has_changed yes
a wrong number of changes that were skipped
    right: send 1, send 2, update 2 new skipped 1
    wrong: send 1, send 2, update 2 new skipped 0
    wrong: send 1, send 2, update 2 new skipped 2
a change that is new to one receiver later than to the other
    right: 1-2 send 1, 3-9 send 2, 4-5 other borrow 1 new, 7-8 changed skipped 0
    right: 1-2 send 1, 3-9 send 2, 4-5 other borrow 2 new, 7-8 changed skipped 1
    wrong: 1-2 send 1, 3-9 send 2, 4-5 other borrow 2 new, 7-8 changed skipped 0
    right: 1-6 send 1, 2-3 other borrow 0 old, 4-5 has_changed no
    wrong: 1-6 send 1, 2-3 other borrow 1 new, 4-5 has_changed no
    wrong: 1-6 send 1, 2-3 other borrow 1 new, 4-5 changed no
the end of the senders before the last change
    right: send 1, drop sender, drop sender, changed skipped 0, changed closed
    right: send 1, drop sender, drop sender, has_changed closed, update 1 new skipped 0
    wrong: send 1, drop sender, drop sender, changed closed, changed skipped 0
    wrong: send 1, drop sender, drop sender, changed skipped 0, changed no
    wrong: send 1, drop sender, drop sender, has_changed yes, update 1 new skipped 0
changes of two senders of which one is lost
    right: 1-4 add 10, 2-3 add 5, 5-6 sender borrow 15
    right: replace 0 by 1, replace 1 by 2
    wrong: 1-4 add 10, 2-3 add 5, 5-6 sender borrow 10
    wrong: replace 0 by 1, replace 0 by 2
a send without a receiver that stores
    right: drop receiver, drop receiver, send 1 refused, sender borrow 0
    wrong: drop receiver, drop receiver, send 1 refused, sender borrow 1
    wrong: drop receiver, drop receiver, send 1
    wrong: send 1 refused
";

#[test]
fn wrong_histories_of_the_channel() {
    check::<Place>(slot, OF_SLOT);
}

#[test]
fn wrong_histories_of_watch() {
    check::<Numbered>(watch, OF_WATCH);
}

#[test]
fn a_failing_history_can_be_read() {
    assert_eq!(
        history::<Place>(slot, "2-5 send 1, 3-4 other receive 2").to_string(),
        r#"  thread 0  ||      Begin(Left { senders: 2, receivers: 2 })
  thread 7    |--|  Send { value: 1, sent: Ok(None) }
  thread 8     ||   Receive { how: "try_recv", received: Ok(2) }
"#
    );
}
