//! Switches `src/sync/` to loom.

fn main() {
    println!("cargo:rustc-cfg=overwrite_loom");
}
