//! Everything measured, one after the other, and written down as one page.

mod ahead;
mod headline;
mod machine;

use super::{
    Effort, SUITES, Setup, latency,
    original::{self, Original},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// In the page's folder.
const PICTURES: &str = "benchmarks";

/// Measures, and writes the page and its pictures; prints the page if it is measured quickly.
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
    let folder = match setup.effort {
        Effort::Whole => root.join("docs"),
        Effort::Quick => return Ok(None),
        Effort::Test => Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"),
    };
    fs::create_dir_all(folder.join(PICTURES))?;
    Ok(Some(folder))
}

/// The page, and the names and contents of its pictures.
fn measured(setup: &Setup) -> (String, Vec<(&'static str, String)>) {
    let machine = machine::here();
    // Before this thread is pinned: it starts processes, as the first of the suites does.
    let original = Original::measured(setup.effort != Effort::Whole);
    let suites = SUITES.into_iter().filter(|(name, _)| *name != "crowds");
    let mut sections = suites.map(|suite| setup.run(suite)).collect::<Vec<_>>();
    if let Ok(original) = &original {
        for section in &mut sections {
            original.join(section);
        }
    }
    let option = ["", " -- --quick", " -- --test"][setup.effort as usize];
    let standings = sections.iter().flat_map(|section| &section.standings).collect::<Vec<_>>();
    let charts = sections.iter().filter_map(|section| section.chart.as_ref()).collect::<Vec<_>>();
    let pictures =
        charts.iter().map(|chart| format!("![{}]({PICTURES}/{})\n\n", chart.finding(), chart.file));
    let threads = setup.pair().map_or("one core only, not pinned".into(), |pair| pair.to_string());
    let measured = format!(
        "## How it was measured\n\nWritten by `cargo bench --bench report{option}` on {}. No figure and no finding is \
         written by hand.\n\n* {}. Threads: {threads}; tokio's are not pinned.\n* {}.\n* {}\n\n\
         Machines are noisy. Contenders take turns in many short rounds, with a *floor* right before and after each: the \
         least that the work could cost. The ratios are medians over the rounds, of a contender's time to the floor's in \
         the same round, with their quartiles; how far the floor's own row is from 1.00 is the error. Each contender is \
         used as its documentation shows, and checked for what it is to do before it is timed. The code is in \
         [`benches/`](../benches), with a table of the peers for each use.\n\n",
        machine::said("date", &["-u", "+%Y-%m-%d"]),
        machine,
        machine::versions(),
        latency::clock(),
    );
    let mut page = format!("# Benchmarks\n\n{}", headline::section(&standings));
    page += "## In pictures\n\nThe axes are logarithmic. This crate's figures are red.\n\n";
    page.extend(pictures);
    page += &ahead::section(&standings);
    page += &measured;
    // Markdown takes `<T>` for a tag.
    let mut page = page.replace('<', "\\<") + "## All tables\n\n";
    page.extend(sections.iter().map(|section| folded(&section.text)));
    page += &folded(&original::section(&original));
    page += "### Instructions\n\nCounted by callgrind, and checked on every change.\n\n```text\n";
    page += include_str!("../../instructions.txt");
    page += "```\n";
    (page, charts.iter().map(|chart| (chart.file, chart.svg())).collect())
}

/// Puts the headings of a suite below the page's, and folds what stands under the heading of each table.
fn folded(text: &str) -> String {
    let text = text.replace('<', "\\<");
    let mut parts = text.split("### ");
    let above = parts.next().unwrap_or_default().replace("## ", "### ");
    let tables = parts.map(|part| {
        let (title, table) = part.split_once("\n\n").unwrap_or((part, ""));
        let table = table.trim_end();
        format!("<details><summary>{title}</summary>\n\n{table}\n\n</details>\n\n")
    });
    [above].into_iter().chain(tables).collect()
}
