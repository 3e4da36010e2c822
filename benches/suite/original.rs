//! The Go channels that the crate stands in for, measured by `benches/go/run`.

use super::{
    Section,
    charts::{Chart, Line},
    measure::{Standing, written},
};
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
        let kind = match &section.chart {
            Some(Chart::Plot(plot)) if plot.file == "memory.svg" => "memory",
            Some(Chart::Plot(plot)) if plot.file == "fresh.svg" => "fresh",
            _ => return,
        };
        let Some(Chart::Plot(plot)) = &mut section.chart else { return };
        for fields in self.lines(kind) {
            let [name, at, value] = fields else { continue };
            if !plot.lines.iter().any(|line| line.name == *name) {
                plot.lines.push(Line::new(name.clone(), []));
            }
            let Some(line) = plot.lines.iter_mut().find(|line| line.name == *name) else {
                continue;
            };
            match (at.parse(), value.parse()) {
                (Ok(at), Ok(value)) => line.points.push((at, value)),
                _ => line.ends = line.ends.take().or(Some(format!("{value} at {at}"))),
            }
            let bytes_of = |standing: &&mut Standing| {
                let capacity = standing.title.strip_prefix("bytes when built, MaxRetries ");
                kind == "memory" && capacity.is_some_and(|text| text.replace(',', "") == *at)
            };
            if let (Some(standing), Ok(bytes)) =
                (section.standings.iter_mut().find(bytes_of), value.parse())
            {
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
        let tables: [(&str, &[&str]); 5] = [
            ("memory", &["", "MaxRetries", "bytes"]),
            ("fresh", &["", "k", "ns to the fresh value"]),
            ("send", &["", "ns of a send, without a receiver"]),
            ("parked", &["", "ns of a round trip of two goroutines that wait"]),
            ("lost", &["", "senders", "values that no receiver got", "of"]),
        ];
        for (kind, head) in tables {
            text += &written(head, 1, self.lines(kind).map(<[String]>::to_vec));
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
