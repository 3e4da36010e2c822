//! Placeholder until the peers are in.
fn main() {}
