//! Faults that the protocol had once, or could have: each is a replacement of a few lines, in `faults.toml`.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{fs, path::Path};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fault {
    /// What goes wrong, in a few words.
    pub(crate) name: String,
    #[serde(flatten)]
    edit: Edit,
    /// What else it takes.
    #[serde(default)]
    also: Vec<Edit>,
}

#[derive(Debug, Clone, Deserialize)]
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

pub(crate) fn read(path: &Path) -> Result<Vec<Fault>> {
    let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let faults: Faults = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
    Ok(faults.fault)
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
