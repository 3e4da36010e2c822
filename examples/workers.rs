//! An editor that has its text checked by a pool of threads, at every key that is pressed.
//!
//! Checking takes longer than pressing a key, and the findings for an older text are worthless.
//! So the workers compete for the newest version: each goes to exactly one of them, and a version that no worker
//! has begun when the next key is pressed comes back to the editor.
//!
//! Workers overtake one another, so the findings go to the status line by `send_newest_by_key`: a slow
//! worker does not cover newer findings with its older ones.
//!
//! ```console
//! cargo run --example workers
//! ```

use overwrite_channel::{Receiver, Sender, channel};
use std::{thread, time::Duration};

const WORKERS: u32 = 3;
const KEY_EVERY: Duration = Duration::from_millis(2);
const CHECKING_TAKES: Duration = Duration::from_millis(12);

const TYPED: &str = "fn main() {\n    let answers = [6 * 7, (4 + 2) * 7];\n    \
    for answer in answers {\n        println!(\"{answer}\");\n    }\n}\n\n\
    fn unfinished(numbers: &[u32]) -> u32 {\n    numbers.iter().map(|n| (n + 1) * 2).sum()\n";

/// The text as it was after so many keys.
struct Version {
    keys: usize,
    text: String,
}

struct Finding {
    keys: usize,
    unclosed: usize,
}

/// Checks the newest version, again and again, until the editor is gone and the last one is taken.
/// Returns which versions it checked.
fn check(
    mut versions: Receiver<Version>,
    mut status: Sender<Finding>,
    pause: Duration,
) -> Vec<usize> {
    let mut checked = Vec::new();
    for version in &mut versions {
        thread::sleep(pause); // stands for the checking of a longer text
        let count = |brackets: &str| version.text.chars().filter(|c| brackets.contains(*c)).count();
        let unclosed = count("([{").saturating_sub(count(")]}"));
        let finding = Finding { keys: version.keys, unclosed };
        // The finding that comes back is older, whether it is another worker's or this one. An error would mean that the
        // status line is gone. Neither matters here.
        let _older = status.send_newest_by_key(finding, |finding| finding.keys);
        checked.push(version.keys);
    }
    checked
}

fn main() {
    let (mut editor, versions) = channel();
    let (status, mut status_line) = channel();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (versions, status) = (versions.clone(), status.clone());
            // Unequal ones, so that they overtake one another.
            let pause = CHECKING_TAKES * (1 + worker) / 2;
            thread::spawn(move || check(versions, status, pause))
        })
        .collect();
    // Only the workers receive, so that a send fails once they are gone.
    drop((versions, status));

    let mut superseded = Vec::new();
    let mut text = String::new();
    for (before, key) in TYPED.chars().enumerate() {
        text.push(key);
        let version = Version { keys: before + 1, text: text.clone() };
        let displaced = editor.send(version).expect("the workers stay while the editor does");
        superseded.extend(displaced.map(|version| version.keys));
        assert!(!superseded.contains(&(before + 1)), "the newest version came back");
        thread::sleep(KEY_EVERY); // a fast typist
    }
    drop(editor);

    let submitted = TYPED.chars().count();
    println!("{submitted} versions submitted");
    let mut all = superseded.clone();
    for (number, worker) in workers.into_iter().enumerate() {
        let checked = worker.join().expect("a worker panicked");
        println!("  worker {number} checked {}", checked.len());
        assert!(checked.is_sorted_by(|a, b| a < b), "a worker was given an older version");
        all.extend(checked);
    }
    println!("  {} superseded before any worker began", superseded.len());

    let finding = status_line.try_recv().expect("the last version was checked");
    println!("unclosed brackets after the last key: {}", finding.unclosed);

    all.sort_unstable();
    let each_once = all.into_iter().eq(1..=submitted);
    assert!(each_once, "submitted = checked + superseded does not hold");
    assert_eq!(finding.keys, submitted, "the status line does not show the newest finding");
}
