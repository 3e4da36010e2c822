//! A service that reloads on SIGHUP and stops on SIGTERM, without a pipe and without a thread that waits for signals.
//!
//! A signal handler interrupts its thread anywhere, perhaps inside the allocator, or while the thread holds a lock. So it must
//! not allocate, and must not lock. A send to a `StaticChannel` does neither: it exchanges a word, and if the receiver is parked,
//! it wakes that thread by one system call. The system call may change `errno`, so the handler restores it.
//!
//! Each signal has a channel, and the service waits for both at once. It reloads for the newest SIGHUP only: if several come
//! while it is busy, the handler displaces those before.
//!
//! The service signals itself, and checks what it has seen; or it waits for your signals.
//!
//! ```console
//! cargo run --example on_signal
//! cargo run --example on_signal -- wait
//! ```

#[cfg(target_os = "linux")]
mod service;

fn main() {
    #[cfg(target_os = "linux")]
    service::run();
    // An unpark takes a lock on some systems, and not every system has these signals.
    #[cfg(not(target_os = "linux"))]
    println!("this service runs on Linux only");
}
