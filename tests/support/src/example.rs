//! An example as a program, for a test that runs it.

use std::{
    env::{self, consts::EXE_EXTENSION},
    path::PathBuf,
    process::Command,
};

/// Builds an example, with further arguments of `cargo build`, unless it is up to date, and returns where it is.
pub fn built(name: &str, arguments: &[&str]) -> PathBuf {
    let this_test = env::current_exe().unwrap();
    let profile = this_test.ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--example", name]).args(arguments);
    build.args(profile.ends_with("release").then_some("--release"));
    assert!(build.status().unwrap().success());
    profile.join("examples").join(name).with_extension(EXE_EXTENSION)
}
