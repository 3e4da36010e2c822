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

#[cfg(feature = "watch")]
use overwrite_channel::watch;
use overwrite_channel::{
    Receiver, RecvTimeoutError, channel, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{
    env,
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Sender, channel as queue},
    thread,
    time::{Duration, Instant},
};

/// Names the test whose body a process runs, and says which part of it. The others start that process.
const BODY: &str = "OVERWRITE_CHANNEL_SANDBOX";
/// Many times longer than any of the processes takes.
const STUCK: Duration = Duration::from_secs(30);
/// A timeout that must not pass.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(2);

/// Runs `body` in a process of its own, with the number of its part, and returns how that ended.
fn process(test: &str, part: usize, body: fn(usize)) -> ExitStatus {
    if let Some(part) = env::var(BODY).ok().and_then(|body| body.strip_prefix(test)?.parse().ok()) {
        let ended = catch_unwind(|| body(part));
        exit(i32::from(ended.is_err()));
    }
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(BODY, format!("{test}{part}"))
        // A backtrace is read from files.
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    end_of(child)
}

fn end_of(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    while start.elapsed() < STUCK {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("the process is stuck");
}

/// Ends this process at once, without the code that runs at an exit.
fn exit(code: i32) -> ! {
    // SAFETY: it has no conditions.
    unsafe { libc::_exit(code) }
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
    let instruction = |code: u32, equal: u8, value: u32| libc::sock_filter {
        code: code.try_into().unwrap(),
        jt: equal,
        jf: 0,
        k: value,
    };
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, NUMBER)];
    for (before, number) in OPENS.iter().enumerate() {
        // To the last instruction, over the other comparisons and the one that allows.
        let over = OPENS.len() - before;
        let number = u32::try_from(*number).unwrap();
        let equals = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        filter.push(instruction(equals, over.try_into().unwrap(), number));
    }
    for outcome in [libc::SECCOMP_RET_ALLOW, action] {
        filter.push(instruction(libc::BPF_RET | libc::BPF_K, 0, outcome));
    }
    let program =
        libc::sock_fprog { len: filter.len().try_into().unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: it takes no pointers.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(bound, 0, "{}", io::Error::last_os_error());
    // SAFETY: the program and its instructions live until the call returns.
    let installed = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_TSYNC,
            &raw const program,
        )
    };
    assert_eq!(installed, 0, "{}", io::Error::last_os_error());
}

/// A thread that was there before the sandbox.
struct Helper(Sender<(Duration, Box<dyn FnOnce() + Send>)>);

impl Helper {
    fn new() -> Self {
        let (orders, inbox) = queue::<(Duration, Box<dyn FnOnce() + Send>)>();
        let (running, is_running) = queue();
        thread::spawn(move || {
            // What a thread asks the allocator for the first time may be a matter of files.
            running.send(Box::new(1)).unwrap();
            for (delay, act) in inbox {
                thread::sleep(delay);
                act();
            }
        });
        is_running.recv().unwrap();
        Self(orders)
    }

    fn after(&self, delay: Duration, act: impl FnOnce() + Send + 'static) {
        self.0.send((delay, Box::new(act))).unwrap();
    }
}

type Received = Result<u32, RecvTimeoutError>;
type Wait = fn(&mut Receiver<u32>, Duration) -> Received;

/// Every call of a receiver that waits; the first five know no timeout.
const WAITS: [Wait; 10] = [
    |rx, _| Ok(rx.recv()?),
    |rx, _| Ok(rx.recv_matching(|_| true)?),
    |rx, _| rx.iter().next().ok_or(RecvTimeoutError::Disconnected),
    |rx, _| rx.clone().into_iter().next().ok_or(RecvTimeoutError::Disconnected),
    |rx, _| {
        assert_eq!(wait_any(&mut [rx]), 0);
        Ok(rx.try_recv().unwrap())
    },
    |rx, timeout| rx.recv_timeout(timeout),
    |rx, timeout| rx.recv_deadline(Instant::now() + timeout),
    |rx, timeout| rx.recv_matching_timeout(timeout, |_| true),
    |rx, timeout| rx.recv_matching_deadline(Instant::now() + timeout, |_| true),
    |rx, timeout| {
        let (_tx, mut other) = channel::<()>();
        let late = || RecvTimeoutError::Timeout;
        assert_eq!(wait_any_timeout(&mut [&mut other, rx], timeout).ok_or_else(late)?, 1);
        assert_eq!(wait_any_deadline(&mut [rx], Instant::now() + timeout), Some(0));
        Ok(rx.try_recv().unwrap())
    },
];
const WITHOUT_TIMEOUT: usize = 5;

#[cfg(feature = "watch")]
type WatchWait = fn(&mut watch::Receiver<u32>, Duration) -> Received;

#[cfg(feature = "watch")]
const WATCH_WAITS: [WatchWait; 6] = [
    |rx, _| Ok(rx.blocking_changed().map(|()| *rx.borrow())?),
    |rx, _| Ok(rx.blocking_wait_for(|value| *value > 0).map(|value| *value)?),
    |rx, timeout| rx.blocking_changed_timeout(timeout).map(|()| *rx.borrow()),
    |rx, timeout| rx.blocking_changed_deadline(Instant::now() + timeout).map(|()| *rx.borrow()),
    |rx, timeout| rx.blocking_wait_for_timeout(timeout, |value| *value > 0).map(|value| *value),
    |rx, timeout| {
        rx.blocking_wait_for_deadline(Instant::now() + timeout, |value| *value > 0)
            .map(|value| *value)
    },
];
#[cfg(feature = "watch")]
const WATCH_WITHOUT_TIMEOUT: usize = 2;

/// Each call that waits: with a value there, with one that comes at once and one that comes when it has parked, and in
/// vain.
fn wait_in_each_way(helper: &Helper) {
    for (number, wait) in WAITS.into_iter().enumerate() {
        let (mut tx, mut rx) = channel();
        assert_eq!(tx.send(1), Ok(None));
        assert_eq!(wait(&mut rx, LONG), Ok(1));
        for (delay, spin_limit) in [(Duration::ZERO, 10), (SHORT, 10), (SHORT, 0)] {
            let mut tx = tx.clone();
            rx.set_spin_limit(spin_limit);
            helper.after(delay, move || assert_eq!(tx.send(2), Ok(None)));
            assert_eq!(wait(&mut rx, LONG), Ok(2));
        }
        if number >= WITHOUT_TIMEOUT {
            assert_eq!(wait(&mut rx, SHORT), Err(RecvTimeoutError::Timeout));
        }
        helper.after(SHORT, move || drop(tx));
        assert_eq!(wait_any(&mut [&mut rx]), 0);
    }
    #[cfg(feature = "watch")]
    for (number, wait) in WATCH_WAITS.into_iter().enumerate() {
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        assert_eq!(wait(&mut rx, LONG), Ok(1));
        for delay in [Duration::ZERO, SHORT] {
            tx.send(0).unwrap();
            rx.mark_unchanged();
            let tx = tx.clone();
            helper.after(delay, move || tx.send(2).unwrap());
            assert_eq!(wait(&mut rx, LONG), Ok(2));
        }
        tx.send(0).unwrap();
        rx.mark_unchanged();
        if number >= WATCH_WITHOUT_TIMEOUT {
            assert_eq!(wait(&mut rx, SHORT), Err(RecvTimeoutError::Timeout));
        }
        helper.after(SHORT, move || drop(tx));
        assert_eq!(wait(&mut rx, LONG), Err(RecvTimeoutError::Disconnected));
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

/// What begins to wait in another thread.
const FIRST_WAITS: &[fn()] = &[
    || {
        let (_tx, mut rx) = channel::<u32>();
        let _end = rx.recv();
    },
    || {
        let (_tx, mut rx) = channel::<u32>();
        let _index = wait_any(&mut [&mut rx]);
    },
    #[cfg(feature = "watch")]
    || {
        let (_tx, mut rx) = watch::channel(0);
        let _end = rx.blocking_changed();
    },
];

/// Forks, and runs `body` in the child, which must come to its end.
fn fork(body: impl FnOnce()) {
    // SAFETY: the child uses memory, atomics and the thread's park token, which are its own; the allocator of the C
    // library works in it.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", io::Error::last_os_error());
    if child == 0 {
        // It does not outlive a parent that is killed because it is stuck.
        // SAFETY: it takes no pointers.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let ended = catch_unwind(AssertUnwindSafe(body));
        exit(i32::from(ended.is_err()));
    }
    let (start, mut status) = (Instant::now(), 0);
    loop {
        // SAFETY: the status lives as long as the call.
        let ended = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if ended == child {
            break;
        }
        assert_eq!(ended, 0, "{}", io::Error::last_os_error());
        if start.elapsed() > STUCK / 4 {
            // SAFETY: it takes no pointers, and the child has not been waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the forked child is stuck");
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(status, 0, "the forked child failed");
}

/// What a forked child does with the handles it has from its parent, and with its own.
fn wait_in_a_child(mut waits: impl FnMut()) {
    waits();
    let (mut tx, mut rx) = channel();
    assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    tx.send(1).unwrap();
    assert_eq!(rx.recv(), Ok(1));
    // A thread of the child's wakes it.
    let (mut other, mut answers) = channel();
    let helper = Helper::new();
    helper.after(SHORT, move || other.send(tx.send(2).is_ok()).map(drop).unwrap());
    assert_eq!(rx.recv(), Ok(2));
    assert_eq!(answers.recv(), Ok(true));
}

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
    forbid_files(libc::SECCOMP_RET_TRAP);
    thread::spawn(first_wait);
    thread::sleep(Duration::from_millis(20));
    fork(|| {
        wait_in_a_child(|| {
            assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
            assert_eq!(wait_any_timeout(&mut [&mut rx], SHORT), None);
            tx.send(1).unwrap();
            assert_eq!(rx.recv(), Ok(1));
            #[cfg(feature = "watch")]
            {
                let timeout = Err(RecvTimeoutError::Timeout);
                assert_eq!(watch_rx.blocking_changed_timeout(SHORT), timeout);
                watch_tx.send(1).unwrap();
                assert_eq!(watch_rx.blocking_changed(), Ok(()));
            }
        });
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
            let (mut tx, rx) = channel();
            let mut mine = rx.clone();
            let mut waits = rx;
            let waiter = thread::spawn(move || waits.recv());
            let start = Instant::now();
            while start.elapsed() < Duration::from_micros(round * 5) {}
            fork(|| {
                wait_in_a_child(|| {
                    assert_eq!(mine.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
                    // It wakes the thread that is not there, if that one waits, and not this one.
                    tx.send(1).unwrap();
                    assert_eq!(mine.recv(), Ok(1));
                });
            });
            tx.send(2).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(2));
        }
    });
    assert!(status.success(), "{status}");
}
