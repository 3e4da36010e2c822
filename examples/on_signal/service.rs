//! The handlers, and the thread that they send to.

use overwrite_channel::{SharedSender, StaticChannel, wait_any_timeout};
use std::{
    env,
    ffi::c_int,
    mem, process,
    ptr::null_mut,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

const HANGUPS: usize = 20;
const HANGUP_EVERY: Duration = Duration::from_millis(3);
const RELOADING_TAKES: Duration = Duration::from_millis(10);
const WORK_EVERY: Duration = Duration::from_millis(25);

/// The receiver and the shared sender need room, and so does each further send that is under way: handlers may run on several
/// threads at once. This is enough for seven threads, and a program with more needs more. Without room a send panics.
const HANDLES: usize = 8;

/// The value is the number of the SIGHUP.
static RELOAD: StaticChannel<usize, HANDLES> = StaticChannel::new();
static STOP: StaticChannel<(), HANDLES> = StaticChannel::new();

static SENDERS: OnceLock<(SharedSender<usize>, SharedSender<()>)> = OnceLock::new();
static CAME: AtomicUsize = AtomicUsize::new(0);
static DISPLACED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn on_signal(signal: c_int) {
    // SAFETY: a handler may call it.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: it belongs to this thread.
    let before = unsafe { errno.read() };
    if let Some((reload, stop)) = SENDERS.get() {
        if signal == libc::SIGTERM {
            let _ = stop.send(());
        } else if let Ok(Some(_older)) = reload.send_newest(CAME.fetch_add(1, SeqCst) + 1) {
            DISPLACED.fetch_add(1, SeqCst);
        }
    }
    // SAFETY: as above.
    unsafe { errno.write(before) };
}

fn handle(signal: c_int) {
    // SAFETY: zeros are a valid `sigaction`: no flags, and an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = on_signal as extern "C" fn(c_int) as libc::sighandler_t;
    // SAFETY: `on_signal` neither allocates nor locks, and restores `errno`.
    let result = unsafe { libc::sigaction(signal, &raw const action, null_mut()) };
    assert_eq!(result, 0, "signal {signal} cannot be handled");
}

/// Signals its own process: some of the signals come while the service is busy.
fn send_signals() {
    for _ in 0..HANGUPS {
        // SAFETY: there is a handler.
        unsafe { libc::raise(libc::SIGHUP) };
        thread::sleep(HANGUP_EVERY);
    }
    // SAFETY: there is a handler.
    unsafe { libc::raise(libc::SIGTERM) };
}

pub(crate) fn run() {
    let (reload_tx, mut reload) = RELOAD.split().expect("it is split once");
    let (stop_tx, mut stop) = STOP.split().expect("it is split once");
    let senders = (reload_tx.into_shared(), stop_tx.into_shared());
    assert!(SENDERS.set(senders).is_ok(), "the senders are set once");
    handle(libc::SIGHUP);
    handle(libc::SIGTERM);

    let signals = match env::args().nth(1).as_deref() {
        Some("wait") => {
            println!("kill -HUP {0}; kill {0}", process::id());
            None
        }
        _ => Some(thread::spawn(send_signals)),
    };
    let (mut newest, mut reloads) = (0, 0);
    loop {
        // `stop` stands first, because it is the more urgent.
        match wait_any_timeout(&mut [&mut stop, &mut reload], WORK_EVERY) {
            Some(0) => break,
            Some(_) => {
                newest = reload.try_recv().expect("no other receiver competes");
                reloads += 1;
                println!("reloads for SIGHUP number {newest}");
                thread::sleep(RELOADING_TAKES); // stands for reading a file
            }
            None => {} // stands for the work of the service
        }
    }
    println!("stops");

    if let Some(signals) = signals {
        signals.join().expect("the thread that signals panicked");
        if let Ok(last) = reload.try_recv() {
            (newest, reloads) = (last, reloads + 1);
        }
        let displaced = DISPLACED.load(SeqCst);
        println!("{HANGUPS} times SIGHUP: {reloads} taken, {displaced} displaced");
        assert_eq!(reloads + displaced, HANGUPS, "a signal was lost or doubled");
        assert_eq!(newest, HANGUPS, "the newest signal was lost");
    }
}
