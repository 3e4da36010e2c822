//! Builds the `bounded` channel in a child process first: an allocation that fails takes only that process with it.

use crate::channels::Policy;
use std::{
    env,
    process::{Command, Output, Stdio},
};
use support::allocator;

/// The hidden option that makes a process such a child.
pub(crate) const OPTION: &str = "in-child";

/// The largest allocation of a child: `std` writes to every place of a new channel, and a machine that promises memory
/// lightly can go down when it is used.
const LIMIT: usize = 100_000_000;

/// How a child ended that could not build its channel.
pub(crate) struct Death {
    /// In a few words.
    pub(crate) cause: String,
    /// Its last words, and its exit status.
    pub(crate) details: String,
}

/// In the child: builds the channel, or dies.
pub(crate) fn build(max_retries: u64) {
    allocator::refuse_above(LIMIT);
    drop(Policy::Bounded.open(max_retries));
}

/// In the parent: builds the channel in a child, or returns how it died.
pub(crate) fn try_build(max_retries: u64) -> Result<(), Death> {
    let options = [format!("--{OPTION}"), format!("--max-retries={max_retries}")];
    let run = |mut child: Command| {
        child.args(options).env("RUST_BACKTRACE", "0").stdin(Stdio::null()).output()
    };
    let ended = env::current_exe().map(Command::new).and_then(run);
    let Output { status, stderr, .. } = ended
        .map_err(|error| Death { cause: "no child process".into(), details: error.to_string() })?;
    if status.success() {
        return Ok(());
    }
    let (said, refused) = allocator::last_words(&stderr);
    let (cause, why) = match refused {
        None => (said.clone(), ""),
        // Reserves address space, touches none of it, and gives it back.
        Some(bytes) if Vec::<u8>::new().try_reserve_exact(bytes).is_err() => {
            (format!("no memory for {}", rounded(bytes)), "; this machine does not give that much")
        }
        Some(bytes) => {
            (format!("refused {}", rounded(bytes)), "; this example gives it 100 MB at most")
        }
    };
    let details = format!("its process said {said:?} and ended with {status}{why}");
    Err(Death { cause: format!("died: {cause}"), details })
}

fn rounded(mut bytes: usize) -> String {
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if bytes < 10_000 {
            return format!("{bytes} {unit}");
        }
        bytes = (bytes + 500) / 1_000;
    }
    format!("{bytes} PB")
}
