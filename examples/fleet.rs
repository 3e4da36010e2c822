//! The newest position of a vehicle, shown by another process: a slot in front of NATS.
//!
//! A slot lies in one process. Between processes an engine keeps the newest value: here the key-value store of NATS
//! `JetStream`, with history 1. The slot keeps the outages of the engine away from the producers:
//!
//! ```text
//! fleet send:   producers --> channel --> forwarder --> the server
//! fleet watch:                                          the server --> follower --> watch --> receivers
//! ```
//!
//! * A send never waits, and memory stays constant, however long the server is slow or away: the slot displaces what the
//!   forwarder has no time for. When the server is back, the newest position is stored, if the process still runs.
//! * No older position is stored after a newer one, however many forwarders share a key. A position carries a sequence. A
//!   forwarder reads an entry and replaces it, if its sequence is smaller, by compare-and-set on its revision. A put that is late
//!   or overtaken finds another revision and fails. After each failure the forwarder reads the entry again.
//! * "Newer" is what the sequence says. Here it is a clock, which never goes back within a process; between processes it is as
//!   good as their clocks. The server must keep what it has acknowledged.
//!
//! Each line of the input says how many positions each of two producers sends. At the end of the input the program stores the
//! newest and ends. On Ctrl-C it ends at once.
//!
//! ```console
//! nats-server --jetstream --store_dir /tmp/fleet &
//! alias fleet="cargo run --package overwrite-channel-runtimes --features fleet --example fleet --"
//! fleet create 127.0.0.1:4222 fleet
//! fleet watch 127.0.0.1:4222 fleet truck7 &
//! fleet send 127.0.0.1:4222 fleet truck7
//! ```

#![forbid(unsafe_code)]

use async_nats::{
    ConnectOptions, Event,
    jetstream::{
        context::{Context, ContextBuilder},
        kv::{Entry, Operation, Store},
        stream::{Config, DiscardPolicy},
    },
};
use futures::StreamExt;
use overwrite_channel::{Receiver, Sender, channel, watch};
use serde::{Deserialize, Serialize};
use std::{
    env,
    error::Error,
    future::ready,
    io,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, SystemTime},
};
use support::allocator::{self, Counting};
use tokio::{select, signal::ctrl_c, time::sleep};

/// Counts what the sends allocate, and what the process holds.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str =
    "expected `create SERVER BUCKET`, `send SERVER BUCKET KEY` or `watch SERVER BUCKET KEY`";
const START: &str = "start one with `nats-server --jetstream --store_dir FOLDER`";
/// How long an answer of the server may take.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Fails with one line that says what to do.
type Outcome<T = ()> = Result<T, String>;
type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Where the vehicle is. The larger position is newer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Position {
    sequence: u64,
    meters: u64,
}

/// The sequence of the newest position of this process.
static NEWEST: AtomicU64 = AtomicU64::new(0);

impl Position {
    fn new(meters: u64) -> Self {
        let clock = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        let clock = clock.try_into().expect("it is not the year 2554 yet");
        let is_newest = NEWEST.fetch_max(clock, Relaxed) < clock;
        let sequence = if is_newest { clock } else { NEWEST.fetch_add(1, Relaxed) + 1 };
        Self { sequence, meters }
    }

    /// Returns the position in an entry. What was deleted is older than all.
    fn of(entry: &Entry) -> Fallible<Self> {
        match entry.operation {
            Operation::Put => Ok(serde_json::from_slice(&entry.value)?),
            Operation::Delete | Operation::Purge => Ok(Self::default()),
        }
    }
}

/// The key of one vehicle.
struct Key {
    store: Store,
    name: String,
    is_up: watch::Receiver<bool>,
    /// What is there, with its revision. Unknown after a put that failed: it may have arrived, or another forwarder was faster.
    known: Option<(u64, Position)>,
}

impl Key {
    async fn open(server: &str, bucket: &str, name: &str) -> Outcome<Self> {
        let (jetstream, is_up) = connect(server).await?;
        let store = jetstream.get_key_value(bucket).await.map_err(|error| {
            format!(
                "there is no bucket {bucket:?} ({error}): `fleet create {server} NAME` makes one"
            )
        })?;
        let key = Self { store, name: name.to_owned(), is_up, known: None };
        let read = key.read().await;
        read.map_err(|error| {
            format!("key {name:?} holds no position ({error}): choose another, such as truck7")
        })?;
        Ok(key)
    }

    async fn read(&self) -> Fallible<(u64, Position)> {
        let entry = self.store.entry(&self.name).await?;
        entry.map_or(Ok((0, Position::default())), |entry| {
            Ok((entry.revision, Position::of(&entry)?))
        })
    }

    /// Stores the position, unless a newer one is there.
    async fn advance(&mut self, to: Position) -> Fallible<()> {
        let (mut revision, newest) = match self.known.take() {
            Some(known) => known,
            None => self.read().await?,
        };
        if to > newest {
            revision =
                self.store.update(&self.name, serde_json::to_vec(&to)?.into(), revision).await?;
        }
        self.known = Some((revision, to.max(newest)));
        Ok(())
    }
}

/// Connects, and says from then on whether it is connected. The client reconnects by itself.
async fn connect(server: &str) -> Outcome<(Context, watch::Receiver<bool>)> {
    let (link, is_up) = watch::channel(true);
    let options = ConnectOptions::new()
        .ping_interval(PATIENCE)
        .reconnect_delay_callback(|_| PAUSE)
        .event_callback(move |event| {
            match event {
                Event::Connected => drop(link.send_replace(true)),
                Event::Disconnected => drop(link.send_replace(false)),
                _ => {}
            }
            ready(())
        });
    let client = options.connect(server).await.map_err(|error| {
        format!("there is no server at {server:?} ({error}): {START}, at 127.0.0.1:4222")
    })?;
    if !client.server_info().jetstream {
        return Err(format!("the server at {server:?} has no JetStream: {START}"));
    }
    Ok((ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE).build(client), is_up))
}

/// Makes the bucket as the stream that it is. The client's own call asks for the limits of the account, and cannot read the
/// answer of servers before 2.10.
async fn create(server: &str, bucket: &str) -> Outcome {
    let config = Config {
        name: format!("KV_{bucket}"),
        subjects: vec![format!("$KV.{bucket}.>")],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        ..Default::default()
    };
    let made = connect(server).await?.0.create_stream(config).await;
    made.map_err(|error| {
        format!("bucket {bucket:?} cannot be made ({error}): choose another name")
    })?;
    Ok(())
}

/// Sends as many positions as each line says, from each of two threads.
fn produce(slot: &Sender<Position>) -> Outcome {
    allocator::measure_from_now_on();
    for line in io::stdin().lines().map_while(Result::ok) {
        let count = line.parse::<u64>();
        let count =
            count.map_err(|_| format!("expected how many positions to send, found {line:?}"))?;
        let send = |mut slot: Sender<Position>| {
            // An error means that the forwarder has ended.
            let send_all =
                || (0..count).all(|meters| slot.send_newest(Position::new(meters)).is_ok());
            allocator::measure(send_all).1.allocations
        };
        let allocations: usize = thread::scope(|scope| {
            let producers =
                [slot.clone(), slot.clone()].map(|slot| scope.spawn(move || send(slot)));
            producers.into_iter().map(|producer| producer.join().expect("it sends")).sum()
        });
        let (newest, live) = (NEWEST.load(Relaxed), allocator::process().live_bytes);
        println!("sent {} up to {newest}: {allocations} allocations, {live} bytes live", 2 * count);
    }
    Ok(())
}

/// Stores the newest position, until the producers are gone and their last is stored.
async fn forward(mut slot: Receiver<Position>, mut key: Key) {
    while let Ok(mut newest) = slot.recv_async().await {
        // Without a connection, the client would queue each put.
        while key.is_up.wait_for(|is_up| *is_up).await.is_ok() {
            newest = slot.try_recv().map_or(newest, |other| newest.max(other));
            let Err(error) = key.advance(newest).await else { break };
            eprintln!("not stored yet: {error}");
            sleep(PAUSE).await;
        }
    }
}

/// Sends to the receivers of a `watch` what is newer than all before it.
async fn follow(mut key: Key, newest: watch::Sender<Position>) {
    let renew = |position: Position| {
        newest.send_if_modified(|newest| {
            if position < *newest {
                eprintln!("ignored an older one: {}", position.sequence);
            }
            let is_newer = position > *newest;
            *newest = position.max(*newest);
            is_newer
        });
    };
    // Anew with each connection, from the present entry on. The client would take ten seconds to do so.
    while key.is_up.wait_for(|is_up| *is_up).await.is_ok() {
        if let Ok(mut entries) = key.store.watch_with_history(&key.name).await {
            while let Some(Ok(entry)) = select! {
                entry = entries.next() => entry,
                _ = key.is_up.changed() => None,
            } {
                Position::of(&entry).map_or_else(drop, renew);
            }
        }
        sleep(PAUSE).await;
    }
}

async fn run(arguments: &[&str]) -> Outcome {
    match *arguments {
        ["create", server, bucket] => create(server, bucket).await,
        ["send", server, bucket, key] => {
            let key = Key::open(server, bucket, key).await?;
            let (tx, slot) = channel();
            let producers = thread::spawn(move || produce(&tx));
            select! {
                () = forward(slot, key) => producers.join().expect("it sends"),
                // That thread may be reading. It ends with the process.
                _ = ctrl_c() => Ok(()),
            }
        }
        ["watch", server, bucket, key] => {
            let key = Key::open(server, bucket, key).await?;
            let (tx, mut rx) = watch::channel(Position::default());
            // One of any number of receivers, as a thread without a runtime.
            let receiver = thread::spawn(move || {
                while rx.blocking_changed().is_ok() {
                    println!("arrived: {}", rx.borrow_and_update().sequence);
                }
            });
            select! {
                () = follow(key, tx) => {}
                _ = ctrl_c() => {}
            }
            // The sender is gone.
            receiver.join().expect("it prints");
            println!("ended");
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let arguments: Vec<_> = arguments.collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("fleet: {wrong}");
            ExitCode::from(2)
        }
    }
}
