//! Panics as values are made. Panics of other user code are in the random programs of `tests/fuzz`.

use overwrite_channel::buffer::{Reader, Writer, channel, channel_with};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use support::{
    allocator::measure,
    ledger::{Ledger, Tracked},
    panics::{panics, strike},
    waker::Event,
};

/// Runs `body`, after which each value of the ledger was dropped once, and no memory is left.
#[track_caller]
fn leaves_nothing(body: impl FnOnce(&Ledger)) {
    let ledger = Ledger::new(200);
    let ((), counts) = measure(|| body(&ledger));
    ledger.assert_each_dropped_once();
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn what_was_made_before_make_panics_is_dropped_and_freed() {
    for made in 0..4 {
        leaves_nothing(|ledger| {
            let make = || {
                if ledger.issued() == made {
                    strike();
                }
                ledger.issue()
            };
            panics(|| channel_with(make));
            assert_eq!(ledger.issued(), made);
        });
    }
    leaves_nothing(|ledger| panics(|| channel(ledger.issue().panicking_in(Event::Clone))));
}

/// Its clone panics when so many clones were made of all.
struct Fuse(Arc<AtomicUsize>);

impl Clone for Fuse {
    fn clone(&self) -> Self {
        if self.0.fetch_sub(1, SeqCst) == 1 {
            strike();
        }
        Self(self.0.clone())
    }
}

#[test]
fn a_clone_that_panics_leaves_no_value_no_handle_and_its_room() {
    type Fused = (Tracked, Fuse);
    type Clones = fn(&Writer<Fused>, &Reader<Fused>);
    let cases: [(usize, Clones); 3] = [
        (1, |writer, _| drop(writer.clone())),
        (1, |_, reader| drop(reader.clone())),
        (2, |_, reader| drop(reader.clone())),
    ];
    // There is room on the heap; or inside the block, where the first handles have left it.
    for ((at, clones), inside) in cases.iter().flat_map(|case| [(case, false), (case, true)]) {
        leaves_nothing(|ledger| {
            let left = Arc::new(AtomicUsize::new(usize::MAX));
            let fused = || (ledger.issue(), Fuse(left.clone()));
            let (mut writer, mut reader) = channel_with(fused);
            if inside {
                writer = writer.clone();
                reader = reader.clone();
            }
            let room = || measure(|| drop((writer.clone(), reader.clone()))).1.allocations;
            // The first clone of a reader makes more than room for values.
            let _ = room();
            let (before, alive) = (room(), ledger.alive());
            left.store(*at, SeqCst);
            for _ in 0..3 {
                panics(|| clones(&writer, &reader));
                left.store(*at, SeqCst);
            }
            left.store(usize::MAX, SeqCst);
            assert_eq!(ledger.alive(), alive, "clone {at}");
            assert_eq!(room(), before, "clone {at}: its room is lost");
            assert_eq!((writer.publish(), reader.update()), (Ok(false), true));
            let mut clone = writer.clone();
            drop(writer);
            assert!(!reader.is_closed());
            assert_eq!((clone.publish(), reader.clone().update()), (Ok(false), true));
            drop(reader);
            assert!(clone.is_closed(), "clone {at}: it is counted");
        });
    }
}
