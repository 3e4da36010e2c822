//! Where the two threads of a round trip run.

use core_affinity::{CoreId, get_core_ids, set_for_current};
use std::{fmt, fs, thread};

#[derive(Clone, Copy)]
pub(crate) enum Pair {
    Pinned {
        here: CoreId,
        there: CoreId,
    },
    /// The system may move them.
    Floating,
}

impl Pair {
    /// Two cores of those this process may use (`taskset` narrows them down), and pins this thread
    /// to the first. None if there is one core only: two polling threads would take turns there.
    pub(crate) fn pinned() -> Option<Self> {
        let floating = Self::floating()?;
        let cores = get_core_ids().unwrap_or_default();
        let [here, others @ ..] = cores.as_slice() else { return Some(floating) };
        // Not the first one's hyperthread, if there is a choice.
        let apart = others.iter().find(|core| siblings(**core) != siblings(*here));
        let Some(there) = apart.or(others.first()) else { return Some(floating) };
        let pinned = set_for_current(*here);
        Some(if pinned { Self::Pinned { here: *here, there: *there } } else { floating })
    }

    /// None if there is one core only.
    pub(crate) fn floating() -> Option<Self> {
        thread::available_parallelism().is_ok_and(|cores| cores.get() > 1).then_some(Self::Floating)
    }

    /// Pins the calling thread to the second core.
    pub(crate) fn go_there(self) {
        if let Self::Pinned { there, .. } = self {
            set_for_current(there);
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned { here, there } => {
                write!(f, "pinned to cores {} and {}", here.id, there.id)
            }
            Self::Floating => write!(f, "not pinned"),
        }
    }
}

/// The hyperthreads of a core, where the system tells.
fn siblings(core: CoreId) -> Option<String> {
    let path = format!("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", core.id);
    fs::read_to_string(path).ok()
}
