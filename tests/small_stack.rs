//! A handle needs no stack for a value, however large the type is: only sending and receiving one does.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel, wait_any_timeout};
use std::{thread, time::Duration};

/// Four times the stack.
type Large = [u8; 1 << 20];
const STACK: usize = 256 << 10;

fn on_a_stack_of<R: Send + 'static>(size: usize, body: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = thread::Builder::new().stack_size(size).spawn(body).unwrap();
    thread.join().unwrap()
}

/// Makes every kind of handle, more of each than have room inside the channel, and drops them again.
fn use_handles(tx: Sender<Large>, rx: Receiver<Large>) {
    let senders = [tx.clone(), tx.clone()];
    let receivers = [rx.clone(), rx.clone()];
    drop((senders, receivers));
    let mut receiver = rx.clone();
    let shared = tx.into_shared();
    let clones = [shared.clone(), shared.clone()];
    drop(rx);
    assert!(!shared.is_closed());
    let is_empty = receiver.is_empty();
    let timeout = Duration::from_millis(1);
    assert_eq!(wait_any_timeout(&mut [&mut receiver], timeout), (!is_empty).then_some(0));
    drop((shared, clones, receiver));
}

#[test]
fn handles_of_a_large_type() {
    on_a_stack_of(STACK, || {
        let (tx, rx) = channel();
        use_handles(tx, rx);
    });
}

#[test]
#[expect(clippy::large_stack_arrays, reason = "the stack is larger")]
fn the_last_handle_drops_a_large_value_where_it_lies() {
    // Unoptimised, the value is moved through several functions.
    let (tx, rx) = on_a_stack_of(64 << 20, || {
        let (mut tx, rx) = channel();
        // The room of a clone is not inside the channel.
        let mut clone = tx.clone();
        assert_eq!(tx.send([1; 1 << 20]), Ok(None));
        assert_eq!(clone.send([2; 1 << 20]), Ok(Some([1; 1 << 20])));
        (tx, rx)
    });
    on_a_stack_of(STACK, || use_handles(tx, rx));
}
