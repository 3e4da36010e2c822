//! How many instructions the hot operations take, by callgrind: the same on a busy machine and a quiet one.
//!
//! Each operation is run `N` and `2 N` times, in a process of its own; the difference is what `N` of them
//! took. The counts are compared with the recorded ones in `instructions.txt`. One that differs by more than the allowance
//! fails, also if it is less: a gain is to be recorded, or it could be lost again unseen. So does a `buffer` whose large
//! values cost more than its small ones. Without valgrind nothing is measured, which fails only where the variable `CI` is
//! set.
//!
//! ```text
//! cargo bench --bench instructions              # compare
//! cargo bench --bench instructions -- --record  # write instructions.txt
//! ```

use overwrite_channel::{
    Receiver, Sender, StaticChannel, buffer, channel, wait_any_timeout, watch,
};
use std::{
    env,
    fmt::Write,
    fs,
    hint::black_box,
    mem::MaybeUninit,
    process::{Command, ExitCode, Stdio},
    task::{Context, Waker},
    time::Duration,
};

const N: u32 = 1_000;
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

/// Another compiler makes other code.
const ALLOWANCE: f64 = 0.02;
const ALLOWANCE_OF_ANOTHER_COMPILER: f64 = 0.15;

/// Never over.
const TIMEOUT: Duration = Duration::from_secs(3600);

/// A `buffer` costs the same for both, up to so many instructions: the values are not touched.
const SMALL_AND_LARGE: [&str; 2] =
    ["buffer: publish + update of 8 B", "buffer: publish + update of 1 MiB"];
const SIZE_COSTS: f64 = 5.0;

/// Never written: it would pass over the stack.
type Large = MaybeUninit<[u8; 1 << 20]>;

/// What the operations are done with.
struct Handles {
    tx: Sender<u64>,
    rx: Receiver<u64>,
    watch_tx: watch::Sender<u64>,
    watch_rx: watch::Receiver<u64>,
    small: (buffer::Writer<u64>, buffer::Reader<u64>),
    large: (buffer::Writer<Large>, buffer::Reader<Large>),
    in_static: (Sender<u64>, Receiver<u64>),
}

static CHANNEL: StaticChannel<u64, 4> = StaticChannel::new();

type Operation = fn(&mut Handles);

const OPERATIONS: [(&str, Operation); 20] = [
    ("send, displacing", |Handles { tx, .. }| _ = black_box(tx.send(black_box(1)))),
    ("send + try_recv", |Handles { tx, rx, .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(rx.try_recv());
    }),
    ("try_recv, empty", |Handles { rx, .. }| _ = black_box(rx.try_recv())),
    ("send_newest_by_key, displacing", |Handles { tx, .. }| {
        let _ = black_box(tx.send_newest_by_key(black_box(1), |value| *value));
    }),
    ("poll_recv + send that wakes + poll_recv", |Handles { tx, rx, .. }| {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(black_box(rx.poll_recv(&mut cx)).is_pending());
        let _ = black_box(tx.send(black_box(1)));
        assert!(black_box(rx.poll_recv(&mut cx)).is_ready());
    }),
    ("recv of a value that is there + send", |Handles { tx, rx, .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(rx.recv());
    }),
    // These read no clock, which would take some 50 instructions more.
    ("recv_timeout of a value that is there + send", |Handles { tx, rx, .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(rx.recv_timeout(black_box(TIMEOUT)));
    }),
    ("recv_matching_timeout of a value that is there + send", |Handles { tx, rx, .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(rx.recv_matching_timeout(black_box(TIMEOUT), |value| *value == 1));
    }),
    ("wait_any_timeout of a value that is there + send", |Handles { tx, rx, .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(wait_any_timeout(&mut [rx], black_box(TIMEOUT)));
    }),
    ("watch: send", |Handles { watch_tx, .. }| {
        let _ = black_box(watch_tx.send(black_box(1)));
    }),
    ("watch: send_modify", |Handles { watch_tx, .. }| {
        watch_tx.send_modify(|value| *value = black_box(1));
    }),
    ("watch: borrow", |Handles { watch_rx, .. }| {
        black_box(*watch_rx.borrow());
    }),
    ("watch: has_changed", |Handles { watch_rx, .. }| {
        let _ = black_box(watch_rx.has_changed());
    }),
    ("watch: blocking_changed_timeout of a change", |Handles { watch_rx, .. }| {
        watch_rx.mark_changed();
        let _ = black_box(watch_rx.blocking_changed_timeout(black_box(TIMEOUT)));
    }),
    ("watch: blocking_wait_for_timeout of a value", |Handles { watch_rx, .. }| {
        let is_wanted = |value: &u64| *value == 1;
        let _ = black_box(watch_rx.blocking_wait_for_timeout(black_box(TIMEOUT), is_wanted));
    }),
    (SMALL_AND_LARGE[0], |Handles { small: (writer, reader), .. }| {
        let _ = black_box(writer.publish());
        black_box(reader.update());
    }),
    (SMALL_AND_LARGE[1], |Handles { large: (writer, reader), .. }| {
        let _ = black_box(writer.publish());
        black_box(reader.update());
    }),
    ("buffer: wait of a value that is there + publish", |Handles { small, .. }| {
        let (writer, reader) = small;
        let _ = black_box(writer.publish());
        let _ = black_box(reader.wait());
    }),
    ("StaticChannel: send + try_recv", |Handles { in_static: (tx, rx), .. }| {
        let _ = black_box(tx.send(black_box(1)));
        let _ = black_box(rx.try_recv());
    }),
    ("StaticChannel: poll_recv + send that wakes + poll_recv", |Handles { in_static, .. }| {
        let (tx, rx) = in_static;
        let mut cx = Context::from_waker(Waker::noop());
        assert!(black_box(rx.poll_recv(&mut cx)).is_pending());
        let _ = black_box(tx.send(black_box(1)));
        assert!(black_box(rx.poll_recv(&mut cx)).is_ready());
    }),
];

fn run(name: &str, times: u32) {
    let (_, operation) = OPERATIONS.iter().find(|(other, _)| *other == name).expect("an operation");
    let (tx, rx) = channel();
    let (watch_tx, watch_rx) = watch::channel(1);
    let (small, large) = (buffer::channel(1), buffer::channel_with(MaybeUninit::uninit));
    let in_static = CHANNEL.split().expect("the first split");
    let mut handles = Handles { tx, rx, watch_tx, watch_rx, small, large, in_static };
    repeat(*operation, &mut handles, times);
}

/// By itself, so that the loop is the same wherever the handles lie.
#[inline(never)]
fn repeat(operation: Operation, handles: &mut Handles, times: u32) {
    for _ in 0..times {
        operation(handles);
    }
}

/// The instructions of a whole process.
fn count(name: &str, times: u32) -> Result<u32, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--run", name, &times.to_string()])
        .stdin(Stdio::null())
        // What changes the environment's size changes nothing between two runs.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("valgrind counted nothing: {text}"))
}

fn instructions(name: &str) -> Result<f64, String> {
    let more = count(name, 2 * N)? - count(name, N)?;
    // One digit, as it is printed and recorded.
    Ok((f64::from(more) / f64::from(N) * 10.0).round() / 10.0)
}

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc).arg("-vV").output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let field = |name| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("?").trim();
    format!("{} {}", field("release:"), field("host:"))
}

/// What is recorded: a line for the compiler, then one for each operation.
fn written(counts: &[f64]) -> String {
    let mut text = format!("{}\n", compiler());
    for ((name, _), count) in OPERATIONS.iter().zip(counts) {
        writeln!(text, "{count:>8.1}  {name}").expect("a string takes it");
    }
    text
}

/// The compiler and the counts that are recorded; `None` if they are those of other operations.
fn read(text: &str) -> Option<(&str, Vec<f64>)> {
    let (compiler, lines) = text.split_once('\n')?;
    let mut lines = lines.lines();
    let counts = OPERATIONS.map(|(name, _)| lines.next()?.strip_suffix(name)?.trim().parse().ok());
    let counts = counts.into_iter().collect::<Option<_>>()?;
    lines.next().is_none().then_some((compiler, counts))
}

/// Prints the counts beside the recorded ones, and returns `true` if all are within the allowance.
fn compare(counts: &[f64], (recorded_with, recorded): (&str, Vec<f64>)) -> bool {
    let compiler = compiler();
    let same = compiler == recorded_with;
    let allowance = if same { ALLOWANCE } else { ALLOWANCE_OF_ANOTHER_COMPILER };
    println!(
        "Instructions of an operation; {compiler}. Allowed: {:.0} % more or fewer.",
        allowance * 100.0
    );
    if !same {
        println!("Recorded with {recorded_with}.");
    }
    println!("\n{:<56}{:>10}{:>10}", "", "now", "recorded");
    let mut good = true;
    for (((name, _), count), before) in OPERATIONS.iter().zip(counts).zip(recorded) {
        let verdict = match count / before {
            ratio if ratio > 1.0 + allowance => "  too many",
            ratio if ratio < 1.0 - allowance => "  fewer: record them",
            _ => "",
        };
        good &= verdict.is_empty();
        println!("{name:<56}{count:>10.1}{before:>10.1}{verdict}");
    }
    good
}

/// Fails if the size of a value that stays in place costs anything.
fn check_sizes(counts: &[f64]) -> Result<(), String> {
    let at = |name| OPERATIONS.iter().position(|(other, _)| *other == name).expect("an operation");
    let [small, large] = SMALL_AND_LARGE.map(|name| counts[at(name)]);
    let same = (large - small).abs() <= SIZE_COSTS;
    same.then_some(()).ok_or(format!("{SMALL_AND_LARGE:?} differ: {small} and {large}"))
}

/// Records the counts, or returns `true` if they are as recorded.
fn count_all(record: bool) -> Result<bool, String> {
    let counts = OPERATIONS.iter().map(|(name, _)| instructions(name));
    let counts = counts.collect::<Result<Vec<_>, _>>()?;
    check_sizes(&counts)?;
    let of_file = |error| format!("{RECORD}: {error}");
    if record {
        return fs::write(RECORD, written(&counts)).map(|()| true).map_err(of_file);
    }
    let text = fs::read_to_string(RECORD).map_err(of_file)?;
    let recorded = read(&text).ok_or(format!("{RECORD} has other operations: record these"))?;
    Ok(compare(&counts, recorded))
}

fn main() -> ExitCode {
    let args: Vec<_> = env::args().collect();
    let has = |option: &str| args.iter().any(|arg| arg == option);
    if let [_, run_option, name, times] = &args[..] {
        if run_option == "--run" {
            run(name, times.parse().expect("a count"));
            return ExitCode::SUCCESS;
        }
    }
    if has("--test") || !has("--bench") {
        for (name, _) in OPERATIONS {
            run(name, 2);
        }
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("Instructions are not counted: there is no valgrind.");
        return if env::var_os("CI").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    match count_all(has("--record")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
