//! A copy of the crate and its models, to be broken, built and run.

use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use walkdir::WalkDir;

/// A model that takes so many times as long as on the unbroken crate does not end.
const PATIENCE: u32 = 20;
const LEAST_PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Arena {
    root: PathBuf,
    original: PathBuf,
}

/// A model, and how long it takes on the unbroken crate.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    time: Duration,
}

impl Arena {
    /// Made anew in `root`, but for what was compiled there before.
    pub(crate) fn new(root: PathBuf, original: &Path) -> Result<Self> {
        let arena = Self { root, original: original.to_owned() };
        let models = Path::new("loom-tests");
        for part in [Path::new("src"), &models.join("tests")] {
            arena.copy(part)?;
        }
        for file in [&models.join("Cargo.toml"), &models.join("build.rs"), Path::new("Cargo.lock")]
        {
            fs::copy(original.join(file), arena.root.join(file))?;
        }
        // The workspace, with the models as its only member.
        let manifest = fs::read_to_string(original.join("Cargo.toml"))?;
        let mut manifest: toml::Table = toml::from_str(&manifest)?;
        manifest.retain(|key, _| ["workspace", "profile"].contains(&key));
        let workspace = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut);
        let workspace = workspace.context("Cargo.toml has no workspace")?;
        workspace.insert("members".into(), vec!["loom-tests"].into());
        workspace.remove("default-members");
        fs::write(arena.root.join("Cargo.toml"), toml::to_string(&manifest)?)?;
        Ok(arena)
    }

    /// Copies a folder, instead of what is there.
    fn copy(&self, part: &Path) -> Result<()> {
        let to = self.root.join(part);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        for entry in WalkDir::new(self.original.join(part)) {
            let entry = entry?;
            let path = to.join(entry.path().strip_prefix(self.original.join(part))?);
            if entry.file_type().is_dir() {
                fs::create_dir_all(path)?;
            } else {
                // Not `fs::copy`, for the time of the copy: cargo compiles what is newer.
                fs::write(path, fs::read(entry.path())?)?;
            }
        }
        Ok(())
    }

    pub(crate) fn src(&self) -> PathBuf {
        self.root.join("src")
    }

    /// Takes every fault out again.
    pub(crate) fn mend(&self) -> Result<()> {
        self.copy(Path::new("src"))
    }

    /// Compiles the models.
    ///
    /// # Errors
    ///
    /// Also if they do not compile.
    pub(crate) fn build(&self) -> Result<Build> {
        let output = Command::new(env!("CARGO"))
            .args([
                "test",
                "--no-run",
                "--test",
                "models",
                "--message-format",
                "json-render-diagnostics",
            ])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            // A build that was killed leaves an incremental cache that does not link.
            .env("CARGO_INCREMENTAL", "0")
            .stderr(Stdio::piped())
            .output()?;
        if !output.status.success() {
            bail!("it does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout)?;
        let messages = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let executable = messages.filter_map(|message: serde_json::Value| {
            (message["target"]["name"] == "models")
                .then(|| message["executable"].as_str().map(PathBuf::from))
        });
        let executable = executable.flatten().last().context("cargo names no executable")?;
        Ok(Build { executable })
    }
}

pub(crate) struct Build {
    executable: PathBuf,
}

impl Build {
    /// Runs every model of the unbroken crate.
    ///
    /// # Errors
    ///
    /// If one fails.
    pub(crate) fn models(&self, progress: impl Fn(&str)) -> Result<Vec<Model>> {
        let list = Command::new(&self.executable).args(["--list", "--format", "terse"]).output()?;
        let list = String::from_utf8(list.stdout)?;
        let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
        let models = names.map(|name| {
            progress(name);
            let start = Instant::now();
            let model = Model { name: name.to_owned(), time: Duration::from_hours(1) };
            if self.fails(&model)? {
                bail!("the model `{name}` fails on the crate as it is");
            }
            Ok(Model { time: start.elapsed(), ..model })
        });
        let mut models = models.collect::<Result<Vec<_>>>()?;
        models.sort_by_key(|model| model.time);
        Ok(models)
    }

    /// The first of the models that fails, or does not end.
    pub(crate) fn first_failure<'a>(
        &self,
        mut models: impl Iterator<Item = &'a Model>,
    ) -> Result<Option<&'a Model>> {
        models
            .find_map(|model| match self.fails(model) {
                Ok(false) => None,
                Ok(true) => Some(Ok(model)),
                Err(error) => Some(Err(error)),
            })
            .transpose()
    }

    /// A process of its own for each: a fault may abort it.
    fn fails(&self, model: &Model) -> Result<bool> {
        let mut child = Command::new(&self.executable)
            .args(["--exact", &model.name])
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let start = Instant::now();
        let patience = LEAST_PATIENCE.max(model.time * PATIENCE);
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
