//! Senders as sinks, which are never full.

use crate::receives::at_once;
use futures::{Sink, SinkExt};
use overwrite_channel::{Receiver, SendError, channel};
use std::{pin::Pin, task::Poll};
use support::{
    ledger::{Ledger, Tracked},
    waker::Task,
};

fn displaces<S>(mut sink: S, mut rx: Receiver<Tracked>)
where
    S: Sink<Tracked, Error = SendError<Tracked>> + Unpin,
{
    let (ledger, task) = (Ledger::new(7), Task::new());
    let mut cx = task.context();
    for sent in 0..4 {
        assert!(matches!(Pin::new(&mut sink).poll_ready(&mut cx), Poll::Ready(Ok(()))));
        assert!(Pin::new(&mut sink).start_send(ledger.issue()).is_ok());
        assert!(matches!(Pin::new(&mut sink).poll_flush(&mut cx), Poll::Ready(Ok(()))));
        assert_eq!(ledger.dropped(), (0..sent).collect::<Vec<_>>(), "what it displaced");
    }
    assert!(matches!(Pin::new(&mut sink).poll_close(&mut cx), Poll::Ready(Ok(()))));
    assert!(!rx.is_closed(), "closing a sink is not dropping it");
    assert_eq!(rx.try_recv().unwrap().id(), 3);
    at_once(async {
        assert!(sink.send(ledger.issue()).await.is_ok());
        assert!(sink.close().await.is_ok());
        assert!(sink.send(ledger.issue()).await.is_ok(), "it is open");
        assert_eq!(rx.recv_async().await.unwrap().id(), 5);
        drop(rx);
        let back = sink.send(ledger.issue()).await.unwrap_err().into_inner();
        assert_eq!(back.id(), 6);
    });
    drop(sink);
    ledger.assert_each_dropped_once();
}

#[test]
fn senders_of_both_kinds_are_sinks_that_are_always_ready() {
    let (tx, rx) = channel();
    displaces(tx, rx);
    let (tx, rx) = channel();
    displaces(tx.into_shared(), rx);
}
