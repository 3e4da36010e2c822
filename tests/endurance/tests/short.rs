//! The program itself, run for the worlds of two runtimes.

use std::process::Command;

#[test]
fn a_few_worlds_are_clean() {
    // The program has a watchdog of its own.
    let mut program = Command::new(env!("CARGO_BIN_EXE_overwrite-channel-endurance"));
    program.args(["--short", "--seconds=60", "--patience=30"]);
    let output = program.output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.ends_with("clean\n"));
    // Everything that is counted has happened, but that few values are left in a channel.
    let has_not_happened = |line: &str| line.ends_with(" 0") && !line.contains("left");
    assert!(!report.lines().any(has_not_happened), "{report}");
}
