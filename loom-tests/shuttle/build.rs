//! Switches `src/sync/` to shuttle.

fn main() {
    println!("cargo:rustc-cfg=overwrite_shuttle");
}
