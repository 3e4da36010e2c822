//! Where the names go, so that none lies on another and hardly any on a line.

use super::canvas::Point;
use std::cmp::Ordering;

/// From one name's middle to the next one's.
pub(super) const HEIGHT: f64 = 17.0;
/// From a line's end to its name.
pub(super) const GAP: f64 = 12.0;
/// The same, where a leader has to find its name further up or down.
const LEADER: f64 = 34.0;
/// A name that moved no more than this still is seen to belong to its line.
const NEAR: f64 = HEIGHT * 0.45;
/// Lines that end so near to each other have their names in one column.
const COLUMN: f64 = 40.0;
/// Places are tried this far from each other.
const STEP: f64 = 2.0;
/// What it costs to cover a line or to leave the plot, in pixels of distance.
const LINE: f64 = 90.0;
const NAME: f64 = 100_000.0;

/// A name that wants a place at the end of its line.
pub(super) struct Name {
    pub(super) end: Point,
    pub(super) width: f64,
}

/// Where the name's left end goes, and whether a leader is to be drawn to it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: Point,
    pub(super) leader: bool,
}

/// For each name a place between top and bottom. Columns from the right to the left, each in the order
/// of its lines' ends, so that leaders never cross.
pub(super) fn place(names: &[Name], lines: &[Vec<Point>], ends: [f64; 2]) -> Vec<Place> {
    let mut places = vec![Place { at: (0.0, 0.0), leader: false }; names.len()];
    let mut taken: Vec<[Point; 2]> = Vec::new();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|&a, &b| names[b].end.0.total_cmp(&names[a].end.0));
    while let Some(&first) = order.first() {
        let right = names[first].end.0;
        let size = order.iter().take_while(|&&name| right - names[name].end.0 < COLUMN).count();
        let mut column: Vec<usize> = order.drain(..size).collect();
        column.sort_by(|&a, &b| by_height(names, lines, a, b));
        let heights = heights(names, &column, lines, &taken, ends, right);
        let moved = column.iter().zip(&heights).any(|(&name, y)| {
            let (end_x, end_y) = names[name].end;
            (y - end_y).abs() > NEAR || right - end_x > GAP
        });
        let x = right + if moved { LEADER } else { GAP };
        for (&name, y) in column.iter().zip(heights) {
            places[name] = Place { at: (x, y), leader: moved };
            taken.push([(x, y - HEIGHT / 2.0), (x + names[name].width, y + HEIGHT / 2.0)]);
        }
    }
    places
}

/// Lines that end at the same height: the one that comes from above first.
fn by_height(names: &[Name], lines: &[Vec<Point>], a: usize, b: usize) -> Ordering {
    let before = |name: usize| lines[name].iter().rev().nth(1).map_or(0.0, |point| point.1);
    names[a].end.1.total_cmp(&names[b].end.1).then(before(a).total_cmp(&before(b)))
}

/// The cheapest heights that keep the order: for each name and each height, what it and all names above
/// it cost at least.
fn heights(
    names: &[Name],
    column: &[usize],
    lines: &[Vec<Point>],
    taken: &[[Point; 2]],
    [top, bottom]: [f64; 2],
    right: f64,
) -> Vec<f64> {
    let mut tried = vec![top];
    while tried[tried.len() - 1] + STEP <= bottom {
        tried.push(tried[tried.len() - 1] + STEP);
    }
    let apart = tried.iter().take_while(|&&y| y - top < HEIGHT).count();
    // The sum, and the place of the name above.
    let mut sums: Vec<Vec<(f64, usize)>> = Vec::new();
    for &name in column {
        let width = names[name].width;
        let cost = |y: f64| {
            // With the gap, so that the column's place does not depend on what is found.
            let corners =
                [(right + GAP, y - HEIGHT / 2.0), (right + LEADER + width, y + HEIGHT / 2.0)];
            let covered = lines.iter().filter(|line| crosses(line, corners)).count();
            let overlaps = taken.iter().any(|&other| overlap(other, corners));
            let covered = u32::try_from(covered).map_or(f64::MAX, f64::from);
            (y - names[name].end.1).abs() + covered * LINE + if overlaps { NAME } else { 0.0 }
        };
        let mut least = (f64::INFINITY, 0);
        let row = tried.iter().enumerate().map(|(at, &y)| {
            let Some(above) = sums.last() else { return (cost(y), 0) };
            if let Some(last) = at.checked_sub(apart).filter(|&last| above[last].0 < least.0) {
                least = (above[last].0, last);
            }
            (least.0 + cost(y), least.1)
        });
        let row = row.collect();
        sums.push(row);
    }
    let last = sums.last().map_or(0, |row| {
        (0..row.len()).min_by(|&a, &b| row[a].0.total_cmp(&row[b].0)).unwrap_or(0)
    });
    let mut heights: Vec<f64> = sums
        .iter()
        .rev()
        .scan(last, |at, row| {
            let y = tried[*at];
            *at = row[*at].1;
            Some(y)
        })
        .collect();
    heights.reverse();
    heights
}

fn overlap([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    a.0 < d.0 && c.0 < b.0 && a.1 < d.1 && c.1 < b.1
}

fn crosses(line: &[Point], corners: [Point; 2]) -> bool {
    line.windows(2).any(|pair| segment_crosses([pair[0], pair[1]], corners))
}

/// Cuts the segment at the sides of the rectangle; is anything left?
fn segment_crosses([a, b]: [Point; 2], [low, high]: [Point; 2]) -> bool {
    let mut left = (0.0_f64, 1.0_f64);
    for (from, to, low, high) in [(a.0, b.0, low.0, high.0), (a.1, b.1, low.1, high.1)] {
        if (to - from).abs() < 1e-9 {
            if from < low || from > high {
                return false;
            }
            continue;
        }
        let (first, second) = ((low - from) / (to - from), (high - from) / (to - from));
        left = (left.0.max(first.min(second)), left.1.min(first.max(second)));
    }
    left.0 < left.1
}
