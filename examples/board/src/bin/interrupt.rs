//! Two interrupts send. The main loop takes the newest reading, and sleeps if there is none.
//!
//! `SysTick` has the higher priority: some of its sends begin and end inside a send of `PendSV`, or inside a receive of the
//! main loop.
//!
//! ```console
//! rustup target add thumbv7em-none-eabihf
//! cd examples/board
//! cargo run --bin interrupt      # runs it in qemu-system-arm
//! ```

#![no_std]
#![no_main]

use board::{Handover, Reading, start};
use core::{
    mem,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};
use cortex_m::{
    Peripherals, asm, interrupt,
    peripheral::{SCB, SYST, scb::SystemHandler},
};
use cortex_m_rt::{entry, exception};
use overwrite_channel::{Sender, StaticChannel, TryRecvError};
use semihosting::{println, process};

/// How often `SysTick` comes.
const TICKS: u32 = 20_000;

/// Cycles from tick to tick.
const PERIOD: u32 = 1_000;

/// Has room for two senders and a receiver.
static READINGS: StaticChannel<Reading, 3> = StaticChannel::new();

static FAST: Handover<(Sensor, SYST)> = Handover::new();
static SLOW: Handover<Sensor> = Handover::new();

static SENT: AtomicU32 = AtomicU32::new(0);
static DISPLACED: AtomicU32 = AtomicU32::new(0);
static INTERRUPTED: AtomicU32 = AtomicU32::new(0);
static ENDED: AtomicBool = AtomicBool::new(false);

/// A sensor, which belongs to an interrupt.
struct Sensor {
    id: usize,
    sender: Sender<Reading>,
}

impl Sensor {
    /// Sends a reading. Its number is greater than that of every reading whose send has begun before.
    fn read(&mut self) {
        let number = SENT.fetch_add(1, Relaxed) + 1;
        let sent = self.sender.send(Reading::new(self.id, number));
        if let Some(unread) = sent.expect("the main loop receives") {
            assert!(unread.is_whole());
            DISPLACED.fetch_add(1, Relaxed);
        }
        if SENT.load(Relaxed) != number {
            INTERRUPTED.fetch_add(1, Relaxed);
        }
    }
}

/// Reads the fast sensor, and has `PendSV` read the slow one.
#[exception]
fn SysTick() {
    static mut OWNED: Option<(Sensor, SYST)> = None;
    static mut TICK: u32 = 0;

    let (sensor, timer) = OWNED.get_or_insert_with(|| FAST.take());
    sensor.read();
    *TICK += 1;
    if *TICK == TICKS {
        timer.disable_counter();
        *OWNED = None;
        ENDED.store(true, Relaxed);
    }
    SCB::set_pendsv();
}

/// Reads the slow sensor. It begins once more after the last tick, and so sends the last reading of all.
#[exception]
fn PendSV() {
    static mut OWNED: Option<Sensor> = None;

    let sensor = OWNED.get_or_insert_with(|| SLOW.take());
    let is_last = ENDED.load(Relaxed);
    // The time that this takes varies, up to a period, so that the next tick comes anywhere in what follows.
    asm::delay(SENT.load(Relaxed).wrapping_mul(0x9e37_79b9) % 599);
    sensor.read();
    if is_last {
        *OWNED = None;
    }
}

#[entry]
fn main() -> ! {
    let (fast, mut receiver) = READINGS.split().expect("split once");
    let slow = fast.try_clone().expect("the channel has room for three handles");
    let Peripherals { SCB: mut control, SYST: mut timer, .. } =
        Peripherals::take().expect("taken once");
    // SAFETY: critical sections mask all interrupts, and rely on no priority.
    unsafe { control.set_priority(SystemHandler::PendSV, u8::MAX) };
    SLOW.give(Sensor { id: 1, sender: slow });
    interrupt::free(|_| {
        start(&mut timer, PERIOD);
        FAST.give((Sensor { id: 0, sender: fast }, timer));
    });

    let mut newest = [0; 2];
    let (mut received, mut interrupted, mut slept) = (0, 0, 0);
    loop {
        let sent = SENT.load(Relaxed);
        let result = receiver.try_recv();
        interrupted += u32::from(SENT.load(Relaxed) != sent);
        match result {
            Ok(reading) => {
                assert!(reading.is_whole());
                let before = mem::replace(&mut newest[reading.sensor], reading.number);
                assert!(before < reading.number, "an older reading");
                received += 1;
            }
            // An interrupt that comes after the look is masked. It is pending then, which ends the sleep.
            Err(TryRecvError::Empty) => interrupt::free(|_| {
                if receiver.is_empty() && !receiver.is_closed() {
                    asm::wfi();
                    slept += 1;
                }
            }),
            Err(TryRecvError::Disconnected) => break,
        }
    }

    let [sent, displaced, nested] = [&SENT, &DISPLACED, &INTERRUPTED].map(|n| n.load(Relaxed));
    println!(
        "{sent} sent, {received} received, {displaced} displaced; sends interrupted {nested} sends \
        and {interrupted} receives; slept {slept} times"
    );
    assert_eq!(sent, received + displaced, "a reading was lost or doubled");
    assert_eq!(newest[1], sent, "the last reading is missing");
    assert!(nested > 0 && interrupted > 0 && slept > 0, "another period is needed");
    process::exit(0)
}
