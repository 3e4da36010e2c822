//! Two handlers that send, and timers that signal one thread.

use crate::account::{Party, Value};
use overwrite_channel::SharedSender;
use std::{
    ffi::{c_int, c_void},
    mem,
    ptr::null_mut,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed},
    },
};
use support::dice::Dice;

/// Maximum number of nanoseconds from the end of a handler to its next signal, while the thread gets on.
const LATEST: usize = 15_000;

/// The signals of the handlers, by index.
const SIGNALS: [c_int; 2] = [libc::SIGUSR1, libc::SIGUSR2];

static HANDLERS: OnceLock<[Handler; 2]> = OnceLock::new();
/// Handlers set their timers.
static RUNS: AtomicBool = AtomicBool::new(false);
/// Number of signals that were handled since the last call of [`start`].
static HANDLED: AtomicUsize = AtomicUsize::new(0);
/// Number of signals that were handled since the thread last got on. Where a signal costs more than the time to the next one, the
/// thread would get on no more. So the more there were, the later the next one may come.
static SINCE: AtomicUsize = AtomicUsize::new(0);
/// Number of signals that have interrupted a send in the other handler.
static NESTED: AtomicUsize = AtomicUsize::new(0);
static SENDS: AtomicBool = AtomicBool::new(false);

/// Makes both handlers, each with its sender, for signals that interrupt this thread.
pub(crate) fn install(senders: [SharedSender<Value>; 2]) {
    let [one, other] = senders;
    let handlers = [Handler::new(0, one), Handler::new(1, other)];
    assert!(HANDLERS.set(handlers).is_ok(), "there are handlers already");
}

/// Returns the sender of a handler.
pub(crate) fn sender() -> &'static SharedSender<Value> {
    &handlers()[0].sender
}

/// Lets signals come from now on.
pub(crate) fn start() {
    HANDLED.store(0, Relaxed);
    RUNS.store(true, Relaxed);
    for handler in handlers() {
        handler.signal_in(1);
    }
}

/// Notes that the thread has got on.
pub(crate) fn got_on() {
    SINCE.store(0, Relaxed);
}

/// Lets no signal come any more.
pub(crate) fn stop() {
    RUNS.store(false, Relaxed);
    for handler in handlers() {
        handler.signal_in(0);
    }
}

pub(crate) fn handled() -> usize {
    HANDLED.load(Relaxed)
}

pub(crate) fn nested() -> usize {
    NESTED.load(Relaxed)
}

fn handlers() -> &'static [Handler; 2] {
    HANDLERS.get().expect("the handlers are installed")
}

struct Handler {
    party: Party,
    sender: SharedSender<Value>,
    timer: AtomicPtr<c_void>,
}

impl Handler {
    fn new(index: usize, sender: SharedSender<Value>) -> Self {
        // SAFETY: every field may be zero.
        let mut action: libc::sigaction = unsafe { mem::zeroed() };
        let handle: extern "C" fn(c_int) = handle;
        action.sa_sigaction = handle as libc::sighandler_t;
        // A system call that is interrupted fails, or goes on.
        action.sa_flags = [0, libc::SA_RESTART][index];
        // SAFETY: the handler calls nothing but what a handler may call.
        let result = unsafe { libc::sigaction(SIGNALS[index], &raw const action, null_mut()) };
        assert_eq!(result, 0);

        // SAFETY: every field may be zero.
        let mut event: libc::sigevent = unsafe { mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = SIGNALS[index];
        // SAFETY: it has no conditions.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let (clock, mut timer) = (libc::CLOCK_MONOTONIC, null_mut());
        // SAFETY: both pointers are valid for the call.
        let result = unsafe { libc::timer_create(clock, &raw mut event, &raw mut timer) };
        assert_eq!(result, 0);
        Self { party: Party::new(index), sender, timer: AtomicPtr::new(timer) }
    }

    /// Sets the timer to so many nanoseconds; stops it, if that is 0.
    fn signal_in(&self, nanoseconds: usize) {
        let nanoseconds = nanoseconds.try_into().expect("less than a second");
        let time = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: libc::timespec { tv_sec: 0, tv_nsec: nanoseconds },
        };
        let timer = self.timer.load(Relaxed);
        // SAFETY: the timer is never deleted, and the pointer is valid for the call, which a handler may make.
        let result = unsafe { libc::timer_settime(timer, 0, &raw const time, null_mut()) };
        assert_eq!(result, 0);
    }
}

/// Sends, and sets the timer for the next signal.
extern "C" fn handle(signal: c_int) {
    // SAFETY: it has no conditions.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: it belongs to this thread.
    let errno_before = unsafe { errno.read() };
    let handler = &handlers()[usize::from(signal == SIGNALS[1])];

    let interrupts_send = SENDS.swap(true, Relaxed);
    NESTED.fetch_add(interrupts_send.into(), Relaxed);
    handler.party.send(|value| handler.sender.send(value));
    SENDS.store(interrupts_send, Relaxed);

    let number = HANDLED.fetch_add(1, Relaxed);
    if RUNS.load(Relaxed) {
        let latest = LATEST * (1 + SINCE.fetch_add(1, Relaxed) / 4);
        handler.signal_in(Dice::new(number as u64).within(1, latest));
    }
    // SAFETY: it belongs to this thread.
    unsafe { errno.write(errno_before) };
}
