//! Faults that the protocol had once, or could have: each is a replacement of a few lines, in `faults.toml`.

use crate::ROOT;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};

const FILE: &str = "loom-tests/mutants/faults.toml";

#[derive(Debug, Deserialize)]
pub(crate) struct Fault {
    /// What goes wrong, in a few words.
    pub(crate) name: String,
    /// For each check that has to find it, the test that found it the last time.
    #[serde(default)]
    pub(crate) found_by: BTreeMap<String, String>,
    #[serde(flatten)]
    edit: Edit,
    /// What else it takes.
    #[serde(default)]
    also: Vec<Edit>,
}

#[derive(Debug, Deserialize)]
struct Edit {
    /// Below `src/`.
    file: String,
    /// What stands there once, and by what it is replaced.
    right: String,
    wrong: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    fault: Vec<Fault>,
}

pub(crate) fn read() -> Result<Vec<Fault>> {
    let text = fs::read_to_string(Path::new(ROOT).join(FILE)).context(FILE)?;
    Ok(toml::from_str::<Faults>(&text).context(FILE)?.fault)
}

/// Writes what has found each fault below its name, and leaves the rest of the file as it is.
pub(crate) fn record(faults: &[Fault]) -> Result<()> {
    let path = Path::new(ROOT).join(FILE);
    let text = fs::read_to_string(&path).context(FILE)?;
    let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with("found_by")).collect();
    let records = faults.iter().map(|fault| {
        let found = fault.found_by.iter().map(|(check, test)| format!("{check} = {test:?}"));
        format!("found_by = {{ {} }}", found.collect::<Vec<_>>().join(", "))
    });
    let records: Vec<_> = records.collect();
    for (fault, record) in faults.iter().zip(&records) {
        if !fault.found_by.is_empty() {
            let name = format!("name = {:?}", fault.name);
            let at = lines.iter().position(|line| *line == name).context(name)?;
            lines.insert(at + 1, record);
        }
    }
    fs::write(path, lines.join("\n") + "\n").context(FILE)
}

impl Fault {
    pub(crate) fn apply(&self, src: &Path) -> Result<()> {
        for edit in [&self.edit].into_iter().chain(&self.also) {
            let path = src.join(&edit.file);
            let text = fs::read_to_string(&path).with_context(|| format!("src/{}", edit.file))?;
            let count = text.matches(&edit.right).count();
            ensure!(count == 1, "{}: what it replaces is there {count} times", self.name);
            fs::write(&path, text.replace(&edit.right, &edit.wrong))?;
        }
        Ok(())
    }
}
