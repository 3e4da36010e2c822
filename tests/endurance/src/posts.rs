//! The posts of all actors, and a watchdog. Every actor notes at its post what it does. One that stays at the same
//! step for too long is stuck, and the program ends with a table of all posts.

use std::{
    fmt::{self, Write as _},
    io::{Write as _, stderr},
    panic,
    process::exit,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::Duration,
};

/// Where an actor notes what it does.
pub(crate) struct Post {
    world: u64,
    name: &'static str,
    at: Mutex<Step>,
}

/// What an actor does: a step of a table, or words.
pub(crate) type Operation = &'static (dyn fmt::Debug + Sync);

struct Step {
    operation: Operation,
    /// How long the operation may wait.
    limit: Option<Duration>,
    /// Rises with each operation.
    number: u64,
    /// What the watchdog saw on its last round, and for how many rounds.
    seen: u64,
    rounds: u64,
}

/// As much room as is ever needed: growing later would change the account of bytes.
const MOST_POSTS: usize = 1024;

static POSTS: Mutex<Vec<Arc<Post>>> = Mutex::new(Vec::new());

/// The command that repeats this run.
static COMMAND: OnceLock<String> = OnceLock::new();

impl Post {
    pub(crate) fn new(world: u64, name: &'static str) -> Arc<Self> {
        let at = Step { operation: &"begins", limit: None, number: 0, seen: 0, rounds: 0 };
        let post = Arc::new(Self { world, name, at: Mutex::new(at) });
        lock(&POSTS).push(Arc::clone(&post));
        post
    }

    pub(crate) fn doing(&self, operation: Operation, limit: Option<Duration>) {
        let mut step = lock(&self.at);
        (step.operation, step.limit) = (operation, limit);
        step.number += 1;
    }

    /// Removes the post of an actor that has ended. An injected panic should have been caught where it came up: if it
    /// ends the actor, whatever the actor has not done would go unnoticed.
    pub(crate) fn end(self: Arc<Self>, result: &thread::Result<()>) {
        let Self { world, name, at } = &*self;
        let operation = lock(at).operation;
        assert!(result.is_ok(), "a panic came out of world {world}, {name}, after {operation:?}");
        lock(&POSTS).retain(|post| !Arc::ptr_eq(post, &self));
    }

    /// Returns `true` if there was no progress in so many rounds of the watchdog.
    fn is_stuck(&self, patience: u64) -> bool {
        let mut step = lock(&self.at);
        let rounds = if step.seen == step.number { step.rounds + 1 } else { 0 };
        (step.seen, step.rounds) = (step.number, rounds);
        rounds >= patience
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic leaves nothing half done that is locked here.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the watchdog. From now on, each panic ends the program by [`fail`], unless it is injected. To be called once, at first.
pub(crate) fn watch(command: String, patience: u64) {
    COMMAND.set(command).expect("it is called once");
    lock(&POSTS).reserve(MOST_POSTS);
    // Injected panics call no hook.
    panic::set_hook(Box::new(|panic| fail(&panic.to_string())));
    thread::spawn(move || {
        loop {
            // Seconds are counted in rounds, not on the clock: no actor is stuck because the machine stood still.
            thread::sleep(Duration::from_secs(1));
            let stuck = lock(&POSTS).iter().filter(|post| post.is_stuck(patience)).count();
            assert_eq!(stuck, 0, "stuck: no progress in {patience} s");
        }
    });
}

/// Prints what is wrong and what each actor does, and ends the program.
fn fail(what: &str) -> ! {
    // A second failure waits for the first one's exit.
    static FAILED: Mutex<()> = Mutex::new(());
    let _first = lock(&FAILED);
    let mut table = String::new();
    for post in &*lock(&POSTS) {
        let Post { world, name, at } = &**post;
        let Step { operation, limit, rounds, .. } = &*lock(at);
        let limit = limit.map_or_else(String::new, |limit| format!(" (for {limit:?})"));
        let operation = format!("{operation:?}{limit}");
        let _infallible = writeln!(table, "{world:>7}  {name:<24} {operation:<48} {rounds:>3} s");
    }
    // Unlike `eprint!`, this does not panic, which would come back here.
    let _unheard = writeln!(
        stderr(),
        "\nFAILED: {what}\n  world  actor                    does                                            for\n\
         {table}again: {}",
        COMMAND.get().map_or("", String::as_str)
    );
    exit(1)
}
