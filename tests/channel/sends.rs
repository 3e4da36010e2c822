//! Every way to send, as rows of a table.

use overwrite_channel::{SendError, Sender, SharedSender};
use std::cmp::Reverse;

type Sent = Result<Option<u32>, SendError<u32>>;
/// A sender of either kind, and one of its calls.
pub(crate) type Send = Box<dyn FnMut(u32) -> Sent + std::marker::Send>;

/// A name, and how to make such a sender.
pub(crate) type Row = (&'static str, fn(Sender<u32>) -> Send);

pub(crate) const SENDS: [Row; 6] = [
    ("send", |tx| by_own(tx, Sender::send)),
    ("send_newest", |tx| by_own(tx, Sender::send_newest)),
    ("send_newest_by_key", |tx| {
        by_own(tx, |tx, value| tx.send_newest_by_key(value, |it| Reverse(*it)))
    }),
    ("SharedSender::send", |tx| by_shared(tx, SharedSender::send)),
    ("SharedSender::send_newest", |tx| by_shared(tx, SharedSender::send_newest)),
    ("SharedSender::send_newest_by_key", |tx| {
        by_shared(tx, |tx, value| tx.send_newest_by_key(value, |it| Reverse(*it)))
    }),
];

fn by_own(mut tx: Sender<u32>, send: fn(&mut Sender<u32>, u32) -> Sent) -> Send {
    Box::new(move |value| send(&mut tx, value))
}

fn by_shared(tx: Sender<u32>, send: fn(&SharedSender<u32>, u32) -> Sent) -> Send {
    let tx = tx.into_shared();
    Box::new(move |value| send(&tx, value))
}
