//! Switches `src/sync.rs` to loom.

fn main() {
    println!("cargo:rustc-cfg=overwrite_loom");
}
