//! Row events: read from a file, or generated.

use crate::options::Options;
use clap::ValueEnum;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};
use support::dice::Dice;

/// Far more than any recording that is worth replaying here.
const LARGEST_FILE: u64 = 64 << 20;

const HEADER: &str = "timestamp,table,op";

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Operation {
    Insert,
    Update,
    Delete,
}

#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// A number for each table.
    pub(crate) table: usize,
    pub(crate) operation: Operation,
}

/// A stretch of the server's log.
pub(crate) struct Events {
    pub(crate) rows: Vec<Row>,
    /// The number of tables.
    pub(crate) tables: usize,
    /// The time between the first and the last row.
    pub(crate) seconds: u64,
}

impl Events {
    /// Reads the file of `--events`, or generates rows.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        let Some(path) = &options.events else { return Ok(Self::generate(options.seed)) };
        read(path)
            .map_err(|error| format!("cannot be read: {error}"))
            .and_then(|bytes| Self::parse(&bytes))
            .map_err(|wrong| format!("--events {}: {wrong}", path.display()))
    }

    /// Generates rows like those of a busy shop: half of them are updates.
    fn generate(seed: u64) -> Self {
        use Operation::{Delete, Insert, Update};
        let mut dice = Dice::new(seed);
        let row = |_| {
            let table = dice.below(4);
            Row { table, operation: dice.pick(&[Insert, Delete, Update, Update]) }
        };
        Self { rows: (0..5_000).map(row).collect(), tables: 4, seconds: 10 }
    }

    /// Parses the content of a file, or says what is wrong with it.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (mut rows, mut tables, mut timestamps) = (Vec::new(), BTreeMap::new(), Vec::new());
        let text = String::from_utf8_lossy(bytes);
        for (number, line) in (1..).zip(text.lines()) {
            if number == 1 && line == HEADER {
                continue;
            }
            let (timestamp, table, operation) =
                parse_line(line).map_err(|wrong| format!("line {number}: {wrong}"))?;
            timestamps.push(timestamp);
            let new = tables.len();
            rows.push(Row { table: *tables.entry(table).or_insert(new), operation });
        }
        let (Some(first), Some(last)) = (timestamps.iter().min(), timestamps.iter().max()) else {
            return Err(format!("line 1: expected a row event, {HEADER}; found none in the file"));
        };
        Ok(Self { rows, tables: tables.len(), seconds: last - first })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST_FILE >> 20)));
    }
    Ok(bytes)
}

fn parse_line(line: &str) -> Result<(u64, &str, Operation), String> {
    // The character stands in place of bytes that are not UTF-8.
    if let Some(at) = line.find(char::REPLACEMENT_CHARACTER) {
        return Err(expected(HEADER, "UTF-8 text", &line[at..]));
    }
    let [timestamp, table, operation] = line.split(',').collect::<Vec<_>>()[..] else {
        return Err(expected(HEADER, "three fields with a comma between them", line));
    };
    // `parse` would take a sign.
    let digits = Some(timestamp).filter(|text| !text.starts_with('+'));
    let seconds = digits.and_then(|text| text.parse().ok());
    let seconds = seconds.ok_or_else(|| expected("timestamp", "whole Unix seconds", timestamp))?;
    if table.trim().is_empty() {
        return Err(expected("table", "a name", table));
    }
    let operation = Operation::from_str(operation, false)
        .map_err(|_| expected("op", "insert, update or delete", operation))?;
    Ok((seconds, table, operation))
}

/// Escapes what was found and cuts it short, so that the message stays one line.
fn expected(field: &str, what: &str, found: &str) -> String {
    let found: String = found.chars().take(40).collect();
    format!("{field}: expected {what}, found {found:?}")
}
