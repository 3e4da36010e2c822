//! What is known of each mutant: what its ordering pairs with, and which model fails without it. Kept in
//! `orderings.toml`, and written into `docs/memory-ordering.md`.

use crate::{
    Breakage, read_file,
    sites::{Mutant, mutants},
    write_file,
};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, path::Path};

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
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) ordering: Vec<Entry>,
    /// One for each entry.
    #[serde(skip)]
    mutants: Vec<Mutant>,
}

impl Table {
    /// Reads what is known, and returns an entry for each mutant there is now. What is new has nothing by hand yet.
    pub(crate) fn read(src: &Path) -> Result<Self> {
        let known: Self = toml::from_str(&read_file(FILE)?).context(FILE)?;
        let mutants = mutants(src)?;
        let entry = |mutant: &Mutant| {
            let mutant = mutant.name();
            let entry = known.ordering.iter().find(|entry| entry.mutant == mutant).cloned();
            entry.unwrap_or(Entry { mutant, ..Entry::default() })
        };
        Ok(Self { ordering: mutants.iter().map(entry).collect(), mutants })
    }

    /// Returns each mutant, for the models to find.
    pub(crate) fn breakages(&self) -> impl Iterator<Item = Breakage> {
        self.mutants.iter().zip(&self.ordering).map(|(mutant, entry)| Breakage {
            name: entry.mutant.clone(),
            edits: vec![mutant.edit.clone()],
            last: entry.caught_by.clone(),
            must_be_found: entry.unseen.is_none(),
        })
    }

    /// Returns the two files: the table, and the page that contains it.
    fn files(&self) -> Result<[(&'static str, String); 2]> {
        let page = read_file(PAGE)?;
        let (before, rest) = page.split_once(BEGIN).context("no mark where the tables begin")?;
        let (_, after) = rest.split_once(END).context("no mark where the tables end")?;
        let page = format!("{before}{BEGIN}{}\n{END}{after}", self.markdown());
        Ok([(FILE, toml::to_string(self)?), (PAGE, page)])
    }

    pub(crate) fn write(&self) -> Result<()> {
        self.files()?.iter().try_for_each(|(file, text)| write_file(file, text))
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        let mut file = "";
        for (mutant, entry) in self.mutants.iter().zip(&self.ordering) {
            if file != mutant.edit.file {
                file = &mutant.edit.file;
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
            let Mutant { function, operation, ordering, half, .. } = mutant;
            let _ = writeln!(
                text,
                "| `{function}`: {operation} | {ordering:?} | {half:?} | {} | {fails} |",
                entry.pairs_with
            );
        }
        text
    }
}

/// The table is that of the source, and says for each mutant what it pairs with, and which model fails without it or
/// why none can. The page is that of the table.
#[test]
fn table_and_page_are_current() {
    let table = Table::read(&Path::new(crate::ROOT).join("src")).unwrap();
    assert!(!table.ordering.is_empty(), "no ordering was found");
    for entry in &table.ordering {
        assert!(!entry.pairs_with.is_empty(), "{entry:?}");
        assert!(entry.caught_by.is_some() != entry.unseen.is_some(), "{entry:?}");
    }
    for (file, text) in table.files().unwrap() {
        assert_eq!(text, read_file(file).unwrap(), "run `cargo run -p ordering-mutants`");
    }
}
