//! What `watch` and `buffer` show: values whose words must agree, and how many are alive. A `support::ledger` has an entry
//! for each value, and here there is no end to them.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

pub(crate) const MOST_SENDERS: usize = 3;

pub(crate) struct Account {
    world: u64,
    numbers: AtomicUsize,
}

/// What is watched, or published.
pub(crate) struct Setting {
    account: Arc<Account>,
    /// No two settings that are ever sent have the same number. The first one has 0.
    pub(crate) number: usize,
    pub(crate) sender: usize,
    /// Rises with each change by that sender.
    pub(crate) turn: u64,
    /// How many changes each sender has made, where all of them modify.
    pub(crate) by: [u64; MOST_SENDERS],
    check: u64,
}

impl Account {
    pub(crate) fn new(world: u64) -> Arc<Self> {
        Arc::new(Self { world, numbers: AtomicUsize::new(0) })
    }

    pub(crate) fn setting(self: &Arc<Self>, sender: usize, turn: u64) -> Setting {
        let (account, by) = (Arc::clone(self), Default::default());
        let mut setting = Setting { account, number: 0, sender, turn, by, check: 0 };
        setting.sign(sender, turn);
        setting
    }

    /// Checks the account when every handle is gone.
    pub(crate) fn close(self: &Arc<Self>) {
        let owners = Arc::strong_count(self);
        assert_eq!(owners, 1, "world {}: settings made and not dropped", self.world);
    }
}

impl Setting {
    /// Makes it another setting, by this sender.
    pub(crate) fn sign(&mut self, sender: usize, turn: u64) {
        self.number = self.account.numbers.fetch_add(1, SeqCst);
        (self.sender, self.turn) = (sender, turn);
        self.check = self.checksum();
    }

    /// Changes the setting that a receiver has for itself.
    pub(crate) fn scribble(&mut self) {
        self.by[0] += 1;
        self.check = self.checksum();
    }

    pub(crate) fn count(&self) -> u64 {
        self.by.iter().sum()
    }

    fn checksum(&self) -> u64 {
        let mixed = (self.number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.account.world;
        let mixed = mixed.rotate_left(20) ^ self.turn ^ ((self.sender as u64) << 60);
        self.by.iter().fold(mixed, |mixed, by| mixed.rotate_left(7) ^ by)
    }

    pub(crate) fn verify(&self) {
        let world = self.account.world;
        assert_eq!(self.check, self.checksum(), "world {world}: a setting that no sender made");
    }
}

impl Clone for Setting {
    fn clone(&self) -> Self {
        self.verify();
        Self { account: Arc::clone(&self.account), ..*self }
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        self.verify();
        // A second drop shows, as long as the memory is not used for something else.
        self.check = !self.check;
        // Without a read of it, nothing need be written.
        black_box(&self.check);
    }
}
