//! `cutover`: what it prints for each policy, and how it refuses bad input.

use super::{refused, run};
use std::{fs, path::Path, thread};

/// Times nothing out: it is played once, and waits for no more than its sentinel.
const ON_TIME: [&str; 4] = ["--timeout", "60s", "--stall", "0"];
/// Two attempts time out. The timeout is long enough for a busy machine to send a sentinel in time.
const LATE: [&str; 4] = ["--timeout", "2s", "--stall", "2"];

/// Plays with one policy; returns what is printed, and the exit status.
fn play(faults: [&str; 4], policy: &str, options: &[&str]) -> (String, i32) {
    let (out, err, status) =
        run("cutover", &[&faults[..], &["--policy", policy], options].concat());
    assert_eq!(err, "");
    (out, status.unwrap())
}

/// Returns the row of each play: attempts, false timeouts, skipped, blocked, bytes, outcome.
fn rows(printed: &str) -> Vec<[String; 6]> {
    let columns = |row: &str| {
        let mut row = row.chars().skip(26);
        let mut column = |width| row.by_ref().take(width).collect::<String>().trim().to_owned();
        [9, 9, 8, 10, 7, 100].map(&mut column)
    };
    let first_rows = printed.split("  outcome\n").skip(1).map(|rows| rows.lines().next().unwrap());
    first_rows.map(columns).collect()
}

/// Returns the path of a file with that content, named after the test that uses it.
fn file(name: &str, content: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

#[test]
fn wrong_options_get_one_line() {
    let whole = |least| format!(": expected a whole number from {least} to");
    let policies = " [possible values: rendezvous, bounded, drop-newest, drain-then-send, send, \
                    send-newest]";
    let mut wrong = vec![
        ("seed", "x", "NUMBER", format!("{} {}", whole(0), u64::MAX)),
        ("attempts", "0", "NUMBER", format!("{} 1000", whole(1))),
        ("max-retries", "-1", "NUMBER", format!("{} {}", whole(1), u64::MAX)),
        ("policy", "best", "POLICY", policies.into()),
    ];
    let timeout = ": expected a duration from 1ms to 60s, such as 250ms or 1.5s";
    let timeouts = ["0ms", "61s", "5", "NaNs", "-1s", "1e99s", ""];
    wrong.extend(timeouts.map(|value| ("timeout", value, "DURATION", timeout.into())));
    for (option, value, placeholder, wrong) in wrong {
        assert_eq!(
            refused("cutover", &[&format!("--{option}={value}")]),
            format!("invalid value '{value}' for '--{option} <{placeholder}>'{wrong}")
        );
    }
    for option in ["--fast", "fast"] {
        let line = format!("unexpected argument '{option}' found; expected what --help says");
        assert_eq!(refused("cutover", &[option]), line);
    }
}

#[test]
fn a_wrong_file_gets_one_line() {
    let fields = "three fields with a comma between them";
    for (content, at, expected, found) in [
        (&b"1,a\n"[..], "1: timestamp,table,op", fields, "1,a"),
        (b"1,a,insert\n\n1,a,insert\n", "2: timestamp,table,op", fields, ""),
        (b"timestamp,table,op\nnow,a,insert\n", "2: timestamp", "whole Unix seconds", "now"),
        (b"+1,a,insert\n", "1: timestamp", "whole Unix seconds", "+1"),
        (b"1,,insert\n", "1: table", "a name", ""),
        (b"1,a,insert\n1,a,upsert\n", "2: op", "insert, update or delete", "upsert"),
        (b"1,a,insert\n1,a,\xFF\n", "2: timestamp,table,op", "UTF-8 text", "\u{FFFD}"),
    ] {
        let path = file("wrong.csv", content);
        let line = format!("--events {path}: line {at}: expected {expected}, found {found:?}");
        assert_eq!(refused("cutover", &["--events", &path]), line);
    }
    let path = file("empty.csv", b"");
    let line = "line 1: expected a row event, timestamp,table,op; found none in the file";
    assert_eq!(refused("cutover", &["--events", &path]), format!("--events {path}: {line}"));
    for (option, wrong) in
        [("--events", "cannot be read: "), ("--trace", "expected a file that can be written: ")]
    {
        let line = refused("cutover", &[option, "no/such/file"]);
        assert!(line.starts_with(&format!("{option} no/such/file: {wrong}")), "{line}");
    }
    // A trace does not replace the events.
    let path = file("both.csv", b"1,a,insert\n");
    let line = format!("--trace {path}: expected another file than that of --events");
    assert_eq!(refused("cutover", &["--events", &path, "--trace", &path]), line);
    assert_eq!(fs::read(path).unwrap(), b"1,a,insert\n");
}

/// The policies wait for their timeouts at the same time.
#[test]
fn each_policy_ends_in_its_own_way() {
    const FIRST: &str = "cut over at the first chance";
    const SECOND: &str = "cut over 1 attempt late";
    const STUCK: &str = "worker blocked for ever";
    // For each play: attempts, false timeouts, perhaps what was skipped, and the outcome.
    thread::scope(|scope| {
        for (policy, options, expected, status) in [
            ("send-newest", &[][..], [("3 0 1", FIRST), ("3 0 0", FIRST)], 0),
            ("send-newest", &["--attempts", "2"], [("2 0", "not cut over"); 2], 1),
            ("send", &[], [("3 0", FIRST), ("4 1", SECOND)], 0),
            // From here on the overwrite channel is not played.
            ("drain-then-send", &[], [("3 0", FIRST), ("4 1", SECOND)], 1),
            ("drop-newest", &[], [("4 1", SECOND), ("4 1", SECOND)], 1),
            ("rendezvous", &[], [("1 0", STUCK), ("2 0", STUCK)], 1),
            ("bounded", &["--max-retries", "10"], [("3 0", FIRST), ("3 0", FIRST)], 1),
        ] {
            scope.spawn(move || {
                let (printed, exited) = play(LATE, policy, options);
                let rows = rows(&printed);
                assert_eq!(rows.len(), 2, "{printed}");
                for (row, (counts, expected)) in rows.into_iter().zip(expected) {
                    assert!(row[..3].join(" ").starts_with(counts), "{printed}");
                    assert_eq!((&*row[5], row[3] == "for ever"), (expected, expected == STUCK));
                }
                let stalled = printed.contains("the worker stalled through every attempt");
                assert_eq!(
                    (stalled, exited),
                    (options.contains(&"--attempts"), status),
                    "{policy}"
                );
            });
        }
    });
}

#[test]
fn the_memory_does_not_depend_on_max_retries() {
    let bytes = |retries| rows(&play(ON_TIME, "send", &["--max-retries", retries]).0)[0][4].clone();
    assert_eq!(bytes("3"), bytes("9999999999999"));
}

#[test]
fn a_bounded_channel_for_all_retries_cannot_be_built() {
    for (retries, death) in [
        ("9999999999999", "died: "),
        ("18446744073709551615", "died: capacity overflow"),
        // A request that a machine could grant, and that would hurt it.
        ("100000000", "died: "),
    ] {
        let (printed, _) = play(LATE, "bounded", &["--max-retries", retries]);
        assert!(rows(&printed)[0][5].starts_with(death), "{printed}");
        let said = printed.contains("its process said \"memory allocation of ");
        assert_eq!(said, death == "died: ", "{printed}");
    }
}

/// Lines may end as on Windows, and need no header.
#[test]
fn events_are_replayed() {
    let windows = file("windows.csv", b"1,a,insert\r\n5,b,delete\r\n");
    for (path, rows) in [
        ("examples/data/sysbench-binlog.csv", "rows: 4700 in 4 tables, recorded over 10 s"),
        (&windows, "rows: 2 in 2 tables, recorded over 4 s"),
    ] {
        let (printed, status) = play(ON_TIME, "send-newest", &["--events", path]);
        assert!(printed.contains(rows), "{printed}");
        assert_eq!(status, 0);
    }
}

#[test]
fn a_trace_has_one_line_an_event() {
    let path = file("trace", b"");
    play(LATE, "send-newest", &["--trace", &path, "--policy", "bounded", "--max-retries", "9"]);
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
