//! Panics that a test injects.

use std::{
    any::Any,
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook},
    sync::Once,
    thread,
};

/// The payload of an injected panic.
struct Injected;

/// Panics with a payload that [`caught`] knows, unless this thread panics already. It prints nothing, because no panic
/// hook runs.
pub fn strike() {
    if !thread::panicking() {
        resume_unwind(Box::new(Injected));
    }
}

/// Runs `body`. Returns `None` if it ended by an injected panic, and lets any other panic pass.
pub fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    let injected = |panic: Box<dyn Any + Send>| match panic.downcast::<Injected>() {
        Ok(_) => None,
        Err(panic) => resume_unwind(panic),
    };
    catch_unwind(AssertUnwindSafe(body)).map_or_else(injected, Some)
}

/// Runs `body` and drops what it returns, which must end by an injected panic.
#[track_caller]
pub fn panics<R>(body: impl FnOnce() -> R) {
    assert!(caught(|| drop(body())).is_none(), "it did not panic");
}

/// Runs `body`, which must panic, and returns what its panic says.
///
/// # Panics
///
/// If `body` does not panic, or without a text.
#[track_caller]
pub fn message<R>(body: impl FnOnce() -> R) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(body)) else { panic!("it did not panic") };
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).expect("a panic with a text")
}

thread_local! {
    /// The place that the last panic named, once [`place`] was called.
    static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Runs `body`, which must panic with a text, and returns the file and the line that its panic names.
///
/// # Panics
///
/// As [`message`].
#[track_caller]
pub fn place<R>(body: impl FnOnce() -> R) -> (String, u32) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            PLACE.set(panic.location().map(|place| (place.file().to_owned(), place.line())));
            before(panic);
        }));
    });
    message(body);
    PLACE.take().expect("a panic with a place")
}

/// A value whose drop panics, unless the thread panics already. It can be part of a key.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        strike();
    }
}
