//! Faults that the protocol had once, or could have: each is a replacement of a few lines, in `faults.toml`.

use crate::{Breakage, arena::Edit, checks::Check, read_file, write_file};
use anyhow::{Context, Error, Result, ensure};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::Path};

const FILE: &str = "loom-tests/mutants/faults.toml";

#[derive(Deserialize)]
pub(crate) struct Fault {
    /// What goes wrong, in a few words.
    pub(crate) name: String,
    /// For each check that has to find it, the test that found it the last time.
    #[serde(default)]
    pub(crate) found_by: BTreeMap<String, String>,
    #[serde(flatten)]
    replacement: Replacement,
    /// What else it takes.
    #[serde(default)]
    also: Vec<Replacement>,
}

#[derive(Deserialize)]
struct Replacement {
    /// Below `src/`.
    file: String,
    /// What stands there once, and by what it is replaced.
    right: String,
    wrong: String,
}

pub(crate) fn read() -> Result<Vec<Fault>> {
    let mut tables: BTreeMap<String, _> = toml::from_str(&read_file(FILE)?).context(FILE)?;
    tables.remove("fault").context(FILE)
}

/// Writes what has found each fault below its name, and leaves the rest of the file as it is.
pub(crate) fn record(faults: &[Fault]) -> Result<()> {
    let mut lines = Vec::new();
    for line in read_file(FILE)?.lines().filter(|line| !line.starts_with("found_by")) {
        lines.push(line.to_owned());
        let mut named = faults.iter().filter(|fault| line == format!("name = {:?}", fault.name));
        if let Some(Fault { found_by, .. }) = named.find(|fault| !fault.found_by.is_empty()) {
            let found = found_by.iter().map(|(check, test)| format!("{check} = {test:?}"));
            lines.push(format!("found_by = {{ {} }}", found.collect::<Vec<_>>().join(", ")));
        }
    }
    write_file(FILE, &(lines.join("\n") + "\n"))
}

impl Replacement {
    fn edit(&self, src: &Path) -> Result<Edit> {
        let Self { file, right, wrong } = self;
        let text = fs::read_to_string(src.join(file)).with_context(|| file.clone())?;
        let places: Vec<_> = text.match_indices(right).collect();
        ensure!(places.len() == 1, "what it replaces is in src/{file} {} times", places.len());
        let place = places[0].0..places[0].0 + right.len();
        Ok(Edit { file: file.clone(), place, wrong: wrong.clone() })
    }
}

impl Fault {
    /// Finds what the fault replaces, for a check that looks for it.
    ///
    /// # Errors
    ///
    /// If it is not there once, or `found_by` names what is no check.
    pub(crate) fn breakage(&self, src: &Path, check: &Check) -> Result<Breakage> {
        self.found_by
            .keys()
            .try_for_each(|check| Check::named(check).map(drop))
            .map_err(Error::msg)?;
        let replacements = [&self.replacement].into_iter().chain(&self.also);
        let edits = replacements.map(|replacement| replacement.edit(src)).collect::<Result<_>>();
        let edits = edits.with_context(|| self.name.clone())?;
        let last = self.found_by.get(check.name).cloned();
        let must_be_found = check.is_models() || last.is_some();
        Ok(Breakage { name: self.name.clone(), edits, last, must_be_found })
    }
}

/// The faults are those of the source.
#[test]
fn faults_are_current() {
    let src = Path::new(crate::ROOT).join("src");
    for fault in read().unwrap() {
        fault.breakage(&src, &crate::checks::CHECKS[0]).unwrap();
    }
}
