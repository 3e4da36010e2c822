//! What is known of each mutant: what its ordering pairs with, and which model fails without it. Kept in
//! `orderings.toml`, and written into `docs/memory-ordering.md`.

use crate::sites::Mutant;
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt::Write, fs, path::Path};

const BEGIN: &str = "<!-- What is below is written by `cargo run -p ordering-mutants`. -->\n";
const END: &str = "<!-- What is above is written by `cargo run -p ordering-mutants`. -->\n";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// As [`Mutant::name`] says.
    pub(crate) mutant: String,
    /// By hand: the other side, and what it sees for it.
    pub(crate) pairs_with: String,
    /// The model that failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caught_by: Option<String>,
    /// By hand: why no model can fail without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unseen: Option<String>,
}

/// In the order of the source.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    #[serde(default)]
    pub(crate) ordering: Vec<Entry>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{}", path.display()))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, toml::to_string(self)?).with_context(|| format!("{}", path.display()))
    }

    /// An entry for each mutant there is now, and none else. What is new has nothing by hand yet.
    pub(crate) fn renewed(self, mutants: &[Mutant]) -> Self {
        let mut known: HashMap<_, _> =
            self.ordering.into_iter().map(|entry| (entry.mutant.clone(), entry)).collect();
        let ordering = mutants.iter().map(|mutant| {
            let name = mutant.name();
            known.remove(&name).unwrap_or_else(|| Entry {
                mutant: name,
                pairs_with: String::new(),
                caught_by: None,
                unseen: None,
            })
        });
        Self { ordering: ordering.collect() }
    }

    /// Is there, for each mutant and for no other, a pair and a model that fails or a reason why none can?
    pub(crate) fn check(&self, mutants: &[Mutant]) -> Result<()> {
        let names = mutants.iter().map(Mutant::name).collect::<Vec<_>>();
        for name in &names {
            let Some(entry) = self.ordering.iter().find(|entry| entry.mutant == *name) else {
                bail!("`{name}` is not in the table: run `cargo run -p ordering-mutants`");
            };
            ensure!(!entry.pairs_with.is_empty(), "`{name}` does not say what it pairs with");
            ensure!(
                entry.caught_by.is_some() != entry.unseen.is_some(),
                "`{name}` needs a model that fails without it, or a reason why none can, and not both"
            );
        }
        for entry in &self.ordering {
            ensure!(names.contains(&entry.mutant), "`{}` is no longer there", entry.mutant);
        }
        Ok(())
    }

    /// Writes the tables into `page`, between the two marks.
    pub(crate) fn written_into(&self, page: &str, mutants: &[Mutant]) -> Result<String> {
        let (before, rest) = page.split_once(BEGIN).context("no mark where the tables begin")?;
        let (_, after) = rest.split_once(END).context("no mark where the tables end")?;
        Ok(format!("{before}{BEGIN}{}\n{END}{after}", self.markdown(mutants)))
    }

    fn markdown(&self, mutants: &[Mutant]) -> String {
        let mut text = String::new();
        let mut file = "";
        for (mutant, entry) in mutants.iter().zip(&self.ordering) {
            let site = &mutant.site;
            if file != site.file {
                file = &site.file;
                let _ = write!(
                    text,
                    "\n### `src/{file}`\n\n| operation | ordering | half | pairs with | fails without it |\n\
                     |---|---|---|---|---|\n"
                );
            }
            let fails = match (&entry.caught_by, &entry.unseen) {
                (Some(model), _) => format!("`{model}`"),
                (None, Some(reason)) => format!("*no model:* {reason}"),
                (None, None) => "?".to_owned(),
            };
            let _ = writeln!(
                text,
                "| `{}`: {} | {:?} | {} | {} | {fails} |",
                site.function, site.operation, site.ordering, mutant.half, entry.pairs_with
            );
        }
        text
    }
}
