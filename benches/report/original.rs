//! The Go channels that the crate stands in for, measured by `benches/go/run`.

use std::{path::Path, process::Command};

/// Lines of fields, as the script prints them.
pub(crate) struct Original(Vec<Vec<String>>);

impl Original {
    /// What the script says, or why it says nothing.
    pub(crate) fn measured(quick: bool) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("go/run");
        let mut command = Command::new(&script);
        if quick {
            command.arg("--quick");
        }
        let output = command.output().map_err(|error| format!("{}: {error}", script.display()))?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(complaint.lines().next().unwrap_or("it says nothing").to_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(Self(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()))
    }

    /// The lines of a kind, without it.
    pub(crate) fn lines(&self, kind: &str) -> Vec<&[String]> {
        let lines = self.0.iter().filter_map(|line| line.split_first());
        lines.filter(|(first, _)| *first == kind).map(|(_, rest)| rest).collect()
    }
}
