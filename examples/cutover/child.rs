//! A play in a process of its own: a channel that cannot be built takes only that process with it.

#![forbid(unsafe_code)]

use crate::{
    memory,
    play::play,
    policies::Bounded,
    report::Report,
    setting::{Order, Setting},
    trace::Line,
};
use clap::ValueEnum;
use std::{
    env,
    io::{self, Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The hidden option that makes a process such a child.
pub(crate) const OPTION: &str = "in-child";

/// The child gets no more than this for one allocation: `std` writes to every place of a new
/// channel, and memory that a machine promises lightly can bring it down when it is used.
const LIMIT: usize = 100_000_000;

/// How a child ended that has no report to give.
#[derive(Debug)]
pub(crate) struct Death {
    /// In a few words.
    pub(crate) cause: String,
    /// What it said, and what the system said of it.
    pub(crate) details: String,
}

/// In the child: plays, and writes what the parent is to read.
pub(crate) fn play_for_parent(
    setting: &Setting<'_>,
    traced: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    memory::refuse_requests_above(LIMIT);
    let (report, lines) = play::<Bounded>(setting, traced);
    for Line { elapsed, actor, what } in lines {
        writeln!(out, "{} {actor} {what}", elapsed.as_nanos())?;
    }
    writeln!(out, "{}", report.to_line())
}

/// In the parent: plays it in a child that has the same options.
pub(crate) fn play_in_child(
    order: Order,
    patience: Duration,
) -> Result<(Report, Vec<Line>), Death> {
    let order = order.to_possible_value().map_or(String::new(), |value| value.get_name().into());
    let ended = env::current_exe().and_then(|example| {
        let mut command = Command::new(example);
        command.arg(format!("--{OPTION}={order}")).args(env::args_os().skip(1));
        run(command.env("RUST_BACKTRACE", "0"), patience)
    });
    let (status, said, complained) = ended.map_err(|error| Death {
        cause: String::from("no child process"),
        details: error.to_string(),
    })?;
    parse(&said).ok_or_else(|| autopsy(status, &complained))
}

/// Runs it to its end, or kills it after that time.
fn run(command: &mut Command, patience: Duration) -> io::Result<(ExitStatus, String, String)> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let said = scope.spawn(|| read_all(out));
        let complained = scope.spawn(|| read_all(err));
        let status = end(&mut child, patience)?;
        Ok((status, said.join().unwrap_or_default(), complained.join().unwrap_or_default()))
    })
}

fn end(child: &mut Child, patience: Duration) -> io::Result<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    child.wait()
}

fn read_all(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is all there is.
    let _error = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(said: &str) -> Option<(Report, Vec<Line>)> {
    let (trace, report) = match said.trim_end().rsplit_once('\n') {
        Some((trace, report)) => (trace, report),
        None => ("", said.trim_end()),
    };
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let elapsed = Duration::from_nanos(parts.next()?.parse().ok()?);
        let (actor, what) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Line { elapsed, actor, what })
    };
    Some((Report::from_line(report)?, trace.lines().map(line).collect::<Option<_>>()?))
}

fn autopsy(status: ExitStatus, complained: &str) -> Death {
    // The last line is what was wrong; one before it says where, if it was a panic.
    let lines = complained.lines().map(str::trim);
    let said = lines.rev().find(|line| !line.is_empty() && !line.starts_with("note:"));
    let said = said.unwrap_or_default().chars().take(100).collect::<String>();
    let refused = said
        .strip_prefix("memory allocation of ")
        .and_then(|rest| rest.strip_suffix(" bytes failed")?.parse().ok());
    let (cause, why) = match refused {
        // Asks for address space, touches none of it, and gives it back.
        Some(bytes) if Vec::<u8>::new().try_reserve_exact(bytes).is_err() => {
            (format!("no memory for {}", in_words(bytes)), "; this machine does not give that much")
        }
        Some(bytes) => {
            (format!("refused {}", in_words(bytes)), "; this example gives it 100 MB at most")
        }
        None => (said.clone(), ""),
    };
    let details = format!("its process said {said:?} and ended with {status}{why}");
    Death { cause: format!("died: {cause}"), details }
}

/// Rounded, with a unit.
fn in_words(bytes: usize) -> String {
    let mut amount = bytes;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if amount < 10_000 {
            return format!("{amount} {unit}");
        }
        amount = (amount + 500) / 1_000;
    }
    format!("{amount} PB")
}
