//! Switches `src/sync.rs` to shuttle.

fn main() {
    println!("cargo:rustc-cfg=overwrite_shuttle");
}
