//! The program itself, run for a few worlds, and its answers to mistyped options.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_overwrite-channel-endurance");
    Command::new(program).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_few_worlds_are_clean() {
    // The program has a watchdog of its own.
    let output = run(&["--worlds", "60", "--seconds", "60", "--patience", "30"]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    // The number that comes after these words.
    let number = |words: &str| -> u64 {
        let line = stdout.lines().find_map(|line| line.trim_start().strip_prefix(words));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.unwrap_or_else(|| panic!("no {words:?} in {stdout}")).parse().unwrap()
    };
    assert!(number("worlds") >= 60);
    let fates = [
        "= received",
        "+ displaced",
        "+ handed back",
        "+ not wanted",
        "+ lost to a panic",
        "+ left",
    ];
    let fates: u64 = fates.into_iter().map(number).sum();
    assert_eq!(number("sent"), fates);
    assert!(fates > 0 && number("changes") > 0 && number("reported") > 0, "{stdout}");
    assert!(number("waits given up") > 0 && number("panics caught") > 0, "{stdout}");
    assert!(stdout.ends_with("clean\n"));
}

#[test]
fn what_is_mistyped_gets_one_line() {
    let mistyped: [&[&str]; 4] =
        [&["--seconds", "x"], &["--patience", "0"], &["--second", "1"], &["1"]];
    for arguments in mistyped {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
    }
}
