//! What the two programs share: a reading, how a sender gets into its interrupt, and the timer.

#![no_std]

use core::cell::Cell;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use critical_section::Mutex;

/// A reading of a sensor, with a checksum.
#[derive(Debug)]
pub struct Reading {
    pub sensor: usize,
    pub number: u32,
    checksum: u64,
}

impl Reading {
    #[must_use]
    pub fn new(sensor: usize, number: u32) -> Self {
        Self { sensor, number, checksum: checksum(sensor, number) }
    }

    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.checksum == checksum(self.sensor, self.number)
    }
}

fn checksum(sensor: usize, number: u32) -> u64 {
    (u64::from(number) << 32 | sensor as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Where `main` leaves what an interrupt is to own. The interrupt takes it when it runs for the first time.
pub struct Handover<T>(Mutex<Cell<Option<T>>>);

impl<T> Handover<T> {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is made in a `static`")]
    pub const fn new() -> Self {
        Self(Mutex::new(Cell::new(None)))
    }

    pub fn give(&self, owned: T) {
        critical_section::with(|token| self.0.borrow(token).set(Some(owned)));
    }

    /// Takes what `main` gave.
    ///
    /// # Panics
    /// If it has not given anything.
    pub fn take(&self) -> T {
        critical_section::with(|token| self.0.borrow(token).take()).expect("`main` gives it first")
    }
}

/// Starts the timer. Its interrupt, `SysTick`, then comes every `period` cycles.
pub fn start(timer: &mut SYST, period: u32) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(period - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}
