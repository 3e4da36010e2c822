//! The posts of all actors, and a watchdog. Every actor notes at its post what it does. An actor that stays at the same
//! operation for too long is stuck, and the program ends with a table of all posts. `support::watchdog` limits a whole test;
//! this program runs for as long as asked, so each actor must make progress.

use std::{
    fmt::Write as _,
    io::{Write as _, stderr},
    panic,
    process::exit,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// Where an actor notes what it does.
pub(crate) struct Post {
    world: u64,
    name: &'static str,
    number: usize,
    at: Mutex<Step>,
}

struct Step {
    operation: &'static str,
    /// How many rounds of the watchdog it has lasted.
    rounds: u64,
}

/// As much room as is ever needed: growing later would change the account of bytes.
const MOST_POSTS: usize = 1024;

static POSTS: Mutex<Vec<Arc<Post>>> = Mutex::new(Vec::new());

impl Post {
    pub(crate) fn new(world: u64, name: &'static str, number: usize) -> Arc<Self> {
        let at = Mutex::new(Step { operation: "begins", rounds: 0 });
        let post = Arc::new(Self { world, name, number, at });
        lock(&POSTS).push(Arc::clone(&post));
        post
    }

    pub(crate) fn doing(&self, operation: &'static str) {
        *lock(&self.at) = Step { operation, rounds: 0 };
    }

    /// Removes the post of an actor that has ended. An injected panic should have been caught where it came up: if it
    /// ends the actor, whatever the actor has not done would go unnoticed.
    pub(crate) fn end(self: Arc<Self>, result: &thread::Result<()>) {
        let Self { world, name, number, at } = &*self;
        let operation = lock(at).operation;
        assert!(result.is_ok(), "a panic: world {world}, {name} {number}, after {operation}");
        lock(&POSTS).retain(|post| !Arc::ptr_eq(post, &self));
    }

    /// Returns `true` if there was no progress in so many rounds of the watchdog.
    fn is_stuck(&self, patience: u64) -> bool {
        let rounds = &mut lock(&self.at).rounds;
        *rounds += 1;
        // Outside of worlds there are only leaders, which wait for actors that are watched themselves.
        *rounds > patience && self.world != 0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic leaves nothing half done that is locked here.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the watchdog. From now on, each panic ends the program by [`fail`], unless it is injected.
pub(crate) fn watch(command: String, patience: u64) {
    lock(&POSTS).reserve(MOST_POSTS);
    // Injected panics call no hook.
    panic::set_hook(Box::new(move |panic| fail(&panic.to_string(), &command)));
    thread::spawn(move || {
        loop {
            // Seconds are counted in rounds, not on the clock: no actor is stuck because the machine stood still.
            thread::sleep(Duration::from_secs(1));
            let stuck = lock(&POSTS).iter().filter(|post| post.is_stuck(patience)).count();
            assert_eq!(stuck, 0, "stuck: no progress in {patience} s");
        }
    });
}

/// Prints what is wrong, what each actor does and how to run it `again`, and ends the program.
fn fail(what: &str, again: &str) -> ! {
    // A second failure waits for the first one's exit.
    static FAILED: Mutex<()> = Mutex::new(());
    let _first = lock(&FAILED);
    let mut table = String::new();
    for post in &*lock(&POSTS) {
        let Step { operation, rounds } = &*lock(&post.at);
        let Post { world, name, number, .. } = &**post;
        let _infallible =
            writeln!(table, "world {world}, {name} {number} since {rounds} s: {operation}");
    }
    // Unlike `eprint!`, this does not panic, which would come back here.
    let _unheard = write!(stderr(), "\nFAILED: {what}\n{table}again: {again}\n");
    exit(1)
}
