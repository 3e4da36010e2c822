//! The page.

use super::{ATTEMPTS, Effort, Group, Ratios, Report};
use crate::{
    fresh::{STALE, quartiles},
    latency::{self, PERCENTILES},
    memory::{self, ADDRESS_SPACE, CAPACITIES, Found, SENDS, in_words, with_commas},
};
use std::{fmt::Write, time::Duration};

impl Report {
    pub(crate) fn page(&self) -> String {
        let mut page = String::from("# Benchmarks\n\n");
        self.head(&mut page);
        let _ = write!(page, "## Where a peer is ahead\n\n{}\n", self.peers_ahead());
        self.memory_tables(&mut page);
        self.fresh_tables(&mut page);
        self.latency_tables(&mut page);
        page.push_str(
            "## What an operation costs\n\n![A send and a receive on one thread](benchmarks/cost.svg)\n\n\
             *Results written:* each result is written to memory, as in criterion's `iter`; *back to back:* nothing is. \
             A bare swap gains by the second, because an exchange waits until earlier writes have reached the cache.\n\n",
        );
        ratios(&mut page, &self.costs);
        self.allocation_table(&mut page);
        page.push_str(
            "## Hand-overs to who waits\n\nRound trips: each side waits for the other.\n\n",
        );
        ratios(&mut page, &self.waits);
        page.push_str("## `watch`\n\n");
        ratios(&mut page, &self.watch);
        self.original_tables(&mut page);
        self.instruction_table(&mut page);
        // Markdown takes `<T>` for a tag.
        page.replace('<', "\\<")
    }

    fn head(&self, page: &mut String) {
        let machine = &self.machine;
        let command = match self.effort {
            Effort::Whole => "cargo bench --bench report",
            Effort::Quick => "cargo bench --bench report -- --quick",
            Effort::Test => "cargo bench --bench report -- --test",
        };
        let threads = self.pair.map_or("one core only, not pinned".into(), |pair| pair.to_string());
        let versions = machine.versions.iter().map(|(name, version)| format!("{name} {version}"));
        let _ = write!(
            page,
            "Written by `{command}` on {}.\n\n\
             * {}, {} cores, {}; {}; {}. The load was {} when this began. Threads: {threads}; tokio's are not pinned.\n\
             * {}.\n\
             * The clock: two readings, one right after the other, are {} ns apart (p99: {} ns), and it goes in steps of \
             {} ns.\n\n\
             Machines are noisy. Contenders take turns in many short rounds, with a *floor* right before and after each: \
             the least that the work could cost. The ratios are medians over the rounds, of a contender's time to the \
             floor's in the same round, with their quartiles; how far the floor's own row is from 1.00 is the error. \
             Each contender is used as its documentation shows, and checked for what it is to do before it is timed. \
             The code is in [`benches/`](../benches), a small file for each peer.\n\n",
            machine.date,
            machine.processor,
            machine.cores,
            machine.memory,
            machine.system,
            machine.compiler,
            machine.load,
            versions.collect::<Vec<_>>().join(", "),
            self.timer.cost,
            self.timer.cost_p99,
            self.timer.step,
        );
    }

    fn memory_tables(&self, page: &mut String) {
        let _ = write!(
            page,
            "## Memory against MaxRetries\n\n![Memory of a channel, just built](benchmarks/memory.svg)\n\n\
             Each channel is built in a process of its own, which may have an address space of {} GiB, and is then sent \
             {} values of 16 bytes that nobody receives. *Bytes* and *blocks* are what the allocator gave, *resident* by \
             how much the process grew in memory; the system counts that in batches, so a few hundred kB are \
             nothing. `watch` allocates each value; what it holds more after the sends is a record of the thread, \
             which `arc-swap` makes at the first use and keeps for all later ones.\n\n",
            ADDRESS_SPACE >> 30,
            with_commas(SENDS)
        );
        for capacity in CAPACITIES {
            let _ = write!(
                page,
                "### MaxRetries {}\n\n\
                 | | bytes | blocks | resident | time to build | after the sends: bytes | resident | refused |\n\
                 |---|--:|--:|--:|--:|--:|--:|--:|\n",
                with_commas(capacity)
            );
            for row in self.memory.iter().filter(|row| row.capacity == capacity) {
                let _ = match &row.outcome {
                    Ok(found) => writeln!(page, "| {} |{}", row.name, memory_cells(found)),
                    Err(failure) => writeln!(page, "| {} | {failure} | | | | | | |", row.name),
                };
            }
            page.push('\n');
        }
    }

    fn fresh_tables(&self, page: &mut String) {
        page.push_str(
            "## Time to the fresh value\n\n![Time until the receiver has the current sentinel](benchmarks/fresh.svg)\n\n\
             After *k* attempts that timed out their sentinels lie in the channel, and the receiver waits for the present \
             one's: a queue is walked through, a slot holds it. Very many take so long to send that the receiver's core \
             has turned to other things meanwhile, which is what a slot shows then. Ratios are to this crate's channel.\n\n",
        );
        let _ = write!(page, "Rounds: {}.\n\n", self.fresh[0].nanos.len());
        for stale in STALE {
            let _ = write!(
                page,
                "### k = {}\n\n| | until it has it | quartiles | ratio |\n|---|--:|--:|--:|\n",
                with_commas(stale.into())
            );
            for row in self.fresh.iter().filter(|row| row.stale == stale) {
                let [low, middle, high] = quartiles(&row.nanos).map(nanos);
                let ratio = quartiles(&row.ratios)[1];
                let _ = writeln!(page, "| {} | {middle} | {low} – {high} | {ratio:.2} |", row.name);
            }
            page.push('\n');
        }
        let _ = write!(
            page,
            "Dropping the newest instead, and {ATTEMPTS} attempts: how many have their sentinel, how many's comes too late \
             for any policy, and how many fail although it was sent in time.\n\n\
             | | policy | done | late | lost |\n|---|---|--:|--:|--:|\n"
        );
        for loss in &self.losses {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} |",
                loss.course, loss.policy, loss.done, loss.late, loss.lost
            );
        }
        page.push('\n');
    }

    fn latency_tables(&self, page: &mut String) {
        page.push_str(
            "## Latency\n\n![Latency of a hand-over](benchmarks/latency.svg)\n\n\
             Nanoseconds. Each sample is timed by itself, so the clock's cost is in all of them; the ratios are those of p50 \
             and p99 to the first row's.\n\n",
        );
        let _ = write!(page, "Rounds: {}.\n\n", self.latency[0].rows[0].ratios.len());
        for table in &self.latency {
            latency_table(page, table);
        }
    }

    fn allocation_table(&self, page: &mut String) {
        let counts = &self.allocations;
        page.push_str("### Allocations\n\nOf a send that displaces, and of a send and a receive of each payload. A \
                       `String` goes round: who allocates for it has cloned it.\n\n| |");
        counts.columns.iter().for_each(|column| _ = write!(page, " {column} |"));
        page.push_str("\n|---|");
        counts.columns.iter().for_each(|_| page.push_str("--:|"));
        page.push('\n');
        for (name, line) in &counts.lines {
            let _ = write!(page, "| {name} |");
            for count in line {
                let _ = match count {
                    Some(count) => write!(page, " {count:.2} |"),
                    None => write!(page, " – |"),
                };
            }
            page.push('\n');
        }
        page.push('\n');
    }

    fn original_tables(&self, page: &mut String) {
        page.push_str("## The Go original\n\n");
        let original = match &self.original {
            Ok(original) => original,
            Err(reason) => {
                let _ = writeln!(page, "Left out: {reason}.\n");
                return;
            }
        };
        let version = original.lines("version").into_iter().flatten().next().cloned();
        let _ = write!(
            page,
            "{}. A channel buffered to MaxRetries, as it was, and its cure, a buffer of one that is drained first \
             ([`benches/go`](../benches/go)).\n\n",
            version.as_deref().unwrap_or("Go")
        );
        let tables = [
            ("memory", "| | MaxRetries | bytes |\n|---|--:|--:|\n"),
            ("fresh", "| | k | ns to the fresh value |\n|---|--:|--:|\n"),
            ("send", "| | ns of a send, nobody receives |\n|---|--:|\n"),
            ("parked", "| | ns of a round trip of two goroutines that wait |\n|---|--:|\n"),
            ("lost", "| | senders | values that nobody got | of |\n|---|--:|--:|--:|\n"),
        ];
        for (kind, head) in tables {
            page.push_str(head);
            for fields in original.lines(kind) {
                let _ = writeln!(page, "| {} |", fields.join(" | "));
            }
            page.push('\n');
        }
    }

    #[expect(clippy::unused_self, reason = "one of the page's parts")]
    fn instruction_table(&self, page: &mut String) {
        let mut lines = include_str!("../instructions.txt").lines();
        let _ = write!(
            page,
            "## Instructions\n\nCounted by callgrind, checked on every change ({}).\n\n| | instructions |\n|---|--:|\n",
            lines.next().unwrap_or_default()
        );
        for line in lines {
            if let Some((count, name)) = line.trim().split_once("  ") {
                let _ = writeln!(page, "| {name} | {count} |");
            }
        }
    }
}

fn memory_cells(found: &Found) -> String {
    let pages = |pages: memory::Pages| pages.resident.map_or("?".into(), signed);
    format!(
        " {} | {} | {} | {} | {} | {} | {} |",
        signed(found.built.held),
        found.built.allocations,
        pages(found.built_pages),
        nanos(Duration::from_nanos(found.nanos).as_secs_f64() * 1e9),
        signed(found.filled.held),
        pages(found.filled_pages),
        with_commas(SENDS - found.accepted),
    )
}

fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", in_words(bytes.unsigned_abs()))
}

fn latency_table(page: &mut String, table: &latency::Table) {
    let _ = write!(page, "### {}\n\n| |", capital(table.title));
    for (name, _) in PERCENTILES {
        let _ = write!(page, " {name} |");
    }
    page.push_str(" p50 ratio | p99 ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for row in &table.rows {
        let _ = write!(page, "| {} |", row.name);
        row.percentiles()
            .into_iter()
            .for_each(|nanos| _ = write!(page, " {} |", with_commas(nanos)));
        let _ = writeln!(page, " {:.2} | {:.2} |", row.ratio(false)[1], row.ratio(true)[1]);
    }
    page.push('\n');
}

fn ratios(page: &mut String, Group { rounds, tables }: &Group) {
    let _ = write!(page, "Rounds: {rounds}.\n\n");
    for Ratios { title, figures } in tables {
        let _ = write!(
            page,
            "### {}\n\n| | ns | ratio | quartiles |\n|---|--:|--:|--:|\n",
            capital(title)
        );
        for figure in figures {
            let [low, ratio, high] = figure.ratio;
            let _ = writeln!(
                page,
                "| {} | {:.1} | {ratio:.2} | {low:.2} – {high:.2} |",
                figure.name, figure.nanos
            );
        }
        page.push('\n');
    }
}

fn capital(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn nanos(nanos: f64) -> String {
    match nanos {
        ..1e3 => format!("{nanos:.0} ns"),
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}
