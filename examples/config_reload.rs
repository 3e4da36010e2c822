//! A configuration file, read again whenever it changes, and seen by tasks and by a plain thread.
//!
//! The system's notice of a change comes on a thread of the crate `notify`, which reads the file and sends. It never
//! waits for those who look: not for the slow task, which has a `Ref` in hand for a while each time, and skips what
//! comes meanwhile. A file that is broken changes nothing. When the watcher goes, its sender goes, and everybody who
//! waits learns that nothing will change any more.
//!
//! Without a path it writes and edits a file of its own, and checks what everybody has seen.
//!
//! ```console
//! cargo run --example config_reload
//! cargo run --example config_reload -- my.toml  # until Ctrl-C
//! ```

use notify::{Event, PollWatcher, RecursiveMode, Watcher, recommended_watcher};
use overwrite_channel::watch::{self, Receiver};
use serde::{Deserialize, Serialize};
use std::{env, error::Error, fs, io, path::Path, process::ExitCode, thread, time::Duration};
use tokio::time::{sleep, timeout};

/// How often the file changes in the play.
const EDITS: u32 = 40;
const EDITED_EVERY: Duration = Duration::from_millis(5);
/// Much longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Config {
    edit: u32,
    greeting: String,
}

type Fallible<T> = Result<T, Box<dyn Error>>;

fn read(path: &Path) -> Fallible<Config> {
    Ok(toml::from_str(&fs::read_to_string(path)?)?)
}

/// The configuration in the file, now and after each change, for as long as the watcher is kept.
fn watched(path: &Path) -> Fallible<(Box<dyn Watcher>, Receiver<Config>)> {
    let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = path.parent().ok_or("a file is in a folder")?.to_owned();
    let (tx, rx) = watch::channel(read(&path)?);
    let mut complaint = String::new();
    let on_event = move |event: notify::Result<Event>| {
        let is_about_it = event.is_ok_and(|event| {
            event.need_rescan() || !event.kind.is_access() && event.paths.contains(&path)
        });
        if !is_about_it {
            return;
        }
        match read(&path) {
            Ok(config) => {
                // Nobody is woken if it says what it said before.
                tx.send_if_modified(|old| {
                    let is_new = *old != config;
                    old.clone_from(&config);
                    is_new
                });
            }
            // Half written, or wrong: everybody goes on with what there was.
            Err(error) => {
                let error = error.to_string();
                if error != complaint {
                    eprintln!("ignored: {}", error.lines().next().unwrap_or_default());
                    complaint = error;
                }
            }
        }
    };
    // The folder, because editors put a new file in the place of the old one.
    let mut watcher: Box<dyn Watcher> = match recommended_watcher(on_event.clone()) {
        Ok(watcher) => Box::new(watcher),
        Err(error) => {
            eprintln!("looking every 50 ms: {error}");
            let often = notify::Config::default().with_poll_interval(Duration::from_millis(50));
            Box::new(PollWatcher::new(on_event, often)?)
        }
    };
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok((watcher, rx))
}

/// What somebody has seen until the end.
#[derive(Debug)]
struct Seen {
    last: Config,
    looks: u64,
    skipped: u64,
}

/// A task that does something with each configuration it sees, which takes `busy`.
async fn task(name: &str, mut rx: Receiver<Config>, busy: Duration) -> Seen {
    let mut looks = 0;
    while rx.changed().await.is_ok() {
        let config = rx.borrow_and_update();
        looks += 1;
        sleep(busy).await; // with the configuration in hand: no sender waits for that
        if looks % 8 == 1 {
            println!("{name}: edit {}, {:?}", config.edit, config.greeting);
        }
    }
    Seen { last: rx.borrow().clone(), looks, skipped: rx.skipped() }
}

/// The same as a thread, without a runtime.
fn plain_thread(mut rx: Receiver<Config>) -> Seen {
    let mut looks = 0;
    while rx.blocking_changed().is_ok() {
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
    Config { edit, greeting: ["hello", "hi", "good day"][edit as usize % 3].to_owned() }
}

async fn play(path: &Path) -> Fallible<()> {
    edit(path, &toml::to_string(&config(0))?)?;
    let (watcher, mut rx) = watched(path)?;
    let quick = tokio::spawn(task("quick task", rx.clone(), Duration::ZERO));
    let slow = tokio::spawn(task("slow task", rx.clone(), 8 * EDITED_EVERY));
    let thread = thread::spawn({
        let rx = rx.clone();
        move || plain_thread(rx)
    });

    for number in 1..=EDITS {
        sleep(EDITED_EVERY).await; // the pace of whoever edits
        edit(path, &toml::to_string(&config(number))?)?;
        if number == EDITS / 2 {
            edit(path, "edit = 'a word'")?;
        }
    }
    timeout(PATIENCE, rx.wait_for(|config| config.edit == EDITS)).await??;
    drop(watcher);

    let thread = tokio::task::spawn_blocking(|| thread.join());
    let thread = timeout(PATIENCE, thread).await??.map_err(|_| "the thread panicked")?;
    let all = [("quick task", quick.await?), ("slow task", slow.await?), ("thread", thread)];
    for (name, Seen { last, looks, skipped }) in all {
        println!(
            "{name}: saw {looks} configurations and skipped {skipped}; the last was edit {}",
            last.edit
        );
        if last != config(EDITS) {
            return Err(format!("the {name} has not seen the newest").into());
        }
    }
    Ok(())
}

async fn run() -> Fallible<()> {
    let Some(path) = env::args_os().nth(1) else {
        let folder = tempfile::tempdir()?;
        return play(&folder.path().join("config.toml")).await;
    };
    let (watcher, rx) = watched(Path::new(&path))?;
    println!("{:?}", *rx.borrow());
    let seen = tokio::spawn(task("task", rx, Duration::ZERO));
    tokio::signal::ctrl_c().await?;
    drop(watcher);
    println!("{:?}", seen.await?);
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
