//! The example `cutover` as a user meets it: what it prints, and the status it exits with.

#![cfg(all(feature = "std", not(miri)))]
#![forbid(unsafe_code)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Short, and still long enough for a busy machine to send a sentinel in time.
const BRIEFLY: [&str; 4] = ["--timeout", "250ms", "--stall", "2"];

/// Returns the example, built: `cargo test` builds it before it runs this, but
/// `cargo test --test cutover` does not.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let this_test = env::current_exe().unwrap();
        let profile = this_test.ancestors().nth(2).unwrap();
        let example = profile.join("examples/cutover").with_extension(env::consts::EXE_EXTENSION);
        // cargo lists the sources in this file.
        let sources = fs::read_to_string(example.with_extension("d")).unwrap_or_default();
        let mut sources = sources.split_whitespace().skip(1);
        let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        let age = modified(&example);
        if age.is_none() || sources.any(|source| modified(source.as_ref()) > age) {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--example", "cutover"]);
            build.args(profile.ends_with("release").then_some("--release"));
            assert!(build.status().unwrap().success());
        }
        example
    })
}

/// Returns what the example writes to its outputs, and its exit status.
fn run(options: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(example()).args(options).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (out, err, output.status.code())
}

/// Plays briefly with one policy; returns what is printed, and the exit status.
fn play(policy: &str, options: &[&str]) -> (String, i32) {
    let (out, err, status) = run(&[&BRIEFLY[..], &["--policy", policy], options].concat());
    assert_eq!(err, "");
    (out, status.unwrap())
}

/// Returns the rows of the two plays: attempts, false timeouts, skipped, blocked, bytes, outcome.
fn rows(printed: &str) -> [[String; 6]; 2] {
    let columns = |row: &str| {
        let mut row = row.chars().skip(26);
        let mut column = |width| row.by_ref().take(width).collect::<String>().trim().to_owned();
        [9, 9, 8, 10, 7, 100].map(&mut column)
    };
    let pairs = printed.lines().zip(printed.lines().skip(1));
    let rows = pairs.filter(|(head, _)| head.starts_with("channel  ")).map(|(_, row)| columns(row));
    rows.collect::<Vec<_>>().try_into().unwrap()
}

fn outcomes(printed: &str) -> [String; 2] {
    rows(printed).map(|[.., outcome]| outcome)
}

/// Returns the path of a file with that content, named after the test that uses it.
fn file(name: &str, content: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// Returns the one line that is printed when the options are refused.
fn refused(options: &[&str]) -> String {
    let (out, err, status) = run(options);
    assert_eq!((&*out, status), ("", Some(2)));
    let line = err.strip_prefix("cutover: ").and_then(|line| line.strip_suffix('\n')).unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.to_owned()
}

#[test]
fn wrong_options_get_one_line() {
    let timeout = "expected a duration from 1ms to 60s, such as 250ms or 1.5s";
    let policies = "[possible values: rendezvous, bounded, drop-newest, drain-then-send, send, \
                    send-newest]";
    let whole = |least| format!(": expected a whole number from {least} to");
    for (option, value, placeholder, wrong) in [
        ("seed", "x", "NUMBER", format!("{} {}", whole(0), u64::MAX)),
        ("attempts", "0", "NUMBER", format!("{} 1000", whole(1))),
        ("max-retries", "-1", "NUMBER", format!("{} {}", whole(1), u64::MAX)),
        ("timeout", "0ms", "DURATION", format!(": {timeout}")),
        ("timeout", "61s", "DURATION", format!(": {timeout}")),
        ("timeout", "5", "DURATION", format!(": {timeout}")),
        ("timeout", "NaNs", "DURATION", format!(": {timeout}")),
        ("timeout", "-1s", "DURATION", format!(": {timeout}")),
        ("timeout", "1e99s", "DURATION", format!(": {timeout}")),
        ("timeout", "", "DURATION", format!(": {timeout}")),
        ("policy", "best", "POLICY", format!(" {policies}")),
    ] {
        assert_eq!(
            refused(&[&format!("--{option}={value}")]),
            format!("invalid value '{value}' for '--{option} <{placeholder}>'{wrong}")
        );
    }
    for option in ["--fast", "fast"] {
        let line = format!("unexpected argument '{option}' found; expected what --help says");
        assert_eq!(refused(&[option]), line);
    }
}

#[test]
fn a_wrong_events_file_gets_one_line() {
    let none = "1: expected a row event, timestamp,table,op; found none in the file";
    let fields = "timestamp,table,op: expected three fields with a comma between them, found";
    let seconds = "timestamp: expected whole Unix seconds, found";
    let utf8 = "2: timestamp,table,op: expected UTF-8 text, found \"\u{FFFD}\"";
    let op = "2: op: expected insert, update or delete, found \"upsert\"";
    for (content, wrong) in [
        (&b""[..], none.to_owned()),
        (b"1,a\n", format!("1: {fields} \"1,a\"")),
        (b"1,a,insert\n\n1,a,insert\n", format!("2: {fields} \"\"")),
        (b"timestamp,table,op\nnow,a,insert\n", format!("2: {seconds} \"now\"")),
        (b"+1,a,insert\n", format!("1: {seconds} \"+1\"")),
        (b"1,,insert\n", "1: table: expected a name, found \"\"".to_owned()),
        (b"1,a,insert\n1,a,upsert\n", op.to_owned()),
        (b"1,a,insert\n1,a,\xFF\n", utf8.to_owned()),
    ] {
        let path = file("wrong.csv", content);
        assert_eq!(refused(&["--events", &path]), format!("--events {path}: line {wrong}"));
    }
}

#[test]
fn a_file_that_cannot_be_opened_gets_one_line() {
    for (option, wrong) in
        [("--events", "cannot be read: "), ("--trace", "expected a file that can be written: ")]
    {
        let line = refused(&[option, "no/such/file"]);
        assert!(line.starts_with(&format!("{option} no/such/file: {wrong}")), "{line}");
    }
}

#[test]
fn a_trace_does_not_replace_the_events() {
    let path = file("both.csv", b"1,a,insert\n");
    let line = format!("--trace {path}: expected another file than that of --events");
    assert_eq!(refused(&["--events", &path, "--trace", &path]), line);
    assert_eq!(fs::read(path).unwrap(), b"1,a,insert\n");
}

#[test]
fn each_policy_ends_in_its_own_way() {
    const ON_TIME: &str = "cut over at the first chance";
    const LATE: &str = "cut over 1 attempt late";
    const STUCK: &str = "worker blocked for ever";
    for (policy, options, expected, status) in [
        ("send-newest", &[][..], [ON_TIME, ON_TIME], 0),
        ("send", &[], [ON_TIME, LATE], 0),
        // From here on the overwrite channel is not played.
        ("drain-then-send", &[], [ON_TIME, LATE], 1),
        ("drop-newest", &[], [LATE, LATE], 1),
        ("rendezvous", &[], [STUCK, STUCK], 1),
        ("bounded", &["--max-retries", "10"], [ON_TIME, ON_TIME], 1),
    ] {
        let (printed, exited) = play(policy, options);
        assert_eq!((outcomes(&printed), exited), (expected.map(String::from), status), "{policy}");
    }
}

#[test]
fn attempts_and_timeouts_are_counted() {
    let [first, second] = rows(&play("send-newest", &[]).0);
    assert_eq!(first[..3], ["3", "0", "1"]);
    assert_eq!(second[..3], ["3", "0", "0"]);
    let [first, _] = rows(&play("rendezvous", &[]).0);
    assert_eq!([&*first[0], &*first[3]], ["1", "for ever"]);
}

#[test]
fn the_memory_does_not_depend_on_max_retries() {
    let bytes = |retries| rows(&play("send", &["--max-retries", retries]).0)[0][4].clone();
    assert_eq!(bytes("3"), bytes("9999999999999"));
}

#[test]
fn a_bounded_channel_for_all_retries_cannot_be_built() {
    let (printed, _) = play("bounded", &[]);
    assert!(outcomes(&printed)[0].starts_with("died: "), "{printed}");
    assert!(printed.contains("its process said \"memory allocation of "), "{printed}");

    let (printed, _) = play("bounded", &["--max-retries", "18446744073709551615"]);
    assert_eq!(outcomes(&printed)[0], "died: capacity overflow");

    // A request that a machine could grant, and that would hurt it.
    let (printed, _) = play("bounded", &["--max-retries", "100000000"]);
    assert!(outcomes(&printed)[0].starts_with("died: "), "{printed}");
}

#[test]
fn without_an_attempt_that_can_succeed_it_fails() {
    let (printed, status) = play("send-newest", &["--attempts", "2"]);
    assert_eq!(outcomes(&printed), ["not cut over"; 2]);
    assert!(printed.contains("the worker stalled through every attempt"));
    assert_eq!(status, 1);
}

/// Lines may end as on Windows, and need no header.
#[test]
fn events_are_replayed() {
    let windows = file("windows.csv", b"1,a,insert\r\n5,b,delete\r\n");
    for (path, rows) in [
        ("examples/data/sysbench-binlog.csv", "rows: 4700 in 4 tables, recorded over 10 s"),
        (&windows, "rows: 2 in 2 tables, recorded over 4 s"),
    ] {
        let (printed, status) = play("send-newest", &["--events", path]);
        assert!(printed.contains(rows), "{printed}");
        assert_eq!(status, 0);
    }
}

#[test]
fn a_trace_has_one_line_an_event() {
    let path = file("trace", b"");
    play("send-newest", &["--trace", &path, "--policy", "bounded", "--max-retries", "9"]);
    let trace = fs::read_to_string(path).unwrap();
    for line in trace.lines() {
        let (elapsed, event) = line.split_once(" ms  ").unwrap();
        assert!(elapsed.trim().parse::<f64>().is_ok(), "{line}");
        let actor = event.split(' ').next().unwrap();
        assert!(["play", "migrator", "courier", "worker"].contains(&actor), "{line}");
    }
    // Two policies in two plays; in each, the third attempt cuts over.
    assert_eq!(trace.matches("attempt 3 cuts over").count(), 4);
}
