//! A channel is built, filled and dropped in a process of its own, which may take no more than
//! [`ADDRESS_SPACE`]: one that asks for more takes only that process with it.

use crate::channels::{Channel, Sentinel};
use crate::counting::{Counts, counted};
use std::{
    env, fmt, fs,
    hint::black_box,
    io::{self, Read},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The option that makes a process such a child.
const OPTION: &str = "--memory-child";
/// In bytes. What a process has mapped before is part of it.
pub(crate) const ADDRESS_SPACE: u64 = 4 << 30;
/// Without such a limit, no channel of more values is built.
const HARMLESS: u64 = 1_000_000;
/// Values sent that nobody receives.
pub(crate) const SENDS: u64 = 1_000_000;
/// For a child to finish.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that a process has, if the system tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pages {
    /// In memory. The system counts in batches: a few hundred kB are no figure.
    pub(crate) resident: Option<i64>,
    /// Mapped.
    pub(crate) mapped: Option<i64>,
}

impl Pages {
    fn now() -> Self {
        // Without an allocation: that would be counted among what it counts.
        let mut text = [0; 4096];
        let file = fs::File::open("/proc/self/status");
        let length = file.and_then(|mut file| file.read(&mut text)).unwrap_or(0);
        let text = std::str::from_utf8(&text[..length]).unwrap_or_default();
        let field = |name| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let kibibytes = line.trim().strip_suffix(" kB")?.trim().parse::<i64>().ok()?;
            Some(kibibytes * 1024)
        };
        Self { resident: field("VmRSS:"), mapped: field("VmSize:") }
    }

    fn since(self, before: Self) -> Self {
        let growth = |now: Option<i64>, before: Option<i64>| Some(now? - before?);
        Self {
            resident: growth(self.resident, before.resident),
            mapped: growth(self.mapped, before.mapped),
        }
    }
}

/// What a child found; it prints this as one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// To build the channel; the first in its process.
    pub(crate) nanos: u64,
    pub(crate) built: Counts,
    pub(crate) built_pages: Pages,
    /// Of [`SENDS`]; the others were refused.
    pub(crate) accepted: u64,
    /// Since the process began, so the construction is part of it.
    pub(crate) filled: Counts,
    pub(crate) filled_pages: Pages,
    /// Received before the newest that was accepted.
    pub(crate) stale: u64,
}

impl Found {
    fn to_line(self) -> String {
        let page = |bytes: Option<i64>| bytes.map_or("-".into(), |bytes| bytes.to_string());
        format!(
            "found {} {} {} {} {} {} {} {} {} {} {}",
            self.nanos,
            self.built.held,
            self.built.allocations,
            page(self.built_pages.resident),
            page(self.built_pages.mapped),
            self.accepted,
            self.filled.held,
            self.filled.allocations,
            page(self.filled_pages.resident),
            page(self.filled_pages.mapped),
            self.stale,
        )
    }

    fn from_words(words: &str) -> Option<Self> {
        let mut words = words.split(' ');
        let mut next = || words.next();
        let page = |word: &str| match word {
            "-" => Some(None),
            bytes => bytes.parse().ok().map(Some),
        };
        Some(Self {
            nanos: next()?.parse().ok()?,
            built: Counts { held: next()?.parse().ok()?, allocations: next()?.parse().ok()? },
            built_pages: Pages { resident: page(next()?)?, mapped: page(next()?)? },
            accepted: next()?.parse().ok()?,
            filled: Counts { held: next()?.parse().ok()?, allocations: next()?.parse().ok()? },
            filled_pages: Pages { resident: page(next()?)?, mapped: page(next()?)? },
            stale: next()?.parse().ok()?,
        })
    }
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Panicked {
        message: String,
    },
    /// The allocator was refused this many bytes, and Rust gives the process up.
    OutOfMemory {
        bytes: u64,
    },
    /// By a signal, or as it saw fit; with the last line it wrote.
    Ended {
        how: String,
        message: String,
    },
    TimedOut {
        after: Duration,
    },
    /// The platform lacks something that a harmless try needs.
    NotTried {
        missing: String,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { message } => write!(f, "panics: {message}"),
            Self::OutOfMemory { bytes } => {
                write!(f, "aborts: {} asked for", super::in_words(*bytes))
            }
            Self::Ended { how, message } => write!(f, "ends with {how}: {message}"),
            Self::TimedOut { after } => write!(f, "not done after {after:?}, so ended"),
            Self::NotTried { missing } => write!(f, "not tried: {missing}"),
        }
    }
}

/// One of the contenders, in a child.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    find: fn(usize) -> Result<Found, String>,
}

impl Contender {
    pub(crate) const fn of<C: Channel>() -> Self {
        Self { name: C::NAME, find: find::<C> }
    }

    /// In the parent: has a child try it.
    ///
    /// # Panics
    ///
    /// If there is no child, or it saw the channel do something wrong.
    pub(crate) fn in_child(self, capacity: u64) -> Result<Found, Failure> {
        let this = env::current_exe().expect("the path of this program");
        let mut command = Command::new(this);
        command.args([OPTION, self.name, &capacity.to_string()]).env("RUST_BACKTRACE", "0");
        let ended = run(&mut command).expect("a child process");
        let Some((status, said, complained)) = ended else {
            return Err(Failure::TimedOut { after: PATIENCE });
        };
        let (word, rest) = said.trim_end().split_once(' ').unwrap_or_default();
        match word {
            "found" => Ok(Found::from_words(rest).expect("a line as the child writes it")),
            "missing" => Err(Failure::NotTried { missing: rest.into() }),
            "wrong" => panic!("{} with a capacity of {capacity}: {rest}", self.name),
            _ => Err(autopsy(status, &complained)),
        }
    }
}

/// If this process is a child, does what it is for, and is to end then.
///
/// # Panics
///
/// If a channel does. That is a result, as other ways to end are.
pub(crate) fn is_child(contenders: &[Contender]) -> bool {
    let args = env::args().skip_while(|arg| arg != OPTION).collect::<Vec<_>>();
    let [_, name, capacity, ..] = args.as_slice() else { return false };
    let contender = contenders.iter().find(|contender| contender.name == name);
    let contender = contender.expect("a contender's name");
    let line = match prepare(capacity.parse().expect("a capacity")) {
        Err(missing) => format!("missing {missing}"),
        Ok(capacity) => match (contender.find)(capacity) {
            Ok(found) => found.to_line(),
            Err(wrong) => format!("wrong {wrong}"),
        },
    };
    println!("{line}");
    true
}

/// The capacity, if trying it harms nobody.
fn prepare(capacity: u64) -> Result<usize, String> {
    if let Err(missing) = limit() {
        if capacity > HARMLESS {
            return Err(missing);
        }
    }
    usize::try_from(capacity).map_err(|_| "a `usize` here does not go so far".into())
}

/// Limits what this process can do to the machine.
#[cfg(unix)]
fn limit() -> Result<(), String> {
    use rlimit::Resource;

    let lower = |resource: Resource, most: u64| {
        let (soft, hard) = resource.get()?;
        resource.set(soft.min(most), hard)
    };
    // An abort is expected: its picture would fill the disk. And should the parent be gone, this ends.
    // Both are good to have, and no more.
    let _ = lower(Resource::CORE, 0);
    let _ = lower(Resource::CPU, 2 * PATIENCE.as_secs());
    lower(Resource::AS, ADDRESS_SPACE)
        .map_err(|error| format!("no limit of the address space here ({error})"))?;
    // Some systems take the limit, and do not keep to it.
    let too_much = usize::try_from(ADDRESS_SPACE).unwrap_or(usize::MAX);
    match black_box(Vec::<u8>::new()).try_reserve_exact(black_box(too_much)) {
        Err(_) => Ok(()),
        Ok(()) => Err("this system limits no address space".into()),
    }
}

#[cfg(not(unix))]
fn limit() -> Result<(), String> {
    Err("no limit of the address space on this platform".into())
}

/// In the child: builds the channel, fills it, looks for the newest value, drops it.
fn find<C: Channel>(capacity: usize) -> Result<Found, String> {
    // Once for nothing: the first look maps what it needs.
    let (_, _) = (Pages::now(), Instant::now());

    let before = Pages::now();
    let start = Instant::now();
    let (mut channel, built) = counted(|| C::new(black_box(capacity)));
    let nanos = start.elapsed().as_nanos();
    let built_pages = Pages::now().since(before);

    let mut counts = built;
    let (mut accepted, mut newest) = (0, None);
    let ((), sent) = counted(|| {
        for challenge in 0..SENDS {
            if channel.send(Sentinel::of(challenge)) {
                accepted += 1;
                newest = Some(challenge);
            }
        }
    });
    let filled_pages = Pages::now().since(before);
    counts += sent;
    let filled = counts;

    let newest = newest.ok_or("it accepted nothing")?;
    // So that there is time left to say so.
    let deadline = Instant::now() + PATIENCE / 2;
    let (received, receiving) = counted(|| channel.wait_for(newest, deadline));
    counts += receiving;
    let (sentinel, stale) = received.ok_or("the newest accepted value did not come")?;
    let ((), dropping) = counted(|| drop(channel));
    counts += dropping;

    let expected = if C::KEEPS_ALL { accepted - 1 } else { 0 };
    if sentinel != Sentinel::of(newest) {
        return Err(format!("{sentinel:?} is not what was sent"));
    }
    if stale != expected {
        return Err(format!("{stale} values came before the newest, not {expected}"));
    }
    // The first one's may be a record of the thread, which later ones use, too.
    let (_, second) = counted(|| C::new(capacity).send(sentinel));
    if second.held != 0 {
        return Err(format!("{} bytes are counted after its end", second.held));
    }
    let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
    Ok(Found { nanos, built, built_pages, accepted, filled, filled_pages, stale })
}

/// None if it had to be ended.
fn run(command: &mut Command) -> io::Result<Option<(ExitStatus, String, String)>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let start = Instant::now();
    // It writes a few lines at most, which a pipe holds: they can be read afterwards.
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            let (said, complained) = read(&mut child)?;
            return Ok(Some((status, said, complained)));
        }
        thread::sleep(Duration::from_millis(1));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn read(child: &mut Child) -> io::Result<(String, String)> {
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    child.stdout.take().map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut said))?;
    child.stderr.take().map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut complained))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((text(said), text(complained)))
}

/// How a child ended that has said nothing.
fn autopsy(status: ExitStatus, complained: &str) -> Failure {
    let lines = complained.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with("note:"));
    // A panic first tells where it was. Otherwise what was wrong is said last.
    let panicked = lines.clone().skip_while(|line| !line.contains("panicked at")).nth(1);
    let message = panicked.or_else(|| lines.next_back()).unwrap_or("(no word)");
    let message = message.chars().take(100).collect::<String>();
    let bytes = message.strip_prefix("memory allocation of ");
    let bytes = bytes.and_then(|rest| rest.strip_suffix(" bytes failed")?.parse().ok());
    match (bytes, panicked) {
        (Some(bytes), _) => Failure::OutOfMemory { bytes },
        (None, Some(_)) => Failure::Panicked { message },
        (None, None) => Failure::Ended { how: status.to_string(), message },
    }
}
