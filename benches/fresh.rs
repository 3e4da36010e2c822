//! Time to the fresh value. After attempts that timed out their sentinels lie in the channel, and the receiver
//! waits for the present attempt's: a queue is walked through, a slot holds it.
//!
//! The receiver does as gh-ost's does: it receives until the challenge is the one it waits for. The contenders
//! take turns in many rounds, with this crate's channel before and after each, to whose time in the same
//! round theirs is the ratio. A second table counts the attempts that are lost by dropping the newest value.
//!
//! ```text
//! cargo bench --bench fresh             # half a minute
//! cargo bench --bench fresh -- --quick  # a few seconds
//! cargo bench --bench fresh -- --test   # one round of the least and the most: is everything correct?
//! ```

#[path = "memory/channels.rs"]
mod channels;
mod cores;
#[path = "fresh/mod.rs"]
mod fresh;

use cores::Pair;
use fresh::{Row, STALE, policy, quartiles};
use std::{env, time::Duration};

const ATTEMPTS: u32 = 1_000;

fn main() {
    let has_option = |option: &str| env::args().any(|arg| arg == option);
    let (seconds, stale) = if has_option("--test") || !has_option("--bench") {
        // Without `--bench` it is `cargo test` that runs this.
        (0, [STALE[0], STALE[STALE.len() - 1]].to_vec())
    } else {
        (if has_option("--quick") { 5 } else { 25 }, STALE.to_vec())
    };
    let pair = Pair::pinned();
    let time = Duration::from_secs(seconds);
    let rows = fresh::measure(time, &stale, pair, &mut |_| ());
    let threads = pair.map_or("on one core".into(), |pair| pair.to_string());
    println!(
        "Medians of {} rounds, threads {threads}. This crate's own ratio shows the error.",
        rows[0].nanos.len()
    );
    for stale in stale {
        println!(
            "\n{:<30}{:>16}{:>23}{:>9}{:>19}",
            format!("after {stale} stale"),
            "until it has it",
            "quartiles",
            "ratio",
            "quartiles"
        );
        rows.iter().filter(|row| row.stale == stale).for_each(print);
    }
    println!(
        "\nA slot takes longer after very many only because sending those takes so long that the\n\
         receiver's core has turned to other things meanwhile: so it does after a pause."
    );
    println!(
        "\nOf {ATTEMPTS} attempts, those that fail although their sentinel was sent in time. A late one is sent\n\
         after its attempt's time-out, before the next attempt."
    );
    let mut course = "";
    for loss in policy::losses(ATTEMPTS) {
        if loss.course != course {
            course = loss.course;
            println!("\n{course:<58}{:>6}{:>6}{:>6}{:>7}", "done", "late", "lost", "stale");
        }
        println!(
            "  {:<56}{:>6}{:>6}{:>6}{:>7}",
            loss.policy, loss.done, loss.late, loss.lost, loss.stale
        );
    }
}

fn print(row: &Row) {
    let [low, nanos, high] = quartiles(&row.nanos).map(time);
    let [least, ratio, most] = quartiles(&row.ratios).map(number);
    println!("  {:<28}{nanos:>16}{low:>12} –{high:>9}{ratio:>9}{least:>10} –{most:>7}", row.name);
}

fn time(nanos: f64) -> String {
    match nanos {
        ..1e3 => format!("{nanos:.1} ns"),
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.2} ms", nanos / 1e6),
    }
}

fn number(ratio: f64) -> String {
    if ratio < 100.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}
