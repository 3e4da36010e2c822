//! The checks that can find a fault.

/// One check, as a command that fails or does not end if it finds a fault.
#[derive(Debug)]
pub(crate) struct Check {
    /// As `--by` and the `found_by` of a fault name it.
    pub(crate) name: &'static str,
    /// The arguments by which cargo builds it.
    pub(crate) build: &'static [&'static str],
    /// The arguments of the program that is built. `None` for the tests of one binary, each of which runs in a process of
    /// its own.
    pub(crate) program: Option<&'static [&'static str]>,
    /// For the build and for the run.
    pub(crate) env: &'static [(&'static str, &'static str)],
}

/// The first one has to find every fault, and is the only one that is shown the weakened orderings.
pub(crate) static CHECKS: [Check; 4] = [
    Check {
        name: "models",
        build: &["test", "--package=overwrite-channel-loom-tests", "--test=models"],
        program: None,
        env: &[],
    },
    Check {
        name: "random",
        build: &["test", "--package=overwrite-channel", "--all-features", "--test=fuzz"],
        program: None,
        env: &[],
    },
    Check {
        name: "histories",
        build: &["build", "--package=overwrite-channel-linearizability", "--release"],
        program: Some(&["--histories=20000"]),
        env: &[],
    },
    Check {
        name: "endurance",
        build: &["build", "--package=overwrite-channel-endurance", "--release"],
        program: Some(&["--seconds=40", "--patience=20"]),
        env: &[("RUSTFLAGS", "--cfg overwrite_late")],
    },
];

impl Check {
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        let names = CHECKS.each_ref().map(|check| check.name).join(", ");
        CHECKS.iter().find(|check| check.name == name).ok_or(format!("not one of {names}"))
    }

    pub(crate) fn is_models(&self) -> bool {
        self.name == CHECKS[0].name
    }
}
