//! Bars from the left to the right, with their numbers at their ends.

use super::{
    Bar, Bars,
    axis::{Scale, extent, is_drawable, number},
    canvas::{Canvas, Look, NEUTRAL, Words},
};
use plotters::style::Color;

const MARGIN: f64 = 14.0;
const WIDTH: f64 = 440.0;
const HEAD: f64 = 66.0;
const FOOT: f64 = 56.0;
/// From one bar's middle to the next one's, and half of what the bar takes of it.
const ROW: f64 = 24.0;
const HALF: f64 = 7.0;
const GAP: f64 = 8.0;
/// Numbers with more digits than this are written with a power of ten.
const LONG: f64 = 6.0;

impl Bars {
    pub(crate) fn svg(&self) -> String {
        let height = ROW * u32::try_from(self.bars.len()).map_or(0.0, f64::from) + 6.0;
        let names = self.bars.iter().map(|bar| words(bar).width(&bar.name));
        let left = MARGIN + GAP + names.fold(0.0, f64::max);
        let scale = Scale::new(self.log, self.extent(), [left, left + WIDTH]);
        let ticks = scale.ticks();

        let numbers = self.bars.iter().map(|bar| {
            self.end(bar, &scale, left) + GAP + words(bar).width(&number(bar.value, LONG))
        });
        let reference = self.reference.iter().filter(|(value, _)| scale.shows(*value));
        let reference: Vec<_> =
            reference.map(|(value, text)| (scale.pixel(*value), text)).collect();
        let others = reference
            .iter()
            .map(|(x, text)| x + Words::NAME.width(text))
            .chain(ticks.iter().map(|(x, text)| scale.pixel(*x) + Words::TICK.width(text) / 2.0))
            .chain([
                left + WIDTH,
                left + WIDTH / 2.0 + Words::NAME.width(&self.label) / 2.0,
                MARGIN + Words::TITLE.width(&self.title),
            ]);
        let width = numbers.chain(others).fold(0.0, f64::max) + MARGIN;

        Canvas::svg((width, HEAD + height + FOOT), |canvas| {
            let bottom = HEAD + height;
            canvas.words((MARGIN, 22.0), &self.title, Words::TITLE);
            for (value, text) in &ticks {
                let x = scale.pixel(*value);
                canvas.line(&[(x, HEAD), (x, bottom)], NEUTRAL.mix(0.3), 1);
                canvas.words((x, bottom + 14.0), text, Words::TICK.centred());
            }
            let below = (left + WIDTH / 2.0, bottom + 40.0);
            canvas.words(below, &self.label, Words::NAME.centred());
            let mut y = HEAD + 3.0 + ROW / 2.0;
            for bar in &self.bars {
                self.draw(bar, canvas, &scale, (left, y));
                y += ROW;
            }
            for (x, text) in &reference {
                canvas.line(&[(*x, HEAD - 8.0), (*x, bottom)], NEUTRAL.to_rgba(), 2);
                canvas.words((*x, HEAD - 17.0), text, Words::NAME);
            }
        })
    }

    fn draw(&self, bar: &Bar, canvas: &Canvas, scale: &Scale, (left, y): (f64, f64)) {
        let color = look(bar).color;
        canvas.words((left - GAP, y), &bar.name, words(bar).to_the_left());
        if is_drawable(self.log, bar.value) {
            let corners = [(left, y - HALF), (scale.pixel(bar.value), y + HALF)];
            // Pale enough that the range is seen on it.
            canvas.rectangle(corners, color.mix(if bar.ours { 0.6 } else { 0.4 }));
        }
        let range = bar
            .range
            .filter(|(low, high)| is_drawable(self.log, *low) && is_drawable(self.log, *high));
        if let Some((low, high)) = range {
            let [low, high] = [low, high].map(|end| scale.pixel(end));
            let whisker = color.to_rgba();
            canvas.line(&[(low, y), (high, y)], whisker, 2);
            for end in [low, high] {
                canvas.line(&[(end, y - 4.0), (end, y + 4.0)], whisker, 2);
            }
        }
        let end = self.end(bar, scale, left);
        canvas.words((end + GAP, y), &number(bar.value, LONG), words(bar));
    }

    /// Where its number begins.
    fn end(&self, bar: &Bar, scale: &Scale, left: f64) -> f64 {
        let ends = [Some(bar.value), bar.range.map(|range| range.1)];
        let ends = ends.into_iter().flatten().filter(|&end| is_drawable(self.log, end));
        ends.map(|end| scale.pixel(end)).fold(left, f64::max)
    }

    /// From nought; with logarithms, from somewhat below the shortest, so that it too has a bar.
    fn extent(&self) -> [f64; 2] {
        let ranges =
            self.bars.iter().filter_map(|bar| bar.range).flat_map(|(low, high)| [low, high]);
        let values = self.bars.iter().map(|bar| bar.value).chain(ranges);
        let values = values.chain(self.reference.iter().map(|reference| reference.0));
        let [least, largest] = extent(self.log, values).unwrap_or([0.0, 1.0]);
        if self.log {
            [least / (largest / least).powf(0.12).max(1.5), largest.max(least * 1.1)]
        } else {
            [0.0, if largest > 0.0 { largest } else { 1.0 }]
        }
    }
}

fn look(bar: &Bar) -> Look {
    Look::new(bar.ours, 0)
}

fn words(bar: &Bar) -> Words {
    Words { color: look(bar).color, bold: bar.ours, ..Words::NAME }
}
