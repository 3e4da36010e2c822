//! What the examples read from their command lines.

use std::time::Duration;

/// Reads a duration, such as `250ms` or `1.5s`.
///
/// # Errors
///
/// A text that is none, or is out of range, with the sentence that says what was expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = match text.strip_suffix("ms") {
        Some(number) => number.parse().map(|millis: f64| millis / 1_000.0),
        None => text.strip_suffix('s').unwrap_or_default().parse(),
    };
    let duration = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let range = Duration::from_millis(1)..=Duration::from_secs(60);
    let duration = duration.filter(|duration| range.contains(duration));
    duration.ok_or("expected a duration from 1ms to 60s, such as 250ms or 1.5s".into())
}
