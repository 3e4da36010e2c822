//! Blocking calls open no file and take no lock of the process: they work in a sandbox that kills a process that
//! opens a file, and in a child that was forked while another thread waited.
//!
//! On Linux only, because the sandbox is a seccomp filter, and it knows the system calls of two architectures. Not
//! under Miri, which makes no processes.
#![cfg(all(
    feature = "std",
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(miri)
))]

#[path = "buffer/ways.rs"]
#[expect(dead_code, reason = "the tests of the buffer use more of it")]
mod of_buffer;
#[path = "channel/receives.rs"]
#[expect(dead_code, reason = "the tests of the channel use more of it")]
mod of_channel;
#[cfg(feature = "watch")]
#[path = "watch/ways.rs"]
mod of_watch;

#[cfg(feature = "watch")]
use of_watch::{Limit, waits};
#[cfg(feature = "watch")]
use overwrite_channel::watch;
use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{self, Disconnected, Timeout},
    Sender,
    buffer::{self, Reader, Writer},
    channel, wait_any, wait_any_timeout,
};
use std::{
    env,
    fmt::Debug,
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc,
        mpsc::{self, channel as queue},
    },
    thread,
    time::{Duration, Instant},
};
use support::{rounds::LONG, sleeper::Sleeper};

/// Holds the number of the part that a process runs of its test. Without it, the test starts that process.
const PART: &str = "OVERWRITE_CHANNEL_SANDBOX";
const SHORT: Duration = Duration::from_millis(2);

/// Runs a part of this test in a process of its own, and returns how that ended.
fn process(test: &str, part: usize, body: fn(usize)) -> ExitStatus {
    if let Ok(part) = env::var(PART) {
        end_with(30, || body(part.parse().unwrap()));
    }
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PART, part.to_string())
        // A backtrace is read from files.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap()
}

/// Ends this process with `body`, without the code that runs at an exit, or by a signal after so many seconds. That is
/// many times longer than it takes.
fn end_with(seconds: u32, body: impl FnOnce()) -> ! {
    // SAFETY: it has no conditions.
    unsafe { libc::alarm(seconds) };
    let ended = catch_unwind(AssertUnwindSafe(body));
    // SAFETY: it has no conditions.
    unsafe { libc::_exit(ended.is_err().into()) }
}

/// From now on, a thread of this process that is about to open a file gets what `action` says instead.
fn forbid_files(action: u32) {
    const OPENS: &[libc::c_long] = &[
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_creat,
        libc::SYS_openat,
        libc::SYS_openat2,
    ];
    /// Where the number of the system call is in what a filter looks at.
    const NUMBER: u32 = 0;
    let instruction = |code: u32, value: u32, equal: usize| libc::sock_filter {
        code: code.try_into().unwrap(),
        jt: equal.try_into().unwrap(),
        jf: 0,
        k: value,
    };
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, NUMBER, 0)];
    for (before, number) in OPENS.iter().enumerate() {
        let equals = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        // To the last instruction, over the other comparisons and the one that allows.
        filter.push(instruction(equals, (*number).try_into().unwrap(), OPENS.len() - before));
    }
    for outcome in [libc::SECCOMP_RET_ALLOW, action] {
        filter.push(instruction(libc::BPF_RET | libc::BPF_K, outcome, 0));
    }
    let program =
        libc::sock_fprog { len: filter.len().try_into().unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: it takes no pointers.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(bound, 0, "{}", io::Error::last_os_error());
    let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_TSYNC);
    // SAFETY: the program and its instructions live until the call returns.
    let installed = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
    assert_eq!(installed, 0, "{}", io::Error::last_os_error());
}

/// A thread that was there before the sandbox.
struct Helper(mpsc::Sender<Box<dyn FnOnce() + Send>>);

impl Helper {
    fn new() -> Self {
        let (orders, inbox) = queue::<Box<dyn FnOnce() + Send>>();
        let (running, is_running) = queue();
        thread::spawn(move || {
            // What a thread asks the allocator for the first time may be a matter of files.
            running.send(Box::new(1)).unwrap();
            for act in inbox {
                act();
            }
        });
        is_running.recv().unwrap();
        Self(orders)
    }

    fn after(&self, delay: Duration, act: impl FnOnce() + Send + 'static) {
        let order = move || {
            thread::sleep(delay);
            act();
        };
        self.0.send(Box::new(order)).unwrap();
    }
}

/// Waits for a value that is there, for one that comes at once or when the thread is parked, and for the end.
fn wait_until_the_end<S: Clone + Send + 'static, R>(
    name: impl Debug,
    helper: &Helper,
    (mut tx, mut rx): (S, R),
    send: fn(&mut S),
    set_spin_limit: fn(&mut R, u32),
    mut wait: impl FnMut(&mut R) -> Result<(), RecvTimeoutError>,
) {
    send(&mut tx);
    assert_eq!(wait(&mut rx), Ok(()), "{name:?}");
    for (delay, spin_limit) in [(Duration::ZERO, 10), (SHORT, 10), (SHORT, 0)] {
        set_spin_limit(&mut rx, spin_limit);
        let mut tx = tx.clone();
        helper.after(delay, move || send(&mut tx));
        assert_eq!(wait(&mut rx), Ok(()), "{name:?}");
    }
    helper.after(SHORT, move || drop(tx));
    assert_eq!(wait(&mut rx), Err(Disconnected), "{name:?}");
}

/// Makes each call that waits: until the end, and in vain.
fn wait_in_each_way(helper: &Helper) {
    for (name, wait) in of_channel::untimed().into_iter().chain(of_channel::timed()) {
        let wait = |rx: &mut _| wait(rx, LONG).map(|value| assert_eq!(value, 7));
        let send = |tx: &mut Sender<_>| assert_eq!(tx.send(7), Ok(None));
        wait_until_the_end(name, helper, channel(), send, Receiver::set_spin_limit, wait);
    }
    for (name, wait) in of_channel::timed() {
        let (_tx, mut rx) = channel::<u8>();
        assert_eq!(wait(&mut rx, SHORT), Err(Timeout), "{name}");
    }
    for (name, wait) in of_buffer::untimed().into_iter().chain(of_buffer::timed()) {
        let wait = |reader: &mut _| wait(reader, LONG);
        let send = |writer: &mut Writer<u8>| assert_eq!(writer.write(7), Ok(false));
        wait_until_the_end(name, helper, buffer::channel(0), send, Reader::set_spin_limit, wait);
    }
    for (name, wait) in of_buffer::timed() {
        let (_writer, mut reader) = buffer::channel(0);
        assert_eq!(wait(&mut reader, SHORT), Err(Timeout), "{name}");
    }
    #[cfg(feature = "watch")]
    {
        let limits =
            [Limit::Never, Limit::NeverAsTask, Limit::Timeout(LONG), Limit::Deadline(LONG)];
        for wait in waits(&limits) {
            let mut wanted = 0;
            let run = |rx: &mut _| {
                wanted += 1;
                wait.run(rx, wanted).map(|value| assert_eq!(value, wanted))
            };
            let send = |tx: &mut watch::Sender<_>| tx.send_modify(|value| *value += 1);
            let spin = watch::Receiver::set_spin_limit;
            wait_until_the_end(wait, helper, watch::channel(0), send, spin, run);
        }
        for wait in waits(&[Limit::Timeout(SHORT), Limit::Deadline(SHORT)]) {
            let (_tx, mut rx) = watch::channel(0);
            assert_eq!(wait.run(&mut rx, 1), Err(Timeout), "{wait:?}");
        }
    }
}

#[test]
fn the_sandbox_kills_a_process_that_opens_a_file() {
    let status = process("the_sandbox_kills_a_process_that_opens_a_file", 0, |_| {
        forbid_files(libc::SECCOMP_RET_KILL_PROCESS);
        drop(File::open("/dev/null"));
    });
    assert_eq!(status.signal(), Some(libc::SIGSYS), "{status}");
}

#[test]
fn every_blocking_call_works_where_no_file_may_be_opened() {
    let status = process("every_blocking_call_works_where_no_file_may_be_opened", 0, |_| {
        let helper = Helper::new();
        forbid_files(libc::SECCOMP_RET_KILL_PROCESS);
        wait_in_each_way(&helper);
    });
    assert!(status.success(), "{status}");
}

/// Forks, and waits in the child: by `waits` with the handles it has from its parent, and with its own.
fn fork_and_wait(waits: impl FnOnce(&Helper)) {
    // SAFETY: the child uses memory, atomics and the thread's park token, which are its own; the allocator of the C
    // library works in it.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // A thread of the child's wakes it.
        end_with(8, || waits(&Helper::new()));
    }
    let mut status = 0;
    // SAFETY: the status lives as long as the call.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert!(child >= 0 && ended == child, "{}", io::Error::last_os_error());
    assert_eq!(status, 0, "the forked child failed, or was stuck");
}

/// What begins to wait in another thread.
const FIRST_WAITS: &[fn()] = &[
    || assert!(channel::<u32>().1.recv().is_err()),
    || assert_eq!(wait_any(&mut [&mut channel::<u32>().1]), 0),
    || assert!(buffer::channel(0).1.wait().is_err()),
    #[cfg(feature = "watch")]
    || assert!(watch::channel(0).1.blocking_changed().is_err()),
];

/// A thread is in its first wait. If that opens a file, it never comes back from there: whatever lock it holds is held
/// for ever.
fn fork_beside(first_wait: fn()) {
    extern "C" fn stay(_: libc::c_int) {
        loop {
            // SAFETY: it may be called by a signal's handler.
            unsafe { libc::pause() };
        }
    }
    let stay: extern "C" fn(libc::c_int) = stay;
    // SAFETY: the handler calls nothing but what a handler may call.
    unsafe { libc::signal(libc::SIGSYS, stay as libc::sighandler_t) };
    let (mut tx, mut rx) = channel();
    #[cfg(feature = "watch")]
    let (watch_tx, mut watch_rx) = watch::channel(0);
    let sleeper = Arc::new(Sleeper::default());
    thread::spawn({
        let sleeper = sleeper.clone();
        move || {
            sleeper.is_this_thread();
            forbid_files(libc::SECCOMP_RET_TRAP);
            first_wait();
        }
    });
    sleeper.until_asleep();
    fork_and_wait(|helper| {
        assert_eq!(rx.recv_timeout(SHORT), Err(Timeout));
        assert_eq!(wait_any_timeout(&mut [&mut rx], SHORT), None);
        tx.send(1).unwrap();
        assert_eq!(rx.recv(), Ok(1));
        #[cfg(feature = "watch")]
        {
            assert_eq!(watch_rx.blocking_changed_timeout(SHORT), Err(Timeout));
            watch_tx.send(1).unwrap();
            assert_eq!(watch_rx.blocking_changed(), Ok(()));
        }
        wait_in_each_way(helper);
    });
}

#[test]
fn a_child_forked_beside_a_first_wait_can_wait() {
    // Each in a process of its own: there is one first wait in a process.
    for part in 0..FIRST_WAITS.len() {
        let status = process("a_child_forked_beside_a_first_wait_can_wait", part, |part| {
            fork_beside(FIRST_WAITS[part]);
        });
        assert!(status.success(), "{status}");
    }
}

/// At any moment of the other thread's wait, whose channel both use afterwards.
#[test]
fn a_child_forked_at_any_moment_of_a_wait_can_wait() {
    let status = process("a_child_forked_at_any_moment_of_a_wait_can_wait", 0, |_| {
        for round in 0..40 {
            let (mut tx, mut mine) = channel();
            let mut waits = mine.clone();
            let waiter = thread::spawn(move || waits.recv());
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(round * 5) {}
            fork_and_wait(|helper| {
                assert_eq!(mine.recv_timeout(SHORT), Err(Timeout));
                // It wakes the thread that is not there, if that one waits, and not this one.
                tx.send(1).unwrap();
                assert_eq!(mine.recv(), Ok(1));
                let send = |tx: &mut Sender<_>| assert_eq!(tx.send(2), Ok(None));
                let recv = |rx: &mut Receiver<_>| Ok(rx.recv().map(drop)?);
                wait_until_the_end("recv", helper, channel(), send, Receiver::set_spin_limit, recv);
            });
            tx.send(2).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(2));
        }
    });
    assert!(status.success(), "{status}");
}
