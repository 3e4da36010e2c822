//! How often each contender asks the allocator, in its steady state.
//!
//! A bench of its own, because counting takes time. A `String` goes round, as in the `ratios` bench: the
//! one that is received is sent next, so whoever allocates for it has cloned it. This crate must not
//! allocate at all: the bench fails if it does.

#[allow(dead_code, reason = "what only other benches use")]
mod peers;

use peers::{Overwrite, Payload, Peer, Shared, Visit, Words, each, each_copy, each_word};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller keeps to the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Before it counts: some set something up at first.
const WARM_UP: u32 = 100;
const COUNT: u32 = 1000;

fn allocations(mut operation: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| operation());
    let before = ALLOCATIONS.load(Relaxed);
    (0..COUNT).for_each(|_| operation());
    let count = u32::try_from(ALLOCATIONS.load(Relaxed) - before).expect("not that many");
    f64::from(count) / f64::from(COUNT)
}

/// Sends that nobody receives.
struct Sends;
/// Sends and receives.
struct Rounds;

/// A column for each measurement, a line for each contender.
#[derive(Default)]
struct Counts {
    columns: Vec<&'static str>,
    /// The name, and what is known in each column.
    lines: Vec<(&'static str, Vec<Option<f64>>)>,
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

fn main() {
    peers::check_all();
    let mut counts = Counts::default();
    let mut column = |title, each: &dyn Fn(&mut Counts)| {
        each(&mut counts);
        counts.columns.push(title);
    };
    column("send", &|counts| each_word(&mut Column(counts, Sends)));
    column("8 B", &|counts| each_word(&mut Column(counts, Rounds)));
    column("1 KiB", &|counts| each_copy::<Words<128>>(&mut Column(counts, Rounds)));
    column("String", &|counts| each::<String>(&mut Column(counts, Rounds)));

    println!(
        "Allocations of a send that displaces, and of a send and a receive of each payload.\n"
    );
    print!("{:<46}", "");
    counts.columns.iter().for_each(|title| print!("{title:>9}"));
    println!();
    for (name, line) in &mut counts.lines {
        print!("{name:<46}");
        line.resize(counts.columns.len(), None);
        for count in line {
            match count {
                Some(count) => print!("{count:>9.2}"),
                None => print!("{:>9}", "–"),
            }
        }
        println!();
    }
    for name in [<Overwrite as Peer<u64>>::NAME, <Shared as Peer<u64>>::NAME] {
        let (_, line) = counts.lines.iter().find(|line| line.0 == name).expect("it was measured");
        assert!(line.iter().all(|count| *count == Some(0.0)), "{name} does not allocate");
    }
}
