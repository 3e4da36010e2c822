//! How often each contender asks the allocator, in its steady state.
//!
//! A program that uses this module has [`Counting`](counting::Counting) for its global allocator, and `peers/` and
//! `memory/counting.rs` as modules of its root.

use crate::{
    counting::counted,
    peers::{Overwrite, Payload, Peer, Shared, Visit, Words, each, each_copy, each_word},
};

/// Before it counts: some set something up at first.
const WARM_UP: u32 = 100;
const COUNT: u32 = 1000;

fn allocations(mut operation: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| operation());
    let ((), counts) = counted(|| (0..COUNT).for_each(|_| operation()));
    let count = u32::try_from(counts.allocations).expect("not that many");
    f64::from(count) / f64::from(COUNT)
}

/// Sends that nobody receives.
struct Sends;
/// Sends and receives.
struct Rounds;

/// A column for each measurement, a line for each contender.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) columns: Vec<&'static str>,
    /// The name, and what is known in each column.
    pub(crate) lines: Vec<(&'static str, Vec<Option<f64>>)>,
}

struct Column<'a, M>(&'a mut Counts, M);

impl<M> Column<'_, M> {
    fn enter<T: Payload, P: Peer<T>>(&mut self, count: f64) {
        let Counts { columns, lines } = &mut *self.0;
        let index = lines.iter().position(|(name, _)| *name == P::NAME).unwrap_or(lines.len());
        if index == lines.len() {
            lines.push((P::NAME, Vec::new()));
        }
        lines[index].1.resize(columns.len(), None);
        lines[index].1.push(Some(count));
    }
}

impl Visit<u64> for Column<'_, Sends> {
    fn visit<P: Peer<u64>>(&mut self) {
        let (mut tx, _rx) = P::open();
        let mut number = 0;
        self.enter::<u64, P>(allocations(|| {
            number += 1;
            P::send(&mut tx, number);
        }));
    }
}

impl<T: Payload> Visit<T> for Column<'_, Rounds> {
    fn visit<P: Peer<T>>(&mut self) {
        let (mut tx, mut rx) = P::open();
        let mut value = T::new(1);
        self.enter::<T, P>(allocations(|| {
            P::send(&mut tx, value.take());
            value = P::try_recv(&mut rx).expect("what was sent");
        }));
    }
}

/// # Panics
///
/// If this crate allocates.
pub(crate) fn count() -> Counts {
    let mut counts = Counts::default();
    let mut column = |title, each: &dyn Fn(&mut Counts)| {
        each(&mut counts);
        counts.columns.push(title);
    };
    column("send", &|counts| each_word(&mut Column(counts, Sends)));
    column("8 B", &|counts| each_word(&mut Column(counts, Rounds)));
    column("1 KiB", &|counts| each_copy::<Words<128>>(&mut Column(counts, Rounds)));
    column("String", &|counts| each::<String>(&mut Column(counts, Rounds)));
    for (_, line) in &mut counts.lines {
        line.resize(counts.columns.len(), None);
    }
    for name in [<Overwrite as Peer<u64>>::NAME, <Shared as Peer<u64>>::NAME] {
        let (_, line) = counts.lines.iter().find(|line| line.0 == name).expect("it was measured");
        assert!(line.iter().all(|count| *count == Some(0.0)), "{name} does not allocate");
    }
    counts
}
