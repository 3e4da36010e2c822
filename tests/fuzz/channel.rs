//! Where `fuzz/` looks for the interpreter.

#[path = "channel/mod.rs"]
mod interpreter;

pub(crate) use interpreter::run;
