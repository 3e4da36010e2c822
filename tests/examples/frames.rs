//! `frames`: its account of every frame, and how it refuses bad input.

use super::{printed, refused};

#[test]
fn every_frame_is_shown_or_skipped_and_none_is_allocated() {
    let printed = printed("frames", &["200ms"]);
    let number = |name| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name)).expect("such a line");
        let number = line.split([' ', ',']).find(|word| !word.is_empty()).unwrap();
        number.parse::<usize>().unwrap()
    };
    let [made, shown, skipped, encoded] = ["made", "shown", "skipped", "encoded"].map(number);
    assert_eq!(made, shown + skipped, "{printed}");
    assert!((1..=shown).contains(&encoded), "{printed}");
    assert_eq!(number("allocated"), 0, "{printed}");
    let ages = printed.lines().last().unwrap();
    assert!(
        ages.starts_with("age of what was shown: p50 ") && ages.contains(" ms, p99 "),
        "{ages}"
    );
}

#[test]
fn a_wrong_duration_gets_one_line() {
    let expected = "expected a duration from 1ms to 60s, such as 250ms or 1.5s";
    for arguments in [&["5"][..], &["0ms"], &["61s"], &["--help"], &[""], &["1s", "2s"], &["a\nb"]]
    {
        let line = format!("{expected}, not {:?}", arguments.join(" "));
        assert_eq!(refused("frames", arguments), line);
    }
}
