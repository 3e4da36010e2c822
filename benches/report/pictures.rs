//! The pictures.

use super::{Report, who::is_ours};
use crate::{
    charts::{Axis, Bar, Bars, Line, Plot},
    fresh::{STALE, quartiles},
    latency::PERCENTILES,
    memory::{CAPACITIES, Failure, with_commas},
};

/// More lines than these cannot be told apart. Whoever is ahead is one of them.
const SHOWN: [&str; 10] = [
    "bare flag",
    "overwrite-channel",
    "nexus-slot",
    "triple_buffer",
    "ring-channel (1)",
    "crossbeam ArrayQueue (1), force_push",
    "tokio watch (clones)",
    "tokio mpsc (1), drain and send",
    "std Mutex<Option<T>> and Condvar",
    "crossbeam-channel (1), drain and send",
];

/// Of the percentiles. The maximum is one sample, and the machine's more than the contender's.
const DRAWN: usize = PERCENTILES.len() - 1;

impl Report {
    /// Names and contents.
    pub(super) fn pictures(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("memory.svg", self.memory_picture().svg()),
            ("fresh.svg", self.fresh_picture().svg()),
        ];
        all.extend(self.latency_picture().map(|picture| ("latency.svg", picture.svg())));
        all.extend(self.cost_picture().map(|picture| ("cost.svg", picture.svg())));
        all
    }

    fn memory_picture(&self) -> Plot {
        let mut names = self.memory.iter().map(|row| row.name).collect::<Vec<_>>();
        names.truncate(names.len() / CAPACITIES.len());
        let mut lines = Vec::new();
        for name in names {
            let rows = self.memory.iter().filter(|row| row.name == name);
            let (mut points, mut ends) = (Vec::new(), None);
            for row in rows {
                match &row.outcome {
                    Ok(found) => {
                        let bytes = float(found.built.held.unsigned_abs());
                        points.push((float(row.capacity), bytes));
                    }
                    Err(failure) => {
                        let told = || format!("{} at {}", word(failure), with_commas(row.capacity));
                        ends = ends.or_else(|| Some(told()));
                    }
                }
            }
            lines.push(Line { name: name.into(), points, ours: is_ours(name), ends });
        }
        if let Ok(original) = &self.original {
            for fields in original.lines("memory") {
                let [name, capacity, bytes] = fields else { continue };
                let line = line_of(&mut lines, name);
                if let (Ok(capacity), Ok(bytes)) = (capacity.parse(), bytes.parse()) {
                    line.points.push((capacity, bytes));
                } else {
                    let at = capacity.parse().map_or_else(|_| capacity.clone(), with_commas);
                    line.ends = line.ends.take().or(Some(format!("{bytes} at {at}")));
                }
            }
        }
        let ticks = [
            (60.0, "60"),
            (1e3, "1,000"),
            (1e6, "10⁶"),
            (1e9, "10⁹"),
            (9_999_999_999_999.0, "9999999999999"),
        ];
        let ticks = ticks.map(|(at, text)| (at, text.to_owned()));
        Plot {
            title: "Memory of a channel, just built".into(),
            x: Axis { label: "MaxRetries".into(), log: true, ticks: ticks.into() },
            y: Axis { label: "bytes".into(), log: true, ticks: Vec::new() },
            lines,
        }
    }

    fn fresh_picture(&self) -> Plot {
        let names = self.fresh.iter().filter(|row| row.stale == STALE[0]).map(|row| row.name);
        let line = |name: &'static str| {
            let rows = self.fresh.iter().filter(|row| row.name == name);
            let point = |row: &crate::fresh::Row| (f64::from(row.stale), quartiles(&row.nanos)[1]);
            Line {
                name: name.into(),
                points: rows.map(point).collect(),
                ours: is_ours(name),
                ends: None,
            }
        };
        let mut lines = names.map(line).collect::<Vec<_>>();
        if let Ok(original) = &self.original {
            for fields in original.lines("fresh") {
                let [name, stale, nanos] = fields else { continue };
                let (Ok(stale), Ok(nanos)) = (stale.parse(), nanos.parse()) else { continue };
                line_of(&mut lines, name).points.push((stale, nanos));
            }
        }
        Plot {
            title: "Time until the receiver has the current sentinel".into(),
            x: Axis {
                label: "attempts that timed out before".into(),
                log: true,
                ticks: Vec::new(),
            },
            y: Axis { label: "ns".into(), log: true, ticks: Vec::new() },
            lines,
        }
    }

    /// Of a hand-over, or of a send where there is one core.
    fn latency_picture(&self) -> Option<Plot> {
        let title = "hand-over between two polling threads";
        let table =
            self.latency.iter().find(|table| table.title == title).or(self.latency.first())?;
        let rows = table.rows.iter().filter(|row| SHOWN.contains(&row.name));
        let line = |row: &crate::latency::Row| {
            let nanos = row.percentiles().into_iter().take(DRAWN).map(float);
            let points = (0_u8..).map(f64::from).zip(nanos).collect();
            Line { name: row.name.into(), points, ours: is_ours(row.name), ends: None }
        };
        let ticks = PERCENTILES[..DRAWN]
            .iter()
            .zip(0_u8..)
            .map(|((name, _), at)| (f64::from(at), (*name).into()));
        Some(Plot {
            title: format!("Latency of a {}", table.title),
            x: Axis { label: "percentile".into(), log: false, ticks: ticks.collect() },
            y: Axis { label: "ns".into(), log: true, ticks: Vec::new() },
            lines: rows.map(line).collect(),
        })
    }

    fn cost_picture(&self) -> Option<Bars> {
        let title = "send + try_recv, results written";
        let table = self.costs.tables.iter().find(|table| table.title == title)?;
        let bar = |figure: &crate::table::Figure| Bar {
            name: figure.name.into(),
            value: figure.ratio[1],
            range: Some((figure.ratio[0], figure.ratio[2])),
            ours: is_ours(figure.name),
        };
        Some(Bars {
            title: "A send and a receive on one thread".into(),
            label: "times two bare swaps".into(),
            log: true,
            bars: table.figures.iter().map(bar).collect(),
            reference: Some((1.0, "two bare swaps".into())),
        })
    }
}

/// The line of that name; a new one, if there is none.
fn line_of<'a>(lines: &'a mut Vec<Line>, name: &str) -> &'a mut Line {
    let index = lines.iter().position(|line| line.name == name).unwrap_or(lines.len());
    if index == lines.len() {
        lines.push(Line { name: name.into(), points: Vec::new(), ours: false, ends: None });
    }
    &mut lines[index]
}

#[expect(clippy::cast_precision_loss, reason = "for a picture")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

fn word(failure: &Failure) -> &'static str {
    match failure {
        Failure::Panicked { .. } => "panics",
        Failure::OutOfMemory { .. } => "aborts",
        Failure::Ended { .. } => "is ended",
        Failure::TimedOut { .. } => "hangs",
        Failure::NotTried { .. } => "not tried",
    }
}
