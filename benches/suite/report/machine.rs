//! Where and with what it was measured.

use crate::suite::measure::with_commas;
use std::{env, fs, process::Command};

/// The machine, its system, the compiler, and what else ran when this began.
pub(super) fn here() -> String {
    let total = field("/proc/meminfo", "MemTotal");
    let kib = total.strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok());
    format!(
        "{}, {} cores, {}; {}; {}. The load was {} when this began",
        field("/proc/cpuinfo", "model name"),
        std::thread::available_parallelism().map_or(1, usize::from),
        kib.map_or(total, |kib| format!("{} MiB", with_commas(kib >> 10))),
        said("uname", &["-srm"]),
        said(&env::var("RUSTC").unwrap_or_else(|_| "rustc".into()), &["--version"]),
        // How many threads wanted a core, over the last minute.
        read("/proc/loadavg").split_whitespace().next().unwrap_or("unknown"),
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The first such line of a file of the kernel's, without its name.
fn field(path: &str, name: &str) -> String {
    let text = read(path);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or("unknown".into(), |(_, rest)| rest.trim().to_owned())
}

pub(super) fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or("unknown".into())
}

/// This crate and each peer, with its version.
pub(super) fn versions() -> String {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let tree =
        ["tree", "--offline", "--depth", "1", "--prefix", "none", "--manifest-path", manifest];
    let tree = said(&cargo, &tree);
    // The first line is this program.
    let packages = tree.lines().skip(1).map(|line| line.split(" (").next().unwrap_or_default());
    packages.collect::<Vec<_>>().join(", ")
}
