//! The Go channels that the crate stands in for, measured by `benches/go/run`.

use super::prelude::*;
use std::{path::Path, process::Command};

/// Lines of fields, as the script prints them.
pub(super) struct Original(Vec<Vec<String>>);

impl Original {
    /// Returns what the script says, or why it says nothing.
    pub(super) fn measured(quick: bool) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("go/run");
        let mut command = Command::new(&script);
        command.args(quick.then_some("--quick"));
        let output = command.output().map_err(|error| format!("{}: {error}", script.display()))?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(complaint.lines().next().unwrap_or("it says nothing").to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(Self(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()))
    }

    /// The lines of a kind, without it.
    fn lines(&self, kind: &str) -> impl Iterator<Item = &[String]> {
        let lines = self.0.iter().filter_map(|line| line.split_first());
        lines.filter(move |(first, _)| *first == kind).map(|(_, rest)| rest)
    }

    /// Adds the bytes of the Go channels that can be made to the standings of memory, and the Go lines to the charts.
    pub(super) fn join(&self, section: &mut Section) {
        let Some(Chart { file, drawing: Drawing::Lines(_, lines), .. }) = &mut section.chart else {
            return;
        };
        let kind = file.trim_end_matches(".svg");
        for fields in self.lines(kind) {
            let [name, at, value] = fields else { continue };
            let place = lines.iter().position(|line| line.name == *name).unwrap_or_else(|| {
                lines.push(Line::new(name.clone(), []));
                lines.len() - 1
            });
            let line = &mut lines[place];
            match (at.parse(), value.parse()) {
                (Ok(at), Ok(value)) => line.points.push((at, value)),
                _ => line.ends = line.ends.take().or(Some(format!("{value} at {at}"))),
            }
            let title = format!("bytes when built, MaxRetries {}", with_commas(at));
            let standing = section.standings.iter_mut().find(|standing| standing.title == title);
            if let (Some(standing), Ok(bytes)) = (standing, value.parse()) {
                standing.cells.push((name.clone(), [bytes; 3]));
            }
        }
    }

    fn tables(&self) -> String {
        let version = self.lines("version").flatten().next().map_or("Go", String::as_str);
        let mut text = format!(
            "{version}. A channel buffered to MaxRetries, as it was, and its cure, a buffer of one that is drained \
             first ([`benches/go`](../benches/go)).\n\n"
        );
        let tables: [(&str, &str, &[&str], usize); 5] = [
            ("memory", "Memory", &["", "MaxRetries", "bytes"], 2),
            ("fresh", "Time to the fresh value", &["", "k", "ns"], 2),
            ("send", "Send, without a receiver", &["", "ns"], 1),
            ("parked", "Round trip of two goroutines that wait", &["", "ns"], 1),
            ("lost", "Values that no receiver got", &["", "senders", "lost", "of"], 1),
        ];
        for (kind, title, head, labels) in tables {
            text += &heading(title);
            text += &written(head, labels, self.lines(kind).map(<[String]>::to_vec));
        }
        text
    }
}

/// The page's part.
pub(super) fn section(original: &Result<Original, String>) -> String {
    let text = match original {
        Ok(original) => original.tables(),
        Err(reason) => format!("Left out: {reason}.\n\n"),
    };
    format!("## The Go original\n\n{text}")
}
