//! How often each contender asks the allocator, in its steady state. This crate must not allocate at all.

use super::prelude::*;
use support::allocator::measure_process;

/// The operations that are not counted: some contenders set something up at first.
const WARM_UP: u32 = 100;
const COUNT: u32 = 1000;

fn allocations(mut operation: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| operation());
    let ((), counts) = measure_process(|| (0..COUNT).for_each(|_| operation()));
    number(counts.allocations) / f64::from(COUNT)
}

/// Sends that displace.
struct Sends;
/// Sends and receives.
struct Rounds;

impl Visit<u64> for Sends {
    type Found = (&'static str, f64);

    fn visit<C: Overwrites<u64>>(&mut self, contender: C) -> Option<Self::Found> {
        let (mut tx, _rx) = contender.open(1);
        let mut number = 0;
        let count = allocations(|| {
            number += 1;
            contender.send(&mut tx, number);
        });
        Some((contender.name(), count))
    }
}

impl<T: Payload> Visit<T> for Rounds {
    type Found = (&'static str, f64);

    fn visit<C: Overwrites<T>>(&mut self, contender: C) -> Option<Self::Found> {
        let (mut tx, mut rx) = contender.open(1);
        let mut value = T::new(1);
        let count = allocations(|| {
            contender.send(&mut tx, value.take());
            value = contender.try_recv(&mut rx).expect("the value that was sent");
        });
        Some((contender.name(), count))
    }
}

/// Panics if this crate allocates.
pub(crate) fn measured(_: &Setup) -> Section {
    let columns = [
        each_word(&mut Sends),
        each_word(&mut Rounds),
        each_copy::<Words<128>, _>(&mut Rounds),
        each::<String, _>(&mut Rounds),
    ];
    let in_place = each_in_place::<Words<128>, _>(&mut Rounds);
    for (name, count) in columns.iter().flatten().chain(&in_place) {
        assert!(!is_ours(name) || *count == 0.0, "{name} does not allocate");
    }
    let lines = columns[0].iter().map(|(name, _)| {
        let counts = columns.iter().map(|column| column.iter().find(|line| line.0 == *name));
        let words =
            counts.map(|count| count.map_or("–".into(), |count| format!("{:.2}", count.1)));
        [(*name).to_owned()].into_iter().chain(words).collect()
    });
    let table = written(&["", "send", "8 B", "1 KiB", "String"], 1, lines);
    let lines =
        in_place.into_iter().map(|(name, count)| vec![name.to_owned(), format!("{count:.2}")]);
    let in_place = written(&["in place", "1 KiB"], 1, lines);
    Section::text(format!(
        "### Allocations\n\nOf a send that displaces, and of a send and a receive of each payload. A `String` goes \
         round, so a contender that allocates for it has cloned it.\n\n{table}{in_place}"
    ))
}
