//! How often each contender asks the allocator, in its steady state.
//!
//! A `String` goes round, as in the `ratios` bench: the
//! one that is received is sent next, so whoever allocates for it has cloned it. This crate must not
//! allocate at all: the bench fails if it does.

#[path = "allocations/mod.rs"]
mod allocations;
#[path = "memory/counting.rs"]
mod counting;
#[allow(dead_code, reason = "what only other benches use")]
mod peers;

use counting::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    peers::check_all();
    let counts = allocations::count();
    println!(
        "Allocations of a send that displaces, and of a send and a receive of each payload.\n"
    );
    print!("{:<46}", "");
    counts.columns.iter().for_each(|title| print!("{title:>9}"));
    println!();
    for (name, line) in &counts.lines {
        print!("{name:<46}");
        for count in line {
            match count {
                Some(count) => print!("{count:>9.2}"),
                None => print!("{:>9}", "–"),
            }
        }
        println!();
    }
}
