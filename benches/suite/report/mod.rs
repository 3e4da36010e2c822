//! Everything measured, one after the other, and written down as one page.

mod ahead;
mod machine;

use super::{
    Effort, Setup, allocations, fresh, latency, measure::written, memory, original, ratios, waits,
    watch,
};
use original::Original;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// In the page's folder.
const PICTURES: &str = "benchmarks";

/// Measures, and writes the page and its pictures where the options say; prints the page if they say nothing.
pub(super) fn run(setup: &Setup) -> Result<(), String> {
    let folder = folder(setup).map_err(|error| error.to_string())?;
    let (page, pictures) = measured(setup);
    let Some(folder) = folder else {
        print!("{page}");
        return Ok(());
    };
    let file = folder.join("benchmarks.md");
    let written = pictures.into_iter().map(|(name, svg)| (folder.join(PICTURES).join(name), svg));
    for (path, text) in written.chain([(file.clone(), page)]) {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("Written: {}", file.display());
    Ok(())
}

/// Where the page goes, made before it is measured for; `None` if it is printed.
fn folder(setup: &Setup) -> io::Result<Option<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder in the project");
    let folder = match (&setup.out, setup.effort) {
        (Some(folder), _) => root.join(folder),
        (None, Effort::Whole) => root.join("docs"),
        (None, Effort::Quick) => return Ok(None),
        (None, Effort::Test) => Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"),
    };
    fs::create_dir_all(folder.join(PICTURES))?;
    Ok(Some(folder))
}

/// The page, and the names and contents of its pictures.
fn measured(setup: &Setup) -> (String, Vec<(&'static str, String)>) {
    let machine = machine::here();
    // The first two start processes, which must not be pinned as this thread is later on.
    setup.bar.set_message("the Go original");
    let original = Original::measured(setup.effort != Effort::Whole);
    let mut sections = [
        ("memory", memory::measured as fn(&Setup) -> _),
        ("fresh", fresh::measured),
        ("latency", latency::measured),
        ("ratios", ratios::measured),
        ("allocations", allocations::measured),
        ("waits", waits::measured),
        ("watch", watch::measured),
    ]
    .map(|suite| setup.run(suite));
    setup.bar.finish_and_clear();
    if let Ok(original) = &original {
        for section in &mut sections {
            original.join(section);
        }
    }
    let command = match setup.effort {
        Effort::Whole => "cargo bench --bench report",
        Effort::Quick => "cargo bench --bench report -- --quick",
        Effort::Test => "cargo bench --bench report -- --test",
    };
    let threads = setup.pair().map_or("one core only, not pinned".into(), |pair| pair.to_string());
    let mut page = format!(
        "# Benchmarks\n\nWritten by `{command}` on {}.\n\n\
         * {}. Threads: {threads}; tokio's are not pinned.\n* {}.\n* {}\n\n\
         Machines are noisy. Contenders take turns in many short rounds, with a *floor* right before and after each: the \
         least that the work could cost. The ratios are medians over the rounds, of a contender's time to the floor's in \
         the same round, with their quartiles; how far the floor's own row is from 1.00 is the error. Each contender is \
         used as its documentation shows, and checked for what it is to do before it is timed. The code is in \
         [`benches/`](../benches), a small file for each peer.\n\n",
        machine.date,
        machine.description,
        machine.versions,
        latency::clock(),
    );
    let standings = sections.iter().flat_map(|section| &section.standings).collect::<Vec<_>>();
    page += &ahead::section(&standings);
    page.extend(sections.iter().map(|section| section.text.as_str()));
    page += &original::section(&original);
    page += &instructions();
    // Markdown takes `<T>` for a tag.
    let page = page.replace('<', "\\<");
    let charts = sections.iter().filter_map(|section| section.chart.as_ref());
    (page, charts.map(super::Chart::svg).collect())
}

fn instructions() -> String {
    let mut lines = include_str!("../../instructions.txt").lines();
    let compiler = lines.next().unwrap_or_default();
    let lines = lines.filter_map(|line| line.trim().split_once("  "));
    let table = written(
        &["", "instructions"],
        1,
        lines.map(|(count, name)| vec![name.to_owned(), count.to_owned()]),
    );
    format!(
        "## Instructions\n\nCounted by callgrind, checked on every change ({compiler}).\n\n{}\n",
        table.trim_end()
    )
}
