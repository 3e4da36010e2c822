//! The examples as a user meets them: what they print, and the status they exit with.

#![cfg(all(feature = "std", not(miri)))]
#![forbid(unsafe_code)]

mod cutover;
mod frames;
mod meter;

use std::{
    env::consts::EXE_EXTENSION,
    path::PathBuf,
    process::{Command, Output},
    sync::LazyLock,
};
use support::example::built;

/// One of the examples. The others are built beside it.
static CUTOVER: LazyLock<PathBuf> =
    LazyLock::new(|| built("cutover", &["--example=frames", "--example=meter"]));

/// Returns what an example writes to its outputs, and its exit status.
fn run(example: &str, arguments: &[&str]) -> (String, String, Option<i32>) {
    let path = CUTOVER.with_file_name(example).with_extension(EXE_EXTENSION);
    let Output { stdout, stderr, status } = Command::new(path).args(arguments).output().unwrap();
    let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (out, err, status.code())
}

/// Returns what an example prints that succeeds.
fn printed(example: &str, arguments: &[&str]) -> String {
    let (out, err, status) = run(example, arguments);
    assert_eq!((&*err, status), ("", Some(0)), "{out}");
    out
}

/// Returns the one line that an example prints when it refuses its arguments.
fn refused(example: &str, arguments: &[&str]) -> String {
    let (out, err, status) = run(example, arguments);
    assert_eq!((&*out, status), ("", Some(2)));
    let line = err.strip_prefix(example).and_then(|line| line.strip_prefix(": "));
    let line = line.and_then(|line| line.strip_suffix('\n')).unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.to_owned()
}
