//! Where and with what it was measured.

use crate::memory::with_commas;
use std::{collections::BTreeMap, env, fs, process::Command};

pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) system: String,
    /// What else ran when this began: how many wanted a core, over the last minute.
    pub(crate) load: String,
    pub(crate) compiler: String,
    pub(crate) date: String,
    /// This crate and each peer, with its version.
    pub(crate) versions: Vec<(String, String)>,
}

impl Machine {
    pub(crate) fn here() -> Self {
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory(),
            load: first_word("/proc/loadavg"),
            system: said("uname", &["-srm"]),
            compiler: said(&env::var("RUSTC").unwrap_or_else(|_| "rustc".into()), &["--version"]),
            date: said("date", &["-u", "+%Y-%m-%d"]),
            versions: versions(),
        }
    }
}

fn memory() -> String {
    let total = field("/proc/meminfo", "MemTotal");
    let kib = total.strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok());
    kib.map_or(total, |kib| format!("{} MiB", with_commas(kib >> 10)))
}

fn first_word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// The first such line of a file of the kernel's, without its name.
fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or("unknown".into(), |(_, rest)| rest.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or("unknown".into())
}

/// What `Cargo.lock` says of those that this program names as its dependencies.
fn versions() -> Vec<(String, String)> {
    let manifest = include_str!("../Cargo.toml");
    let dependencies = manifest.split("[dev-dependencies]").nth(1).unwrap_or_default();
    let names = dependencies.lines().filter_map(|line| Some(line.split_once(" = ")?.0.trim()));
    let lock = include_str!("../../Cargo.lock");
    let packages = lock.split("[[package]]").filter_map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches(" = ").trim_matches('"').to_owned())
        };
        Some((value("name")?, value("version")?))
    });
    let known = packages.collect::<BTreeMap<_, _>>();
    let version = |name: &str| Some((name.to_owned(), known.get(name)?.clone()));
    names.filter_map(version).collect()
}
