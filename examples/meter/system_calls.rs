//! Counts the system calls of a thread, without privileges.
//!
//! A seccomp filter on that thread hands each of its system calls to a second thread before it is made. The second thread
//! counts it, and the kernel then carries it out. So every call is counted, whatever it is and however short, and the
//! counted thread runs on as without a filter, only slower. What the kernel maps into the process to be called without
//! it, such as a look at the clock, is no system call, and is not counted.
//!
//! It needs Linux 5.5 and a system that allows such filters. Elsewhere the counter says why it does not count.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

#[derive(Default)]
struct Shared {
    /// Set while a call counts.
    counts: AtomicBool,
    calls: AtomicUsize,
}

/// Counts the system calls of the thread that made it.
pub(crate) struct Counter {
    shared: Arc<Shared>,
    failure: Option<io::Error>,
}

impl Counter {
    /// Hands the system calls of this thread to a second thread, from now on until this thread ends.
    pub(crate) fn of_this_thread() -> Self {
        let shared = Arc::new(Shared::default());
        let failure = linux::listen(&shared).err();
        let counter = Self { shared, failure };
        if counter.failure.is_none() {
            let ((), calls) = counter.count(linux::call);
            assert_eq!(calls, 1, "the counter does not see a system call");
        }
        counter
    }

    /// Returns why the counter does not count, if it does not.
    pub(crate) fn failure(self) -> Option<io::Error> {
        self.failure
    }

    /// Runs `body` and returns how many system calls this thread made in it.
    pub(crate) fn count<R>(&self, body: impl FnOnce() -> R) -> (R, usize) {
        let before = self.shared.calls.load(SeqCst);
        self.shared.counts.store(true, SeqCst);
        let result = body();
        self.shared.counts.store(false, SeqCst);
        (result, self.shared.calls.load(SeqCst) - before)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Arc, SeqCst, Shared, io};
    use std::{
        mem,
        os::{fd::RawFd, unix::process::parent_id},
        process,
        sync::atomic::AtomicI32,
        thread,
        time::Duration,
    };

    /// Makes one system call.
    pub(super) fn call() {
        let _parent = parent_id();
    }

    /// Hands every system call of this thread to a second thread.
    pub(super) fn listen(shared: &Arc<Shared>) -> io::Result<()> {
        const NOT_YET: RawFd = -2;
        // The second thread must be there before, and must not wait for a call of this one.
        let listener = Arc::new(AtomicI32::new(NOT_YET));
        let (calls_of, shared) = (listener.clone(), shared.clone());
        thread::spawn(move || {
            let listener = loop {
                match calls_of.load(SeqCst) {
                    NOT_YET => thread::sleep(Duration::from_millis(1)),
                    listener => break listener,
                }
            };
            if listener >= 0 {
                answer(listener, &shared);
            }
        });
        let installed = install();
        listener.store(*installed.as_ref().unwrap_or(&-1), SeqCst);
        installed.map(drop)
    }

    /// Installs the filter, and returns the descriptor at which the calls of this thread arrive.
    fn install() -> io::Result<RawFd> {
        let code = (libc::BPF_RET | libc::BPF_K).try_into().expect("it has 16 bits");
        let k = libc::SECCOMP_RET_USER_NOTIF;
        let mut filter = [libc::sock_filter { code, jt: 0, jf: 0, k }];
        let program = libc::sock_fprog { len: 1, filter: filter.as_mut_ptr() };
        // SAFETY: it takes no pointers.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        // SAFETY: the program and its instruction live until the call returns.
        let listener = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
        if listener < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(listener.try_into().expect("descriptors are small"))
    }

    /// Lets every call be carried out, and counts those that count, until the thread has ended.
    fn answer(listener: RawFd, shared: &Shared) {
        /// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`, in the type of the answer's flags.
        const CONTINUE: u32 = 1;
        loop {
            // SAFETY: it consists of integers.
            let mut call: libc::seccomp_notif = unsafe { mem::zeroed() };
            // SAFETY: the call lives until `ioctl` returns, and is all zeros, as the kernel wants it.
            if unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) } != 0
            {
                return;
            }
            // The thread stands still in its call.
            shared.calls.fetch_add(usize::from(shared.counts.load(SeqCst)), SeqCst);
            let mut answer =
                libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: CONTINUE };
            // SAFETY: the answer lives until `ioctl` returns.
            if unsafe { libc::ioctl(listener, libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) }
                != 0
            {
                // Otherwise the thread would stand still for ever.
                eprintln!(
                    "meter: a system call was not let through: {}",
                    io::Error::last_os_error()
                );
                process::exit(1);
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use super::{Arc, Shared, io};

    pub(super) fn call() {}

    pub(super) fn listen(_: &Arc<Shared>) -> io::Result<()> {
        Err(io::Error::other("only Linux counts them here"))
    }
}
