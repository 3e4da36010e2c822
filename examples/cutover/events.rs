//! Row events: read from a file, or generated.

#![forbid(unsafe_code)]

use crate::chance::Chance;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    str::Utf8Error,
};

/// Far more than any recording that is worth replaying here.
const LARGEST_FILE: u64 = 64 << 20;

const HEADER: &str = "timestamp,table,op";

/// What happened to a row.
#[derive(Clone, Copy)]
pub(crate) enum Op {
    Insert,
    Update,
    Delete,
}

/// One row event; the table by its place in [`Events::tables`].
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) timestamp: u64,
    pub(crate) table: usize,
    pub(crate) op: Op,
}

/// A stretch of log.
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) tables: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Events {
    /// Rows like those of a busy shop: half of them updates, as many deletes as inserts.
    pub(crate) fn generated(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let tables = ["orders", "items", "stock", "users"].map(String::from).to_vec();
        let rows = (0..5_000)
            .map(|n| Row {
                timestamp: n / 500,
                table: usize::try_from(chance.within(0..=3)).unwrap_or_default(),
                op: match chance.within(0..=3) {
                    0 => Op::Insert,
                    1 => Op::Delete,
                    _ => Op::Update,
                },
            })
            .collect();
        Self { tables, rows }
    }

    /// All the rows of the file, or what is wrong with it.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let bytes = read_bytes(path).map_err(|error| format!("cannot be read: {error}"))?;
        let mut events = Self::default();
        let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let ends_the_file = line.is_empty() && lines.peek().is_none();
            let is_header = index == 0 && line == HEADER.as_bytes();
            if ends_the_file || is_header {
                continue;
            }
            events.add(line).map_err(|wrong| format!("line {}: {wrong}", index + 1))?;
        }
        if events.rows.is_empty() {
            return Err(format!("line 1: expected a row event, {HEADER}; found none in the file"));
        }
        Ok(events)
    }

    /// How many seconds lie between the first and the last timestamp.
    pub(crate) fn seconds(&self) -> u64 {
        let timestamps = || self.rows.iter().map(|row| row.timestamp);
        timestamps().max().unwrap_or(0) - timestamps().min().unwrap_or(0)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let line = std::str::from_utf8(line)
            .map_err(|error| expected(HEADER, "UTF-8 text", &wrong_bytes(line, &error)))?;
        let [timestamp, table, op] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(expected(HEADER, "three fields with a comma between them", line));
        };
        let timestamp = match timestamp.parse() {
            // `parse` would take a sign.
            Ok(seconds) if !timestamp.starts_with('+') => seconds,
            _ => return Err(expected("timestamp", "whole Unix seconds", timestamp)),
        };
        if table.trim().is_empty() {
            return Err(expected("table", "a name", table));
        }
        let op = match op {
            "insert" => Op::Insert,
            "update" => Op::Update,
            "delete" => Op::Delete,
            _ => return Err(expected("op", "insert, update or delete", op)),
        };
        let table = self.table(table);
        self.rows.push(Row { timestamp, table, op });
        Ok(())
    }

    fn table(&mut self, name: &str) -> usize {
        self.tables.iter().position(|table| table == name).unwrap_or_else(|| {
            self.tables.push(name.to_owned());
            self.tables.len() - 1
        })
    }
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST_FILE >> 20)));
    }
    Ok(bytes)
}

fn wrong_bytes(line: &[u8], error: &Utf8Error) -> String {
    String::from_utf8_lossy(&line[error.valid_up_to()..]).into_owned()
}

/// Escaped and cut short, so that it stays one line.
fn expected(field: &str, what: &str, found: &str) -> String {
    let found: String = found.chars().take(40).collect();
    format!("{field}: expected {what}, found {found:?}")
}
