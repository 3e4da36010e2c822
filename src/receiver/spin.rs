//! How long a wait spins before it parks: for as long as that has paid lately.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::sync::one_core;

/// 127 pauses: a few microseconds, about what parking and waking cost.
const DEFAULT_LIMIT: u32 = 7;

/// After so many waits that spun in vain, waits park at once,
const PATIENCE: u32 = 4;

/// but for every so many-th, which tries again.
const RETRY: u32 = 64;

#[derive(Debug, Clone, Copy)]
pub(super) struct Spin {
    limit: u32,
    /// The waits since spinning last paid.
    in_vain: u32,
}

impl Default for Spin {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, in_vain: 0 }
    }
}

impl Spin {
    /// How many times this wait may back off and look again.
    pub(super) fn looks(self) -> u32 {
        let tries = self.in_vain < PATIENCE || self.in_vain % RETRY == 0;
        if tries && !one_core() { self.limit } else { 0 }
    }

    pub(super) fn parks(&mut self) {
        self.in_vain = self.in_vain.wrapping_add(1);
    }

    pub(super) fn paid(&mut self) {
        self.in_vain = 0;
    }
}

impl<T> Receiver<T> {
    /// Sets how many times a blocking call that finds nothing backs off and looks again, at most,
    /// before it parks the thread.
    ///
    /// The first seven times pause the core, twice as long each time; later ones yield it. A value
    /// that comes meanwhile costs its sender nothing more, and the receiver is there at once; parking
    /// and waking cost both a system call. After a few waits that spun in vain, because values come
    /// seldom or the sender needs this very core, waits park at once, and every 64th tries again. 0
    /// always parks at once, and so does a machine with one core.
    ///
    /// The default is 7, a few microseconds. A clone starts with the limit of its original.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_tx, mut rx) = overwrite_channel::channel::<u8>();
    /// rx.set_spin_limit(0);
    /// ```
    pub fn set_spin_limit(&mut self, looks: u32) {
        self.spin = Spin { limit: looks, in_vain: 0 };
    }
}
