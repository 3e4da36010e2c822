//! The program itself, run for a few worlds.

use std::process::Command;

#[test]
fn a_few_worlds_are_clean() {
    // The program has a watchdog of its own.
    let mut program = Command::new(env!("CARGO_BIN_EXE_overwrite-channel-endurance"));
    program.args(["--worlds", "60", "--seconds", "60", "--patience", "30"]);
    let output = program.output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.ends_with("clean\n"));
    // Everything that is counted has happened, but that few values are left in a channel.
    let counts = report.lines().filter(|line| !line.contains("left"));
    let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse().ok());
    let counts: Vec<u64> = counts.collect();
    assert!(counts.len() >= 17 && !counts.contains(&0), "{report}");
}
