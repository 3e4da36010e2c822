//! The example `cutover` as a user meets it: what it prints, and the status it exits with.

#![cfg(all(feature = "std", not(miri)))]
#![forbid(unsafe_code)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
    time::SystemTime,
};

/// Short, and still long enough for a busy machine to send a sentinel in time.
const BRIEFLY: [&str; 4] = ["--timeout", "100ms", "--stall", "2"];

/// The built example. `cargo test` builds it before it runs this; `cargo test --test cutover` alone
/// does not.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let this_test = env::current_exe().unwrap();
        let profile = this_test.ancestors().nth(2).unwrap();
        let example = profile.join("examples/cutover").with_extension(env::consts::EXE_EXTENSION);
        if modified(&example) < modified_last(Path::new("examples/cutover")) {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--example", "cutover"]);
            if profile.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success());
        }
        example
    })
}

/// `None`, which is before everything, if there is no such file.
fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn modified_last(directory: &Path) -> Option<SystemTime> {
    fs::read_dir(directory).unwrap().map(|entry| modified(&entry.unwrap().path())).max().unwrap()
}

fn run(options: &[&str]) -> Output {
    Command::new(example()).args(options).output().unwrap()
}

/// What it prints for one policy, briefly, and its status.
fn play(policy: &str, options: &[&str]) -> (String, Option<i32>) {
    let options = [&BRIEFLY[..], &["--policy", policy], options].concat();
    let output = run(&options);
    assert_eq!(text(&output.stderr), "");
    (text(&output.stdout), output.status.code())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The table's rows of that channel: what stands in each column.
fn rows(printed: &str, channel: &str) -> Vec<[String; 6]> {
    let rows = printed.lines().filter_map(|line| line.strip_prefix(channel));
    let columns = |row: &str| {
        // The column for the channel's name is 26 wide.
        let row = &row[26 - channel.len()..];
        let mut words = row.split_whitespace();
        // "for ever" is one column.
        let mut column = || match words.next().unwrap() {
            "for" => format!("for {}", words.next().unwrap()),
            word => word.to_owned(),
        };
        let [attempts, timeouts, skipped] = [column(), column(), column()];
        let [blocked, bytes] = [column(), column()];
        [attempts, timeouts, skipped, blocked, bytes, words.collect::<Vec<_>>().join(" ")]
    };
    rows.filter(|row| row.starts_with([' ', '('])).map(columns).collect()
}

/// A file with that content, named after the test that uses it.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

/// Refused with exactly this line, and nothing else.
fn assert_refused(options: &[&str], line: &str) {
    let output = run(options);
    assert_eq!(text(&output.stderr), format!("cutover: {line}\n"));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn wrong_options_get_one_line() {
    assert_refused(
        &["--seed", "x"],
        "invalid value 'x' for '--seed <NUMBER>': expected a whole number from 0 to \
         18446744073709551615",
    );
    assert_refused(
        &["--attempts", "0"],
        "invalid value '0' for '--attempts <NUMBER>': expected a whole number from 1 to 1000",
    );
    assert_refused(
        &["--max-retries=-1"],
        "invalid value '-1' for '--max-retries <NUMBER>': expected a whole number from 1 to \
         18446744073709551615",
    );
    for timeout in ["0ms", "61s", "5", "NaNs", "-1s", "1e99s", ""] {
        assert_refused(
            &[&format!("--timeout={timeout}")],
            &format!(
                "invalid value '{timeout}' for '--timeout <DURATION>': expected a duration from \
                 1ms to 60s, such as 250ms or 1.5s"
            ),
        );
    }
    assert_refused(
        &["--policy", "best"],
        "invalid value 'best' for '--policy <POLICY>' [possible values: rendezvous, bounded, \
         drop-newest, drain-then-send, send, send-newest]",
    );
    assert_refused(&["--fast"], "unexpected argument '--fast' found; expected what --help says");
    assert_refused(&["fast"], "unexpected argument 'fast' found; expected what --help says");
}

#[test]
fn a_wrong_events_file_gets_one_line() {
    for (content, wrong) in [
        (&b""[..], "line 1: expected a row event, timestamp,table,op; found none in the file"),
        (
            b"1,a\n",
            "line 1: timestamp,table,op: expected three fields with a comma between them, \
             found \"1,a\"",
        ),
        (
            b"1,a,insert\n\n1,a,insert\n",
            "line 2: timestamp,table,op: expected three fields with a comma between them, \
             found \"\"",
        ),
        (
            b"timestamp,table,op\nnow,a,insert\n",
            "line 2: timestamp: expected whole Unix seconds, found \"now\"",
        ),
        (b"+1,a,insert\n", "line 1: timestamp: expected whole Unix seconds, found \"+1\""),
        (b"1,,insert\n", "line 1: table: expected a name, found \"\""),
        (
            b"1,a,insert\n1,a,upsert\n",
            "line 2: op: expected insert, update or delete, found \"upsert\"",
        ),
        (
            b"1,a,insert\n1,a,\xFF\n",
            "line 2: timestamp,table,op: expected UTF-8 text, found \"\u{FFFD}\"",
        ),
    ] {
        let path = file("wrong.csv", content);
        let path = path.to_str().unwrap();
        assert_refused(&["--events", path], &format!("--events {path}: {wrong}"));
    }
    let output = run(&["--events", "no/such/file.csv"]);
    assert!(
        text(&output.stderr).starts_with("cutover: --events no/such/file.csv: cannot be read: ")
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_trace_that_cannot_be_written_gets_one_line() {
    let output = run(&["--trace", "no/such/directory/trace"]);
    let line = text(&output.stderr);
    assert!(line.starts_with(
        "cutover: --trace no/such/directory/trace: expected a file that can be written"
    ));
    assert_eq!(line.lines().count(), 1);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_trace_does_not_replace_the_events() {
    let path = file("both.csv", b"1,a,insert\n");
    let path = path.to_str().unwrap();
    let line = format!("--trace {path}: expected another file than that of --events");
    assert_refused(&["--events", path, "--trace", path], &line);
    assert_eq!(fs::read(path).unwrap(), b"1,a,insert\n");
}

#[test]
fn send_newest_is_on_time_in_both_plays() {
    let (printed, status) = play("send-newest", &[]);
    let [first, second] = &rows(&printed, "overwrite send_newest")[..] else {
        panic!("{printed}");
    };
    assert_eq!(first[..3], ["3", "0", "1"].map(String::from));
    assert_eq!(second[..3], ["3", "0", "0"].map(String::from));
    assert_eq!(
        (&*first[5], &*second[5]),
        ("cut over at the first chance", "cut over at the first chance")
    );
    assert_eq!(status, Some(0));
}

#[test]
fn send_is_on_time_unless_it_is_overtaken() {
    let (printed, status) = play("send", &[]);
    let [first, second] = &rows(&printed, "overwrite send")[..] else {
        panic!("{printed}");
    };
    assert_eq!(first[5], "cut over at the first chance");
    assert_eq!(second[5], "cut over 1 attempt late");
    assert_eq!(status, Some(0));
}

#[test]
fn the_memory_does_not_depend_on_max_retries() {
    let bytes = |max_retries| {
        let (printed, _) = play("send", &["--max-retries", max_retries]);
        rows(&printed, "overwrite send")[0][4].clone()
    };
    assert_eq!(bytes("3"), bytes("9999999999999"));
}

#[test]
fn a_rendezvous_blocks_the_worker_for_ever() {
    let (printed, status) = play("rendezvous", &[]);
    let first = &rows(&printed, "rendezvous")[0];
    assert_eq!((&*first[0], &*first[3], &*first[5]), ("1", "for ever", "worker blocked for ever"));
    assert_eq!(status, Some(1)); // the overwrite channel was not played
}

#[test]
fn a_bounded_channel_for_all_retries_cannot_be_built() {
    let (printed, _) = play("bounded", &[]);
    let first = &rows(&printed, "bounded")[0];
    assert!(first[5].starts_with("died: "), "{printed}");
    assert!(printed.contains("its process said \"memory allocation of "), "{printed}");

    let (printed, _) = play("bounded", &["--max-retries", "18446744073709551615"]);
    assert_eq!(rows(&printed, "bounded")[0][5], "died: capacity overflow");

    // A request that a machine could grant, and that would hurt it.
    let (printed, _) = play("bounded", &["--max-retries", "100000000"]);
    assert!(rows(&printed, "bounded")[0][5].starts_with("died: "), "{printed}");
}

#[test]
fn a_bounded_channel_for_few_retries_works() {
    let (printed, _) = play("bounded", &["--max-retries", "10"]);
    for row in rows(&printed, "bounded") {
        assert_eq!(row[5], "cut over at the first chance");
    }
}

#[test]
fn drop_newest_times_out_falsely() {
    let (printed, _) = play("drop-newest", &[]);
    assert_eq!(rows(&printed, "drop-newest")[0][5], "cut over 1 attempt late");
}

#[test]
fn drain_then_send_is_on_time_unless_it_is_overtaken() {
    let (printed, _) = play("drain-then-send", &[]);
    let rows = rows(&printed, "drain-then-send");
    assert_eq!(rows[0][5], "cut over at the first chance");
    assert_eq!(rows[1][5], "cut over 1 attempt late");
}

#[test]
fn without_an_attempt_that_can_succeed_it_fails() {
    let (printed, status) = play("send-newest", &["--attempts", "2"]);
    assert!(rows(&printed, "overwrite send_newest").iter().all(|row| row[5] == "not cut over"));
    assert!(printed.contains("the worker stalled through every attempt"));
    assert_eq!(status, Some(1));
}

#[test]
fn the_sample_is_replayed() {
    let (printed, status) = play("send-newest", &["--events", "examples/data/sysbench-binlog.csv"]);
    assert!(printed.contains("rows: 4700 in 4 tables, recorded over 10 s"), "{printed}");
    assert_eq!(status, Some(0));
}

#[test]
fn lines_may_end_as_on_windows_and_need_no_header() {
    let path = file("windows.csv", b"1,a,insert\r\n5,b,delete\r\n");
    let (printed, status) = play("send-newest", &["--events", path.to_str().unwrap()]);
    assert!(printed.contains("rows: 2 in 2 tables, recorded over 4 s"), "{printed}");
    assert_eq!(status, Some(0));
}

#[test]
fn a_trace_has_one_line_an_event() {
    let path = file("trace", b"");
    let options = ["--trace", path.to_str().unwrap(), "--policy", "bounded", "--max-retries", "9"];
    play("send-newest", &options);
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
