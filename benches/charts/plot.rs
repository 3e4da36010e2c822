//! Lines, with their names at their ends.

use super::{
    Axis, Line, Plot,
    axis::{Scale, extent, is_drawable, with_space},
    canvas::{Canvas, Look, NEUTRAL, Point, Words},
    names::{self, HEIGHT, Name},
};
use plotters::style::Color;

const MARGIN: f64 = 14.0;
const WIDTH: f64 = 540.0;
const HEAD: f64 = 74.0;
const FOOT: f64 = 64.0;

/// A line as it lies on the page.
struct Drawn<'a> {
    line: &'a Line,
    look: Look,
    points: Vec<Point>,
    label: String,
}

impl Plot {
    pub(crate) fn svg(&self) -> String {
        // So many names have room beside each other's.
        let names = u32::try_from(self.lines.len()).map_or(0.0, f64::from);
        let height = (HEIGHT * names * 1.15).max(340.0);
        let y = scale(&self.y, self.values(|point| point.1), true, [HEAD + height, HEAD]);
        let y_ticks = ticks(&self.y, &y);
        let left = MARGIN
            + 10.0
            + y_ticks.iter().map(|(_, text)| Words::TICK.width(text)).fold(0.0, f64::max);
        let x = scale(&self.x, self.values(|point| point.0), false, [left, left + WIDTH]);
        let x_ticks = ticks(&self.x, &x);
        let frame = [(left, HEAD), (left + WIDTH, HEAD + height)];

        let (drawn, absent): (Vec<_>, Vec<_>) =
            self.drawn(&x, &y).into_iter().partition(|drawn| !drawn.points.is_empty());
        let absent = absent.iter().map(|drawn| drawn.label.as_str()).collect::<Vec<_>>();
        let absent =
            (!absent.is_empty()).then(|| format!("Without a point: {}.", absent.join("; ")));
        let names: Vec<Name> = drawn.iter().map(Drawn::name).collect();
        let lines: Vec<Vec<Point>> = drawn.iter().map(|drawn| drawn.points.clone()).collect();
        let places = names::place(&names, &lines, [HEAD, HEAD + height]);

        let ends_of_words =
            places.iter().zip(&names).map(|(place, name)| place.at.0 + name.width).chain([
                left + WIDTH,
                MARGIN + Words::TITLE.width(&self.title),
                MARGIN + Words::NAME.width(&self.y.label),
                left + Words::NAME.width(absent.as_deref().unwrap_or_default()),
                left + WIDTH / 2.0 + Words::NAME.width(&self.x.label) / 2.0,
            ]);
        let last_tick =
            x_ticks.iter().map(|(value, text)| x.pixel(*value) + Words::TICK.width(text) / 2.0);
        let width = ends_of_words.chain(last_tick).fold(0.0, f64::max) + MARGIN;
        let foot = FOOT + if absent.is_some() { 24.0 } else { 0.0 };

        Canvas::svg((width, HEAD + height + foot), |canvas| {
            canvas.words((MARGIN, 22.0), &self.title, Words::TITLE);
            canvas.words((MARGIN, HEAD - 24.0), &self.y.label, Words::NAME);
            grid(canvas, frame, (&x, &x_ticks), (&y, &y_ticks));
            let below = HEAD + height + 48.0;
            canvas.words((left + WIDTH / 2.0, below), &self.x.label, Words::NAME.centred());
            if let Some(absent) = &absent {
                canvas.words((left, below + 24.0), absent, Words::NAME);
            }
            for (drawn, place) in drawn.iter().zip(&places) {
                if place.leader {
                    let end = drawn.name().end;
                    let leader = [(end.0 + 6.0, end.1), (place.at.0 - 4.0, place.at.1)];
                    canvas.line(&leader, drawn.look.color.mix(0.6), 1);
                }
            }
            // Ours last, above the others.
            for ours in [false, true] {
                drawn
                    .iter()
                    .filter(|drawn| drawn.line.ours == ours)
                    .for_each(|drawn| drawn.draw(canvas));
            }
            for (drawn, place) in drawn.iter().zip(&places) {
                canvas.words(place.at, &drawn.label, drawn.look.words());
            }
        })
    }

    fn values(&self, of: fn(&(f64, f64)) -> f64) -> impl Iterator<Item = f64> {
        self.lines.iter().flat_map(|line| &line.points).map(of)
    }

    fn drawn(&self, x: &Scale, y: &Scale) -> Vec<Drawn<'_>> {
        let mut numbers = [0, 0];
        let drawn = self.lines.iter().map(|line| {
            let number = &mut numbers[usize::from(line.ours)];
            let look = Look::new(line.ours, *number);
            *number += 1;
            let points = line.points.iter();
            let points = points.filter(|point| {
                is_drawable(self.x.log, point.0) && is_drawable(self.y.log, point.1)
            });
            let points = points.map(|point| (x.pixel(point.0), y.pixel(point.1))).collect();
            let label = match &line.ends {
                Some(word) => format!("{}: {word}", line.name),
                None => line.name.clone(),
            };
            Drawn { line, look, points, label }
        });
        drawn.collect()
    }
}

impl Drawn<'_> {
    fn name(&self) -> Name {
        let end = self.points.last().copied().unwrap_or_default();
        Name { end, width: self.look.words().width(&self.label) }
    }

    fn draw(&self, canvas: &Canvas) {
        let color = self.look.color.to_rgba();
        canvas.line(&self.points, color, if self.line.ours { 4 } else { 2 });
        self.points.iter().for_each(|&point| canvas.mark(point, self.look));
        if self.line.ends.is_some() {
            canvas.cross(self.name().end, self.look.color);
        }
    }
}

fn scale(axis: &Axis, values: impl Iterator<Item = f64>, space: bool, pixels: [f64; 2]) -> Scale {
    let given = axis.ticks.iter().map(|tick| tick.0);
    let extent = extent(axis.log, values.chain(given)).unwrap_or([1.0, 10.0]);
    let extent =
        if space || extent[0] >= extent[1] { with_space(axis.log, extent) } else { extent };
    Scale::new(axis.log, extent, pixels)
}

fn ticks(axis: &Axis, scale: &Scale) -> Vec<(f64, String)> {
    if axis.ticks.is_empty() {
        return scale.ticks();
    }
    axis.ticks.iter().filter(|tick| scale.shows(tick.0)).cloned().collect()
}

fn grid(
    canvas: &Canvas,
    [(left, top), (right, bottom)]: [Point; 2],
    (x, x_ticks): (&Scale, &[(f64, String)]),
    (y, y_ticks): (&Scale, &[(f64, String)]),
) {
    let faint = NEUTRAL.mix(0.3);
    for (value, text) in y_ticks {
        let y = y.pixel(*value);
        canvas.line(&[(left, y), (right, y)], faint, 1);
        canvas.words((left - 8.0, y), text, Words::TICK.to_the_left());
    }
    let mut end = f64::NEG_INFINITY;
    for (value, text) in x_ticks {
        let x = x.pixel(*value);
        canvas.line(&[(x, top), (x, bottom)], faint, 1);
        // A number that has no room beside the one before goes below it.
        let half = Words::TICK.width(text) / 2.0;
        let row = if x - half < end + 4.0 { 30.0 } else { 15.0 };
        end = if row < 20.0 { x + half } else { f64::NEG_INFINITY };
        canvas.words((x, bottom + row), text, Words::TICK.centred());
    }
    canvas.line(&[(left, bottom), (right, bottom)], NEUTRAL.to_rgba(), 1);
}
