//! Histories of a channel in a static, which is split again for each.

use crate::channel::{Open, Value};
use overwrite_channel::{Receiver, Sender, StaticChannel};

static CHANNEL: StaticChannel<Value, 30> = StaticChannel::new();

/// In the memory of the history before.
pub(crate) struct Static;

impl Open for Static {
    /// There is room for those of five threads, and for the handles of two more.
    const CROWD: usize = 4;

    fn open() -> (Sender<Value>, Receiver<Value>) {
        CHANNEL.split().expect("every handle of the last history is gone")
    }
}
