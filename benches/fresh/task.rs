//! This crate's channel with a task that receives, as those it is compared with have that know no deadline.

use crate::channels::{Channel, Sentinel, at_once};
use overwrite_channel::{Receiver, Sender, channel};
use std::time::Instant;

pub(crate) struct OverwriteTask {
    tx: Sender<Sentinel>,
    rx: Receiver<Sentinel>,
}

impl Channel for OverwriteTask {
    const NAME: &'static str = "overwrite_channel, a task";
    const KEEPS_ALL: bool = false;

    fn new(_: usize) -> Self {
        let (tx, rx) = channel();
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.send(sentinel).is_ok()
    }

    fn receive(&mut self, _: Instant) -> Option<Sentinel> {
        at_once(self.rx.recv_async())?.ok()
    }
}
