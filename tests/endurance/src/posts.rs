//! Who is doing what: every actor has a post, and a watchdog goes round. An actor that stays at the same
//! step for too long is stuck, and the program ends with a table of all posts.

use std::{
    fmt::{self, Write as _},
    io::{Write as _, stderr},
    panic,
    process::exit,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

struct Entry {
    world: u64,
    name: &'static str,
    at: Mutex<Step>,
}

struct Step {
    operation: &'static str,
    /// Rises with each operation.
    number: u64,
    /// What the watchdog saw on its last round, and for how many rounds.
    seen: u64,
    rounds: u64,
}

/// Where an actor says what it is doing; ends with the actor.
pub(crate) struct Post(Arc<Entry>);

/// Whose post it is, and what was done there last: also when the actor is no more.
pub(crate) struct Who(Arc<Entry>);

struct Posts {
    entries: Mutex<Vec<Arc<Entry>>>,
    /// With which the run can be had again.
    command: String,
}

static POSTS: OnceLock<Posts> = OnceLock::new();

fn posts() -> &'static Posts {
    POSTS.get_or_init(|| Posts { entries: Mutex::default(), command: String::new() })
}

impl Post {
    pub(crate) fn new(world: u64, name: &'static str) -> Self {
        let step = Step { operation: "begins", number: 0, seen: 0, rounds: 0 };
        let entry = Arc::new(Entry { world, name, at: Mutex::new(step) });
        lock(&posts().entries).push(Arc::clone(&entry));
        Self(entry)
    }

    pub(crate) fn doing(&self, operation: &'static str) {
        let mut step = lock(&self.0.at);
        step.operation = operation;
        step.number += 1;
    }

    pub(crate) fn who(&self) -> Who {
        Who(Arc::clone(&self.0))
    }
}

impl Who {
    /// To be told how the actor ended. A panic on purpose should have been caught where it came up: what
    /// comes out here would go unnoticed, and with it all that the actor has not done.
    pub(crate) fn has_ended(&self, result: &thread::Result<()>) {
        if result.is_err() {
            fail(&format!("a panic came out of {self}"));
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry { world, name, at } = &*self.0;
        write!(f, "world {world}, {name}, after {:?}", lock(at).operation)
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        lock(&posts().entries).retain(|entry| !Arc::ptr_eq(entry, &self.0));
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing that is locked here is left half done by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To be called once, first of all: whatever goes wrong from now on ends the program, by `fail`.
pub(crate) fn watch(command: String, patience: u64) {
    // So much room that it never grows later, which would change the account of bytes.
    let entries = Mutex::new(Vec::with_capacity(1024));
    let first = POSTS.set(Posts { entries, command });
    assert!(first.is_ok(), "it is watched already");
    // Injected panics come by `resume_unwind`, which calls no hook: this one is for all others.
    panic::set_hook(Box::new(|panic| fail(&panic.to_string())));
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(1));
            if go_round(patience) {
                fail(&format!("stuck: no progress in {patience} s"));
            }
        }
    });
}

/// Seconds are counted in rounds, not on the clock: a machine that stood still has stuck nobody.
fn go_round(patience: u64) -> bool {
    let mut is_stuck = false;
    for entry in &*lock(&posts().entries) {
        let mut step = lock(&entry.at);
        if step.seen == step.number {
            step.rounds += 1;
        } else {
            (step.seen, step.rounds) = (step.number, 0);
        }
        is_stuck |= step.rounds >= patience;
    }
    is_stuck
}

/// Says what is wrong and who is doing what, and ends the program.
pub(crate) fn fail(what: &str) -> ! {
    // Whoever fails second waits for the first one's exit.
    static FAILED: Mutex<()> = Mutex::new(());
    let _first = lock(&FAILED);
    let Posts { entries, command } = posts();
    let mut table = String::new();
    for entry in &*lock(entries) {
        let step = lock(&entry.at);
        let _infallible = writeln!(
            table,
            "{:>7}  {:<24} {:<44} {:>3} s",
            entry.world, entry.name, step.operation, step.rounds
        );
    }
    // Unlike `eprint!`, this does not panic, which would come back here.
    let _unheard = writeln!(
        stderr(),
        "\nFAILED: {what}\n  \
         world  who                      does                                        for\n\
         {table}again: {command}"
    );
    exit(1)
}
