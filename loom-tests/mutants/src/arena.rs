//! A copy of the repository, to be broken, built and run.

use crate::checks::Check;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use walkdir::{DirEntry, WalkDir};

/// A test that takes so many times as long as on the unbroken crate does not end.
const PATIENCE: u32 = 20;
const LEAST_PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Arena {
    pub(crate) root: PathBuf,
}

/// Other text in one place of the source.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// Below `src/`.
    pub(crate) file: String,
    /// The bytes of the unbroken file that are replaced.
    pub(crate) place: Range<usize>,
    pub(crate) wrong: String,
}

/// Writes the edits into a copy of `src/`.
pub(crate) fn apply(edits: &[Edit], src: &Path) -> Result<()> {
    // From the end of a file to its beginning, so that each place is still where it was.
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|edit| usize::MAX - edit.place.start);
    for edit in edits {
        let path = src.join(&edit.file);
        let mut text = fs::read_to_string(&path)?;
        text.replace_range(edit.place.clone(), &edit.wrong);
        fs::write(path, text)?;
    }
    Ok(())
}

/// A test, or a program, and how long it takes on the unbroken crate.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) name: String,
    time: Duration,
}

impl Arena {
    /// Copies the repository to `root`, instead of the files there, and keeps what was compiled there before.
    pub(crate) fn new(root: PathBuf, original: &Path) -> Result<Self> {
        fs::create_dir_all(&root)?;
        for old in files(&root) {
            fs::remove_file(old?.path())?;
        }
        for file in files(original) {
            let file = file?;
            let path = root.join(file.path().strip_prefix(original)?);
            fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
            // Not `fs::copy`, for the time of the copy: cargo compiles what is newer.
            fs::write(path, fs::read(file.path())?)?;
        }
        Ok(Self { root })
    }

    pub(crate) fn src(&self) -> PathBuf {
        self.root.join("src")
    }

    /// Breaks the crate while `look` runs.
    pub(crate) fn broken<R>(&self, edits: &[Edit], look: impl FnOnce() -> Result<R>) -> Result<R> {
        let paths = edits.iter().map(|edit| self.src().join(&edit.file));
        let right = paths.map(|path| Ok((fs::read(&path)?, path))).collect::<Result<Vec<_>>>()?;
        apply(edits, &self.src())?;
        let found = look();
        for (text, path) in right {
            fs::write(path, text)?;
        }
        found
    }

    /// Compiles a check, and returns its executable.
    ///
    /// # Errors
    ///
    /// Also if it does not compile.
    pub(crate) fn build(&self, check: &Check) -> Result<PathBuf> {
        let no_run = (check.build[0] == "test").then_some("--no-run");
        let output = Command::new(env!("CARGO"))
            .args(check.build)
            .args(no_run)
            .args(["--locked", "--message-format=json-render-diagnostics"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target").join(check.name))
            // A build that was killed leaves an incremental cache that does not link.
            .env("CARGO_INCREMENTAL", "0")
            .envs(check.env.iter().copied())
            .output()?;
        if !output.status.success() {
            bail!("it does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let messages = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let mut executables = messages.filter_map(|message: serde_json::Value| {
            message["executable"].as_str().map(PathBuf::from)
        });
        executables.next_back().context("cargo names no executable")
    }

    /// Runs every test of the unbroken crate, and returns them by the time they take.
    ///
    /// # Errors
    ///
    /// If one fails.
    pub(crate) fn tests(&self, check: &Check) -> Result<Vec<Test>> {
        let executable = self.build(check)?;
        let names = if check.program.is_some() {
            vec![check.name.to_owned()]
        } else {
            let list = Command::new(&executable).args(["--list", "--format=terse"]).output()?;
            let list = String::from_utf8(list.stdout)?;
            list.lines().filter_map(|line| line.strip_suffix(": test")).map(Into::into).collect()
        };
        let test = |name| Test { name, time: Duration::from_hours(1) };
        let mut tests: Vec<_> = names.into_iter().map(test).collect();
        for test in &mut tests {
            let start = Instant::now();
            if self.fails(check, &executable, test)? {
                bail!("`{}` fails on the crate as it is", test.name);
            }
            test.time = start.elapsed();
        }
        tests.sort_by_key(|test| test.time);
        Ok(tests)
    }

    /// Runs a test in a process of its own, because a fault may abort it. Returns `true` if it fails, or does not end.
    pub(crate) fn fails(&self, check: &Check, executable: &Path, test: &Test) -> Result<bool> {
        let mut child = Command::new(executable)
            .args(check.program.unwrap_or(&["--exact", &test.name]))
            .current_dir(&self.root)
            .envs(check.env.iter().copied())
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let start = Instant::now();
        let patience = LEAST_PATIENCE.max(test.time * PATIENCE);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(!status.success());
            }
            if start.elapsed() > patience {
                child.kill()?;
                child.wait()?;
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The files of a folder, without what was built and what is hidden.
fn files(folder: &Path) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name == "target" || name.starts_with('.'))
    };
    let entries = WalkDir::new(folder).into_iter().filter_entry(is_source);
    entries.filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.file_type().is_dir()))
}
