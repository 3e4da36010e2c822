//! Hundreds and thousands of receivers: a wake finds the one that waits, wherever in the crowd it is.
//!
//! In the random programs of `tests/fuzz`, crowds of up to 1,200 receivers and futures come, wait and go.

use crate::{
    many_receivers,
    receives::{Way, every_way},
    turns::SIZES,
};
#[cfg(feature = "watch")]
use futures::FutureExt;
#[cfg(feature = "watch")]
use overwrite_channel::watch;
use std::task::Poll;
use support::crowd::Crowd;

/// So many that a segment of the list has more than one count.
const VAST: usize = 12_400;

/// Polls a wait of one handle after the other: those at both ends of each word, and a few in its middle. All others are
/// idle, and `send` wakes the one that waits.
fn one_is_found<H>(
    size: usize,
    handles: &mut [H],
    way: Way<H, usize>,
    mut send: impl FnMut(usize),
) {
    let crowd = Crowd::new(size);
    for at in (0..size).filter(|at| at + 1 == size || matches!(at % 64, 0..3 | 30..33 | 61..64)) {
        let mut wait = way(&mut handles[at]);
        crowd.pends(at, &mut wait);
        send(at);
        assert_eq!(crowd.woken_one(), at, "of {size}");
        assert_eq!(crowd.tasks[at].poll(&mut wait), Poll::Ready(Some(at)));
    }
}

#[test]
fn a_wake_finds_the_one_that_waits_among_many_that_are_idle() {
    for size in SIZES.into_iter().chain([VAST]) {
        let (mut tx, mut rxs) = many_receivers(size);
        for (_, way) in every_way() {
            one_is_found(size, &mut rxs, way, |at| assert_eq!(tx.send(at), Ok(None)));
        }
        #[cfg(feature = "watch")]
        {
            let (tx, rx) = watch::channel(0);
            let way: Way<watch::Receiver<usize>, usize> = |rx| {
                rx.mark_unchanged();
                async { rx.changed().await.ok().map(|()| *rx.borrow()) }.boxed_local()
            };
            one_is_found(size, &mut vec![rx; size], way, |at| tx.send(at).unwrap());
        }
    }
}
