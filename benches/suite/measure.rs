//! Interleaved rounds, the tables of their medians, and how a table is written.

use super::Setup;
use std::{
    fmt::Display,
    rc::Rc,
    time::{Duration, Instant},
};

/// The batches of a measurement. Their median counts, so that an interrupted one does not.
pub(crate) const BATCHES: usize = 21;
/// A measurement ends after this time with fewer batches, where something else uses our cores.
pub(crate) const ENOUGH: Duration = Duration::from_millis(20);

/// Runs so many operations on a contender that was set up, and returns how long they took.
pub(crate) type Run = Box<dyn FnMut(u32) -> Duration>;

/// Runs a contender for a moment: one number for each figure of the table, mostly the nanoseconds of an operation.
pub(crate) type Cell = Rc<dyn Fn() -> Vec<f64>>;

pub(crate) fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Nanoseconds of an operation: the median of batches, of which the first does not count.
pub(crate) fn nanos(batch: u32, mut run: impl FnMut(u32) -> Duration) -> f64 {
    run(batch);
    let start = Instant::now();
    let mut times = Vec::with_capacity(BATCHES);
    while times.len() < BATCHES && (times.is_empty() || start.elapsed() < ENOUGH) {
        times.push(run(batch).as_secs_f64() * 1e9 / f64::from(batch));
    }
    quartiles(times)[1]
}

/// A contender whose operations are timed, and what sets it up.
pub(crate) struct Timed {
    pub(crate) name: &'static str,
    pub(crate) start: Box<dyn Fn() -> Run>,
}

impl Timed {
    pub(crate) fn new<R: FnMut(u32) -> Duration + 'static>(
        name: &'static str,
        start: impl Fn() -> R + 'static,
    ) -> Self {
        Self { name, start: Box::new(move || Box::new(start())) }
    }
}

/// Contenders whose operations are timed in batches. The first is the floor.
pub(crate) struct Contest {
    pub(crate) title: String,
    pub(crate) batch: u32,
    pub(crate) contenders: Vec<Timed>,
}

impl Contest {
    pub(crate) fn new(title: impl Into<String>, batch: u32, contenders: Vec<Timed>) -> Self {
        Self { title: title.into(), batch, contenders }
    }
}

impl From<Contest> for Table {
    fn from(Contest { title, batch, contenders }: Contest) -> Self {
        let row = |Timed { name, start }| Row::new(name, move || vec![nanos(batch, start())]);
        Self::new(title, contenders.into_iter().map(row).collect())
    }
}

/// A quarter of the values is below the first of the three, half of them below the second.
pub(crate) fn quartiles(values: impl IntoIterator<Item = f64>) -> [f64; 3] {
    let mut values = Vec::from_iter(values);
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

/// A contender, with its figures in each round.
pub(crate) struct Row {
    pub(crate) name: String,
    cell: Cell,
    figures: Vec<Vec<f64>>,
    ratios: Vec<Vec<f64>>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, cell: impl Fn() -> Vec<f64> + 'static) -> Self {
        let cell = Rc::new(cell);
        Self { name: name.into(), cell, figures: Vec::new(), ratios: Vec::new() }
    }

    pub(crate) fn figure(&self, which: usize) -> [f64; 3] {
        quartiles(self.figures.iter().map(|round| round[which]))
    }

    /// The figure to the floor's, right before and after in the same round.
    pub(crate) fn ratio(&self, which: usize) -> [f64; 3] {
        quartiles(self.ratios.iter().map(|round| round[which]))
    }
}

/// The floor is a row too: how far that row is from 1.00 is the error.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) floor: Cell,
    pub(crate) rows: Vec<Row>,
    /// Whether the floor is measured once in a round, because its ratios are in the thousands anyway.
    pub(crate) one_floor: bool,
}

impl Table {
    /// The first row is the floor.
    pub(crate) fn new(title: impl Into<String>, rows: Vec<Row>) -> Self {
        let floor = Rc::clone(&rows[0].cell);
        Self { title: title.into(), floor, rows, one_floor: false }
    }

    /// Floor, contender, floor, contender, … floor.
    fn round(&mut self) {
        let mut before = (self.floor)();
        for row in &mut self.rows {
            let figures = (row.cell)();
            let after = if self.one_floor { before.clone() } else { (self.floor)() };
            let floors = before.iter().zip(&after);
            // A clock with coarse steps may see nothing at all.
            let ratio = |(figure, (before, after)): (&f64, (&f64, &f64))| {
                2.0 * figure.max(1e-3) / (before.max(1e-3) + after.max(1e-3))
            };
            row.ratios.push(figures.iter().zip(floors).map(ratio).collect());
            row.figures.push(figures);
            before = after;
        }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rows[0].figures.len()
    }

    /// The ratios of a figure, by which a reader finds the fastest.
    pub(crate) fn standing(&self, title: String, which: usize) -> Standing {
        let cells = self.rows.iter().map(|row| (row.name.clone(), row.ratio(which)));
        let floor = format!("{}, {}", self.rows[0].name, time(self.rows[0].figure(which)[1]));
        Standing { title, floor, cells: cells.collect() }
    }
}

/// Interleaved rounds of those tables that the options ask for, one round at least, for about `time`.
pub(crate) fn rounds(setup: &Setup, mut tables: Vec<Table>, time: Duration) -> Vec<Table> {
    tables.retain(|table| setup.wants(&table.title));
    let start = Instant::now();
    loop {
        for table in &mut tables {
            table.round();
        }
        if start.elapsed() >= time {
            return tables;
        }
    }
}

/// Where the contenders of a table stand. Less is better.
pub(crate) struct Standing {
    pub(crate) title: String,
    /// What the cells are ratios to, and its time.
    pub(crate) floor: String,
    /// The quartiles of each. Infinite, if the contender cannot do it.
    pub(crate) cells: Vec<(String, [f64; 3])>,
}

impl Standing {
    /// The quartiles of the plainest of these contenders, which has the shortest name.
    pub(crate) fn plainest(&self, is_meant: impl Fn(&str) -> bool) -> Option<[f64; 3]> {
        let cells = self.cells.iter().filter(|(name, _)| is_meant(name));
        cells.min_by_key(|(name, _)| name.len()).map(|(_, quartiles)| *quartiles)
    }
}

/// Measures the tables for as long as most suites do.
pub(crate) fn ratio_tables(
    setup: &Setup,
    tables: impl IntoIterator<Item = impl Into<Table>>,
) -> (String, Vec<Table>) {
    let tables = tables.into_iter().map(Into::into).collect::<Vec<_>>();
    let time = setup.pick(6_000, 1_000, 0) * u64::try_from(tables.len()).expect("a few tables");
    ratio_tables_for(setup, tables, Duration::from_millis(time))
}

/// Measures the tables and writes each one's nanoseconds and ratios.
pub(crate) fn ratio_tables_for(
    setup: &Setup,
    tables: Vec<Table>,
    time: Duration,
) -> (String, Vec<Table>) {
    let tables = rounds(setup, tables, time);
    let mut text = rounds_line(&tables);
    for table in &tables {
        let line = |row: &Row| {
            let [low, ratio, high] = row.ratio(0);
            let nanos = format!("{:.1}", row.figure(0)[1]);
            vec![row.name.clone(), nanos, format!("{ratio:.2}"), format!("{low:.2} – {high:.2}")]
        };
        text += &heading(&table.title);
        text += &written(&["", "ns", "ratio", "quartiles"], 1, table.rows.iter().map(line));
    }
    (text, tables)
}

pub(crate) fn rounds_line(tables: &[Table]) -> String {
    match tables.first() {
        Some(table) => format!("Rounds: {}.\n\n", table.rounds()),
        None => "No table has this in its title.\n\n".into(),
    }
}

pub(crate) fn heading(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    format!("### {}\n\n", first.chain(chars).collect::<String>())
}

/// Makes one line of those that differ in one word before the column `numbers`, and in nothing else.
fn merged(numbers: usize, lines: impl IntoIterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for line in lines {
        // The one column in which a line above differs.
        let differing = |above: &Vec<String>| {
            let columns = 0..above.len().max(line.len());
            let mut columns = columns.filter(|column| above.get(*column) != line.get(*column));
            columns.next().filter(|column| *column < numbers && columns.next().is_none())
        };
        let same = all.iter_mut().find_map(|above| Some((differing(above)?, above)));
        let Some((column, above)) = same else {
            all.push(line);
            continue;
        };
        let (above, word) = (&mut above[column], &line[column]);
        // What both begin with, up to a comma and a whole word, is not said again.
        let same = above.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
        let same = word[..same].rfind(' ').filter(|end| word[..*end].contains(','));
        *above += &["; ", &word[same.map_or(0, |end| end + 1)..]].concat();
    }
    all
}

/// A table in Markdown. Columns from `numbers` on are flush right.
pub(crate) fn written(
    head: &[&str],
    numbers: usize,
    lines: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut all = vec![head.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()];
    all.extend(merged(numbers, lines));
    let width = |column: usize| {
        let widths = all.iter().filter_map(|line| Some(line.get(column)?.chars().count()));
        widths.max().unwrap_or(0).clamp(3, 60)
    };
    let widths = (0..head.len()).map(width).collect::<Vec<_>>();
    let rule = |(column, width): (usize, &usize)| {
        format!("{}{}", "-".repeat(width - 1), if column < numbers { "-" } else { ":" })
    };
    all.insert(1, widths.iter().enumerate().map(rule).collect());
    let line = |line: Vec<String>| {
        let word = |(column, width): (usize, &usize)| {
            let word = line.get(column).map_or("", String::as_str);
            if column < numbers { format!("{word:<width$}") } else { format!("{word:>width$}") }
        };
        let words = widths.iter().enumerate().map(word).collect::<Vec<_>>();
        format!("| {} |\n", words.join(" | "))
    };
    all.into_iter().map(line).collect::<String>() + "\n"
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "no count is that large")]
pub(crate) fn number<N: TryInto<i64>>(count: N) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}

/// Nanoseconds with a unit.
pub(crate) fn time(nanos: f64) -> String {
    match nanos {
        ..1e3 => format!("{nanos:.0} ns"),
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}

/// Bytes with a unit, in three digits.
pub(crate) fn bytes(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut rest, mut unit) = (bytes.abs(), 0);
    while rest >= 999.5 && unit + 1 < units.len() {
        (rest, unit) = (rest / 1e3, unit + 1);
    }
    let digits = match rest {
        _ if unit == 0 => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{}{rest:.digits$} {}", if bytes < 0.0 { "-" } else { "" }, units[unit])
}

/// A number as people write it.
pub(crate) fn with_commas(number: impl Display) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}
