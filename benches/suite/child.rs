//! Processes of their own: this program once more, with an option that says what the child is for.

use std::{env, process::Command};

/// Starts this program with the child's option and its arguments.
pub(super) fn command(option: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("the path of this program"));
    command.arg(option).args(arguments);
    command
}

/// Returns the arguments after the option, if this process is such a child.
pub(super) fn arguments<const COUNT: usize>(option: &str) -> Option<[String; COUNT]> {
    let arguments = env::args().skip_while(|arg| arg != option).skip(1);
    arguments.collect::<Vec<_>>().try_into().ok()
}
