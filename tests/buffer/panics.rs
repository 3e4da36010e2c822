//! Panics as values are made. Panics of other user code are in the random programs of `tests/fuzz`.

use overwrite_channel::buffer::{Reader, Writer, channel, channel_with};
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

#[test]
fn a_clone_that_panics_leaves_no_value_no_handle_and_its_room() {
    type Clones = fn(&Writer<Tracked>, &Reader<Tracked>);
    let cases: [(usize, Clones); 3] = [
        (1, |writer, _| drop(writer.clone())),
        (1, |_, reader| drop(reader.clone())),
        (2, |_, reader| drop(reader.clone())),
    ];
    // There is room on the heap; or inside the block, where the first handles have left it.
    for ((at, clones), inside) in cases.iter().flat_map(|case| [(case, false), (case, true)]) {
        leaves_nothing(|ledger| {
            let (mut writer, mut reader) = channel_with(|| ledger.issue());
            if inside {
                writer = writer.clone();
                reader = reader.clone();
            }
            let room = || measure(|| drop((writer.clone(), reader.clone()))).1.allocations;
            // The first clone of a reader makes more than room for values.
            let _ = room();
            let (before, alive) = (room(), ledger.alive());
            for _ in 0..3 {
                ledger.panic_in_clone(*at);
                panics(|| clones(&writer, &reader));
            }
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
