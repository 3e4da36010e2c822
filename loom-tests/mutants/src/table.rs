//! What is known of each mutant: what its ordering pairs with, and which model fails without it. Kept in
//! `orderings.toml`, and written into `docs/memory-ordering.md`.

use crate::{ROOT, sites::Mutant};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, fs, path::Path};

const FILE: &str = "loom-tests/mutants/orderings.toml";
const PAGE: &str = "docs/memory-ordering.md";
const BEGIN: &str = "<!-- What is below is written by `cargo run -p ordering-mutants`. -->\n";
const END: &str = "<!-- What is above is written by `cargo run -p ordering-mutants`. -->\n";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// As [`Mutant::name`] says.
    pub(crate) mutant: String,
    /// By hand: the other side, and what it sees for it.
    pairs_with: String,
    /// The model that failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caught_by: Option<String>,
    /// By hand: why no model can fail without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unseen: Option<String>,
}

/// In the order of the source.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) ordering: Vec<Entry>,
}

impl Table {
    /// Reads what is known, and returns an entry for each mutant there is now. What is new has nothing by hand yet.
    pub(crate) fn read(mutants: &[Mutant]) -> Result<Self> {
        let text = fs::read_to_string(Path::new(ROOT).join(FILE)).context(FILE)?;
        let known: Self = toml::from_str(&text).context(FILE)?;
        let ordering = mutants.iter().map(|mutant| {
            let mutant = mutant.name();
            let entry = known.ordering.iter().find(|entry| entry.mutant == mutant).cloned();
            entry.unwrap_or(Entry { mutant, ..Entry::default() })
        });
        Ok(Self { ordering: ordering.collect() })
    }

    /// Writes the file, and the tables of the page.
    pub(crate) fn write(&self, mutants: &[Mutant]) -> Result<()> {
        fs::write(Path::new(ROOT).join(FILE), toml::to_string(self)?).context(FILE)?;
        let page = fs::read_to_string(Path::new(ROOT).join(PAGE)).context(PAGE)?;
        fs::write(Path::new(ROOT).join(PAGE), self.written_into(&page, mutants)?).context(PAGE)
    }

    /// Replaces what stands between the two marks of a page.
    fn written_into(&self, page: &str, mutants: &[Mutant]) -> Result<String> {
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
                "| `{}`: {} | {:?} | {:?} | {} | {fails} |",
                site.function, site.operation, site.ordering, mutant.half, entry.pairs_with
            );
        }
        text
    }
}

/// The table is that of the source, and says for each mutant what it pairs with, and which model fails without it or
/// why none can. The page is that of the table.
#[test]
fn table_and_page_are_current() {
    let read = |file| fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let mutants = crate::sites::mutants(&Path::new(ROOT).join("src")).unwrap();
    assert!(!mutants.is_empty(), "no ordering was found");
    let table = Table::read(&mutants).unwrap();
    for entry in &table.ordering {
        assert!(!entry.pairs_with.is_empty(), "{entry:?}");
        assert!(entry.caught_by.is_some() != entry.unseen.is_some(), "{entry:?}");
    }
    assert_eq!(toml::to_string(&table).unwrap(), read(FILE), "run `cargo run -p ordering-mutants`");
    let page = read(PAGE);
    assert_eq!(table.written_into(&page, &mutants).unwrap(), page, "the same");
}
