//! A configuration file, read again whenever it changes, and seen by tasks and by a plain thread.
//!
//! The crate `notify` reports a change to a thread, which reads the file and sends. The thread never waits for a receiver: not
//! even for the slow task, which keeps a `Ref` across an `.await` and skips the changes meanwhile. A broken file changes
//! nothing. When the watcher is dropped, the sender is dropped, and every receiver learns that nothing will change any more.
//!
//! Without a path the program writes and edits a file of its own, and checks what each receiver has seen.
//!
//! ```console
//! cargo run --example config_reload
//! cargo run --example config_reload -- my.toml  # until Ctrl-C
//! ```

use notify::{Event, PollWatcher, RecursiveMode::NonRecursive, Watcher, recommended_watcher};
use overwrite_channel::watch::{self, Receiver, Sender};
use serde::{Deserialize, Serialize};
use std::{
    env,
    error::Error,
    fs, io,
    path::{self, Path},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// How often the file changes in the play.
const EDITS: u32 = 10;
const A_MOMENT: Duration = Duration::from_millis(20);
/// Much longer than the play takes anywhere.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Config {
    edit: u32,
    greeting: String,
}

type Events = mpsc::Receiver<notify::Result<Event>>;
type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Returns the configuration in the file, or one line that says what is wrong with it.
fn read(path: &Path) -> Result<Config, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| &text[..span.start]);
        format!("{name}, line {}: {}", before.matches('\n').count() + 1, error.message())
    })
}

/// Reports all changes in a folder, until the watcher is dropped.
fn watch_folder(folder: &Path) -> notify::Result<(Box<dyn Watcher + Send>, Events)> {
    let (tx, events) = mpsc::channel();
    let watcher = recommended_watcher(tx.clone()).and_then(|mut watcher| {
        watcher.watch(folder, NonRecursive)?;
        Ok(watcher)
    });
    match watcher {
        Ok(watcher) => Ok((Box::new(watcher), events)),
        // As in some containers, and where too many programs watch.
        Err(error) => {
            eprintln!("the system does not report changes ({error}): looking every 50 ms");
            // By the contents, too: the times that it compares are whole seconds.
            let often = notify::Config::default()
                .with_poll_interval(Duration::from_millis(50))
                .with_compare_contents(true);
            let mut watcher = PollWatcher::new(tx, often)?;
            watcher.watch(folder, NonRecursive)?;
            Ok((Box::new(watcher), events))
        }
    }
}

/// Sends `new` if it differs from the present value.
fn renew<T: Clone + PartialEq>(tx: &Sender<T>, new: &T) -> bool {
    tx.update(|old| (old != new).then(|| new.clone()))
}

/// A file's configuration, and what is wrong with the file at present, if anything.
struct Watched {
    /// It ends with this.
    watcher: Box<dyn Watcher + Send>,
    config: Receiver<Config>,
    problem: Receiver<Option<String>>,
}

fn watched(path: &Path) -> Fallible<Watched> {
    let path = path::absolute(path)?;
    read(&path)?; // else there is nothing to watch
    // The folder, because editors put a new file in the place of the old one.
    let (watcher, events) = watch_folder(path.parent().ok_or("a file lies in a folder")?)?;
    // After that, so that no change comes in between.
    let (tx, config) = watch::channel(read(&path)?);
    let (problem_tx, problem) = watch::channel(None);
    thread::spawn(move || {
        while let Ok(event) = events.recv() {
            // Its own reading is reported, too.
            if event.is_ok_and(|event| event.kind.is_access()) {
                continue;
            }
            // A program that writes in place is done by then. If not, the next event comes.
            thread::sleep(A_MOMENT);
            events.try_iter().for_each(drop);
            let problem = match read(&path) {
                Ok(config) => {
                    renew(&tx, &config);
                    None
                }
                // Half written, or wrong: the receivers keep the configuration that they have.
                Err(problem) => Some(problem),
            };
            if renew(&problem_tx, &problem) {
                problem.inspect(|problem| eprintln!("the configuration stays: {problem}"));
            }
        }
    });
    Ok(Watched { watcher, config, problem })
}

/// What a receiver has seen until the end.
#[derive(Debug)]
struct Seen {
    last: Config,
    looks: u32,
    skipped: u64,
}

/// A task that is busy with each configuration it sees until `done` is true.
async fn task(name: &str, mut rx: Receiver<Config>, mut done: Receiver<bool>) -> Fallible<Seen> {
    let mut looks = 0;
    while rx.changed().await.is_ok() {
        let config = rx.borrow_and_update();
        println!("{name}: {config}", config = config.greeting);
        looks += 1;
        done.wait_for(|done| *done).await?; // with the configuration in hand: no sender waits for that
    }
    Ok(Seen { last: rx.borrow().clone(), looks, skipped: rx.skipped() })
}

/// The same as a thread, without a runtime.
fn plain_thread(mut rx: Receiver<Config>) -> Seen {
    let mut looks = 0;
    while rx.blocking_changed().is_ok() {
        println!("thread: {}", rx.borrow_and_update().greeting);
        looks += 1;
    }
    Seen { last: rx.borrow().clone(), looks, skipped: rx.skipped() }
}

/// As editors do it: the new file takes the place of the old one, whole.
fn edit(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

fn config(edit: u32) -> Config {
    Config { edit, greeting: format!("{} {edit}", ["hello", "good day"][edit as usize % 2]) }
}

async fn play(path: &Path) -> Fallible<()> {
    edit(path, &toml::to_string(&config(0))?)?;
    let Watched { watcher, config: mut rx, mut problem } = watched(path)?;
    let (all_sent, done) = watch::channel(false);
    let quick = tokio::spawn(task("quick task", rx.clone(), watch::channel(true).1));
    let slow = tokio::spawn(task("slow task", rx.clone(), done));
    let (thread_tx, thread) = oneshot::channel();
    let thread_rx = rx.clone();
    thread::spawn(move || thread_tx.send(plain_thread(thread_rx)));

    for number in 1..=EDITS {
        edit(path, &toml::to_string(&config(number))?)?;
        rx.wait_for(|config| config.edit == number).await?;
        if number == EDITS / 2 {
            edit(path, "edit = 'a word'")?;
            problem.wait_for(Option::is_some).await?;
            if *rx.borrow() != config(number) {
                return Err("a broken file has changed the configuration".into());
            }
        }
    }
    all_sent.send_replace(true);
    drop(watcher);

    let (quick, slow, thread) = (quick.await??, slow.await??, thread.await?);
    for (name, seen) in [("quick task", &quick), ("slow task", &slow), ("thread", &thread)] {
        println!("{name}: looked {} times and skipped {} changes", seen.looks, seen.skipped);
        if seen.last != config(EDITS) {
            return Err(format!("the {name} has not seen the newest").into());
        }
    }
    if slow.looks > 2 || slow.skipped == 0 {
        return Err("the slow task has seen what was stale".into());
    }
    Ok(())
}

async fn run() -> Fallible<()> {
    let Some(path) = env::args_os().nth(1) else {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("config.toml");
        return match timeout(PATIENCE, play(&path)).await {
            Ok(result) => result,
            Err(_) => Err(format!("not done after {PATIENCE:?}").into()),
        };
    };
    let Watched { watcher, config, .. } = watched(Path::new(&path))?;
    println!("{:?}; until Ctrl-C", *config.borrow());
    let task = tokio::spawn(task("task", config, watch::channel(true).1));
    tokio::signal::ctrl_c().await?;
    drop(watcher);
    println!("{:?}", task.await??);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
