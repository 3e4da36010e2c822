//! What the interpreters share.

mod bytes;
mod handles;
mod interpreter;
mod poller;
mod value;

pub(crate) use bytes::Bytes;
pub(crate) use handles::{Asleep, HeldReceiver, HeldSender, Lender};
pub(crate) use interpreter::{
    Act, Interpreter, MOST_HANDLES, RECEIVERS, SENDERS, run, wait_any_of,
};
pub(crate) use poller::{Meddle, Poller, WaitFuture};
pub(crate) use value::{POISON, RANKS, Value, is_wanted};
