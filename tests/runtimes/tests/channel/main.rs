//! The channel on real runtimes: each scenario runs on tokio, on smol, and on what the `futures` crate has.

use futures::StreamExt;
use overwrite_channel::{Receiver, SendError, Sender};
use support::ledger::{Fate, Ledger, Tracked};

mod cancelling;
mod cooperation;
mod exchange;
mod selects;
mod timeouts;

/// Waits in one of the three ways that tasks have.
async fn receive<T>(rx: &mut Receiver<T>, way: usize) -> Option<T> {
    match way % 3 {
        0 => rx.recv_async().await.ok(),
        1 => rx.next().await,
        _ => rx.recv_matching_async(|_| true).await.ok(),
    }
}

/// Sends the ledger's next value. Returns `false` if there is none left, or no receiver.
fn send_next(ledger: &Ledger, tx: &mut Sender<Tracked>) -> bool {
    let Some(value) = ledger.try_issue() else { return false };
    match tx.send(value) {
        Ok(None) => {}
        Ok(Some(stale)) => stale.meets(Fate::Displaced),
        Err(SendError(value)) => {
            value.meets(Fate::HandedBack);
            return false;
        }
    }
    true
}
