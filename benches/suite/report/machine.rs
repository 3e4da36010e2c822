//! Where and with what it was measured.

use crate::suite::measure::with_commas;
use std::{collections::BTreeMap, env, fs, process::Command};

pub(super) struct Machine {
    /// The machine, its system, the compiler, and what else ran when this began.
    pub(super) description: String,
    pub(super) date: String,
    /// This crate and each peer, with its version.
    pub(super) versions: String,
}

pub(super) fn here() -> Machine {
    let total = field("/proc/meminfo", "MemTotal");
    let kib = total.strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok());
    let description = format!(
        "{}, {} cores, {}; {}; {}. The load was {} when this began",
        field("/proc/cpuinfo", "model name"),
        std::thread::available_parallelism().map_or(1, usize::from),
        kib.map_or(total, |kib| format!("{} MiB", with_commas(kib >> 10))),
        said("uname", &["-srm"]),
        said(&env::var("RUSTC").unwrap_or_else(|_| "rustc".into()), &["--version"]),
        // How many threads wanted a core, over the last minute.
        read("/proc/loadavg").split_whitespace().next().unwrap_or("unknown"),
    );
    Machine { description, date: said("date", &["-u", "+%Y-%m-%d"]), versions: versions() }
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

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or("unknown".into())
}

/// What `Cargo.lock` says of the packages that this program names as its dependencies.
fn versions() -> String {
    let manifest = include_str!("../../Cargo.toml");
    let dependencies = manifest.split("[dev-dependencies]").nth(1).unwrap_or_default();
    let names = dependencies.lines().filter_map(|line| Some(line.split_once(" = ")?.0.trim()));
    let lock = include_str!("../../../Cargo.lock");
    let known = lock.split("[[package]]").filter_map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches(" = ").trim_matches('"'))
        };
        Some((value("name")?, value("version")?))
    });
    let known = known.collect::<BTreeMap<_, _>>();
    let packages = names.filter_map(|name| Some(format!("{name} {}", known.get(name)?)));
    packages.collect::<Vec<_>>().join(", ")
}
