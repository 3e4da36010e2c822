//! The example `fleet` as a user meets it, with a server that freezes, stops, dies and comes back.
//!
//! On Linux only: `/proc` says when a process is frozen.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

use std::{
    fs::{self, DirEntry},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering::Relaxed},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};
use support::example;
use tempfile::TempDir;

/// Many times longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);
static FLEET: LazyLock<PathBuf> = LazyLock::new(|| {
    example::built("fleet", &["--package=overwrite-channel-runtimes", "--features=fleet"])
});

/// The lines that a process writes to an output.
struct Lines(Receiver<String>);

impl Lines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let (tx, lines) = channel();
        let lines_of = BufReader::new(output).lines().map_while(Result::ok);
        thread::spawn(move || lines_of.map(|line| tx.send(line)).for_each(drop));
        Self(lines)
    }

    /// Returns what the next line with these words says after them, or `None` at the end.
    fn after(&mut self, words: &str) -> Option<String> {
        self.find_map(|line| Some(line.split_once(words)?.1.to_owned()))
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let line = self.0.recv_timeout(PATIENCE);
        assert_ne!(line, Err(RecvTimeoutError::Timeout), "no line in {PATIENCE:?}");
        line.ok()
    }
}

/// A process that is killed with this.
struct Process {
    child: Child,
    out: Lines,
    err: Lines,
}

impl Process {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{program} ({error}): is the package nats-server installed, and in PATH?")
        });
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Stops every thread of the process, and returns when they have stopped.
    fn freeze(&self) {
        self.signal("STOP");
        let threads = format!("/proc/{}/task", self.child.id());
        let has_stopped = |thread: DirEntry| {
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T'))
        };
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_dir(&threads).unwrap().flatten().all(has_stopped) {
            assert!(Instant::now() < deadline, "it still runs");
            thread::yield_now();
        }
    }

    /// Waits for the end, and returns the lines until then and the exit status.
    fn end(&mut self) -> (Vec<String>, Option<i32>) {
        let lines = self.out.by_ref().chain(&mut self.err).collect();
        (lines, self.child.wait().unwrap().code())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _has_ended = self.child.kill();
        self.child.wait().unwrap();
    }
}

/// A server with a port and a folder of its own.
struct Server {
    process: Process,
    address: String,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        // Below the ports of clients: a client that reconnects to one of those can meet itself there.
        static PORTS: AtomicU16 = AtomicU16::new(0);
        let first = 10_000 + u16::try_from(process::id() % 20_000).unwrap();
        let folder = tempfile::tempdir().unwrap();
        loop {
            let address = format!("127.0.0.1:{}", first + PORTS.fetch_add(1, Relaxed));
            if TcpListener::bind(&address).is_ok() {
                if let Some(process) = Self::process(&address, Some(&folder)) {
                    return Self { process, address, folder };
                }
            }
        }
    }

    /// Returns the process when it is ready, or `None` if it ends before, because the port is taken. It has `JetStream` if it
    /// has a folder.
    fn process(address: &str, folder: Option<&TempDir>) -> Option<Process> {
        let (host, port) = address.split_once(':')?;
        let mut options = vec!["--addr", host, "--port", port];
        if let Some(folder) = folder {
            options.extend(["--jetstream", "--store_dir", folder.path().to_str().unwrap()]);
        }
        let mut process = Process::start("nats-server", &options);
        process.err.after("Server is ready").map(|_| process)
    }

    fn restart(&mut self) {
        self.process = Self::process(&self.address, Some(&self.folder)).expect("the port is free");
    }

    fn fleet(&self, command: &str, rest: &[&str]) -> Process {
        fleet(&[&[command, &self.address], rest].concat())
    }
}

fn fleet(arguments: &[&str]) -> Process {
    Process::start(FLEET.to_str().unwrap(), arguments)
}

/// Lets each of two producers send so many positions. Returns the sequence of the newest, how often the sends allocated, and
/// the bytes that the process holds, when all sends have ended.
fn burst(vehicle: &mut Process, count: usize) -> (u64, usize, isize) {
    writeln!(vehicle.child.stdin.as_ref().unwrap(), "{count}").unwrap();
    let said = vehicle.out.after(&format!("sent {} up to ", 2 * count)).unwrap();
    let (newest, said) = said.split_once(": ").unwrap();
    let (allocations, said) = said.split_once(" allocations, ").unwrap();
    let live_bytes = said.strip_suffix(" bytes live").unwrap();
    (newest.parse().unwrap(), allocations.parse().unwrap(), live_bytes.parse().unwrap())
}

/// A `fleet watch`, and what arrived there last.
struct Watcher(Process, u64);

impl Watcher {
    fn start(server: &Server) -> Self {
        Self(server.fleet("watch", &["fleet", "truck7"]), 0)
    }

    /// Waits until this arrives, and checks that none arrives that is older than what arrived before.
    fn sees(&mut self, newest: u64) {
        while self.1 < newest {
            let arrived = self.0.out.after("arrived: ").unwrap().parse().unwrap();
            assert!(self.1 < arrived, "{arrived} after {}", self.1);
            self.1 = arrived;
        }
        assert_eq!(self.1, newest);
    }
}

#[test]
fn the_newest_arrives_after_each_outage_and_no_older_one_after_it() {
    const SENDS: usize = 100_000;
    let mut server = Server::start();
    assert_eq!(server.fleet("create", &["fleet"]).end(), (vec![], Some(0)));
    let mut watchers = vec![Watcher::start(&server)];
    let mut vehicle = server.fleet("send", &["fleet", "truck7"]);
    let (newest, _, live_bytes) = burst(&mut vehicle, SENDS);
    watchers[0].sees(newest);
    for outage in ["STOP", "TERM", "KILL"] {
        if outage == "STOP" {
            server.process.freeze();
            // The forwarder tries to store one of these, and does not learn whether the server has it.
            burst(&mut vehicle, SENDS);
            vehicle.err.after("not stored yet").unwrap();
        } else {
            server.process.signal(outage);
            server.process.end();
        }
        // All sends end although no server answers.
        let (newest, allocations, live_bytes_now) = burst(&mut vehicle, SENDS);
        assert_eq!(allocations, 0);
        // Queued, the positions would take megabytes.
        let growth = live_bytes_now - live_bytes;
        assert!(growth < 100_000, "{growth} bytes more after {outage}");
        if outage == "STOP" {
            server.process.signal("CONT");
        } else {
            server.restart();
        }
        for watcher in &mut watchers {
            watcher.sees(newest);
        }
        // One that comes later begins with the newest.
        watchers.push(Watcher::start(&server));
        watchers.last_mut().unwrap().sees(newest);
    }

    // Two processes forward to one key.
    let mut other = server.fleet("send", &["fleet", "truck7"]);
    for _ in 0..10 {
        let newest = thread::scope(|scope| {
            let senders = [&mut vehicle, &mut other];
            let bursts = senders.map(|sender| scope.spawn(|| burst(sender, SENDS).0));
            bursts.map(|burst| burst.join().unwrap()).into_iter().max().unwrap()
        });
        watchers[0].sees(newest);
    }

    // One ends with its input, when the last position is stored; the others on Ctrl-C.
    let (last, ..) = burst(&mut other, 1);
    drop(other.child.stdin.take());
    assert_eq!(other.end().1, Some(0));
    vehicle.signal("INT");
    assert_eq!(vehicle.end().1, Some(0));
    for watcher in &mut watchers {
        watcher.sees(last);
        watcher.0.signal("INT");
        // Nothing but that: no older one was ever in the bucket.
        assert_eq!(watcher.0.end(), (vec!["ended".into()], Some(0)));
    }
}

/// Checks that the process says one line with these words, and exits with status 2.
#[track_caller]
fn refuses(mut process: Process, words: [&str; 2]) {
    drop(process.child.stdin.take());
    let (lines, status) = process.end();
    assert_eq!((lines.len(), status), (1, Some(2)), "{lines:?}");
    assert!(lines[0].starts_with("fleet: "), "{lines:?}");
    assert!(words.iter().all(|words| lines[0].contains(words)), "{lines:?}");
}

#[test]
fn a_wrong_address_gets_one_line() {
    // No server listens at port 1.
    for address in ["127.0.0.1:1", "no such::address"] {
        let start =
            "start one with `nats-server --jetstream --store_dir FOLDER`, at 127.0.0.1:4222";
        refuses(fleet(&["send", address, "fleet", "truck7"]), ["there is no server at", start]);
    }
    refuses(fleet(&["send"]), ["expected", "`send SERVER BUCKET KEY`"]);
}

#[test]
fn a_wrong_server_bucket_key_or_input_gets_one_line() {
    let mut server = Server::start();
    refuses(server.fleet("create", &["two words"]), ["cannot be made", "choose another name"]);
    for bucket in ["absent", "two words", ""] {
        refuses(server.fleet("watch", &[bucket, "truck7"]), ["no bucket", "`fleet create"]);
    }
    assert_eq!(server.fleet("create", &["fleet"]).end(), (vec![], Some(0)));
    for key in ["two words", "*", ""] {
        refuses(server.fleet("watch", &["fleet", key]), ["holds no position", "choose another"]);
    }
    let process = server.fleet("send", &["fleet", "truck7"]);
    writeln!(process.child.stdin.as_ref().unwrap(), "many").unwrap();
    refuses(process, ["expected how many positions to send", "found \"many\""]);
    server.process.signal("TERM");
    server.process.end();
    server.process = Server::process(&server.address, None).expect("the port is free");
    for (command, rest) in [("create", &["fleet"][..]), ("send", &["fleet", "truck7"])] {
        refuses(server.fleet(command, rest), ["has no JetStream", "`nats-server --jetstream"]);
    }
}
