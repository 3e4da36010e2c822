//! An interrupt sends. A task waits for the newest reading.
//!
//! ```console
//! rustup target add thumbv7em-none-eabihf
//! cd examples/board
//! cargo run --bin task      # runs it in qemu-system-arm
//! ```

#![no_std]
#![no_main]

use board::{Handover, Reading, start};
use cortex_m::{Peripherals, asm};
use cortex_m_rt::exception;
use embassy_executor::Spawner;
use overwrite_channel::{Sender, StaticChannel};
use semihosting::{println, process};

const LAST: u32 = 1_000;

/// Has room for a sender and a receiver.
static READINGS: StaticChannel<Reading, 2> = StaticChannel::new();

static SENDER: Handover<Sender<Reading>> = Handover::new();

/// Sends a reading, and wakes the task if it waits. Drops the sender after the last one, which closes the channel.
#[exception]
fn SysTick() {
    static mut OWNED: Option<Sender<Reading>> = None;
    static mut NUMBER: u32 = 0;

    if *NUMBER == LAST {
        *OWNED = None;
        return;
    }
    *NUMBER += 1;
    let sender = OWNED.get_or_insert_with(|| SENDER.take());
    sender.send(Reading::new(0, *NUMBER)).expect("the task receives");
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let (sender, mut receiver) = READINGS.split().expect("split once");
    SENDER.give(sender);
    start(&mut Peripherals::take().expect("taken once").SYST, 1_000);

    let (mut newest, mut received) = (0, 0);
    while let Ok(reading) = receiver.recv_async().await {
        assert!(reading.is_whole());
        assert!(newest < reading.number, "an older reading");
        (newest, received) = (reading.number, received + 1);
        asm::delay(LAST - newest); // stands for what is done with it: it is too slow only at first
    }
    println!("{LAST} sent, {received} received");
    assert_eq!(newest, LAST, "the last reading is missing");
    assert!(received > LAST / 2, "the task was not woken");
    process::exit(0)
}
