//! An example as a program, for a test that runs it.

use std::{
    env::{self, consts::EXE_EXTENSION},
    path::PathBuf,
    process::Command,
};

/// Builds an example unless it is up to date, and returns where it is. With the whole workspace, so that what
/// `cargo test --workspace` has built is used.
pub fn built(name: &str) -> PathBuf {
    let this_test = env::current_exe().unwrap();
    let profile = this_test.ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--workspace", "--example", name]);
    build.args(profile.ends_with("release").then_some("--release"));
    assert!(build.status().unwrap().success());
    profile.join("examples").join(name).with_extension(EXE_EXTENSION)
}
