//! Charts as SVG. The page stays transparent, and every colour is dark enough for a white page and light enough for a
//! black one. The names stand beside the plot in the order of the lines' ends, where no legend covers a line.

use plotters::{
    backend::SVGBackend,
    chart::ChartBuilder,
    coord::{
        combinators::IntoLogRange,
        ranged1d::{IntoSegmentedCoord, SegmentValue},
    },
    drawing::IntoDrawingArea,
    element::{Circle, PathElement, Rectangle, Text},
    series::LineSeries,
    style::{
        Color, FontStyle, IntoFont, RGBColor, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use std::error::Error;

/// Contrast 4 and more to white and to GitHub's dark page; so have all colours below.
const NEUTRAL: RGBColor = RGBColor(0x77, 0x7c, 0x84);
/// Of this crate: the first is the channel's.
const OURS: [RGBColor; 3] =
    [RGBColor(0xdd, 0x48, 0x14), RGBColor(0xc0, 0x3c, 0x8a), RGBColor(0xd9, 0x40, 0x58)];
const OTHERS: [RGBColor; 8] = [
    RGBColor(0x1f, 0x83, 0xc9),
    RGBColor(0x12, 0x8a, 0x6a),
    RGBColor(0x7a, 0x70, 0xd0),
    RGBColor(0x94, 0x7a, 0x0a),
    RGBColor(0xa8, 0x65, 0x9f),
    RGBColor(0xa8, 0x70, 0x30),
    RGBColor(0x21, 0x88, 0x9a),
    NEUTRAL,
];

const WIDTH: u32 = 620;
/// Beside the plot, for the names.
const NAMES: u32 = 420;
/// Of a line of text.
const ROW: u32 = 22;

/// Whether a contender is this crate's, which is drawn stronger.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("overwrite-channel")
}

pub(super) enum Chart {
    Plot(Plot),
    Bars(Bars),
}

/// Lines over two logarithmic axes.
pub(super) struct Plot {
    pub(super) file: &'static str,
    pub(super) title: String,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
    pub(super) lines: Vec<Line>,
}

/// What one contender does.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Why there are no more points.
    pub(super) ends: Option<String>,
}

impl Line {
    pub(super) fn new(name: String, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self { name, points: points.into_iter().collect(), ends: None }
    }
}

/// One number for each contender, from the top to the bottom, on a logarithmic axis.
pub(super) struct Bars {
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    pub(super) label: &'static str,
    pub(super) contenders: Vec<Bar>,
}

pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    /// The quartiles.
    pub(super) range: (f64, f64),
}

impl Chart {
    /// The name of the file, and what is in it.
    pub(super) fn svg(&self) -> (&'static str, String) {
        let mut svg = String::new();
        let (file, drawn) = match self {
            Self::Plot(plot) => (plot.file, plot.draw(&mut svg)),
            Self::Bars(bars) => (bars.file, bars.draw(&mut svg)),
        };
        drawn.expect("a chart can be drawn");
        (file, svg)
    }
}

fn words(size: u32, color: RGBColor, bold: bool) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = ("sans-serif", size, style).into_font();
    font.color(&color).pos(Pos::new(HPos::Left, VPos::Center))
}

/// A number of an axis, with a letter for thousands.
fn tick(value: f64) -> String {
    let letters = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let letter = letters.into_iter().find(|(size, _)| value >= size * 0.999);
    let (size, letter) = letter.unwrap_or((1.0, ""));
    format!("{}{letter}", value / size)
}

/// From somewhat less than the least to somewhat more than the most, on a logarithmic axis.
fn around(values: impl IntoIterator<Item = f64>, space: f64) -> std::ops::Range<f64> {
    let values = values.into_iter().filter(|value| *value > 0.0);
    let (least, most) = values
        .fold((f64::INFINITY, 1.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    least.min(most) / space..most * space
}

impl Plot {
    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn Error + '_>> {
        let mut lines = self.lines.iter().collect::<Vec<_>>();
        let end = |line: &Line| line.points.last().map_or((0.0, 0.0), |point| *point);
        // Lines that go further first, and of those the highest.
        lines.sort_by(|one, other| end(other).partial_cmp(&end(one)).expect("numbers"));
        let rows = u32::try_from(lines.len())?;
        let height = (ROW * rows + 100).max(420);
        let page = SVGBackend::with_string(svg, (WIDTH + NAMES, height)).into_drawing_area();
        let (left, right) = page.split_horizontally(WIDTH);
        let points = || lines.iter().flat_map(|line| &line.points);
        let x = around(points().map(|point| point.0), 1.3).log_scale();
        let y = around(points().map(|point| point.1), 1.3).log_scale();
        let mut builder = ChartBuilder::on(&left);
        builder
            .caption(&self.title, words(20, NEUTRAL, true))
            .margin(10)
            .x_label_area_size(48)
            .y_label_area_size(64);
        let color = |line: &Line| {
            let same =
                self.lines.iter().filter(|other| is_ours(&other.name) == is_ours(&line.name));
            let place = same.take_while(|other| other.name != line.name).count();
            if is_ours(&line.name) {
                OURS[place % OURS.len()]
            } else {
                OTHERS[place % OTHERS.len()]
            }
        };
        let mut chart = builder.build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(NEUTRAL.mix(0.0))
            .bold_line_style(NEUTRAL.mix(0.3))
            .axis_style(NEUTRAL)
            .label_style(words(14, NEUTRAL, false))
            .x_desc(self.x)
            .y_desc(self.y)
            .x_labels(8)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value))
            .draw()?;
        for line in lines.iter().rev() {
            let (width, dot) = if is_ours(&line.name) { (4, 5) } else { (2, 3) };
            let style = color(line).stroke_width(width);
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
            let dots = line.points.iter();
            chart.draw_series(dots.map(|at| Circle::new(*at, dot, color(line).filled())))?;
        }
        for (line, row) in lines.into_iter().zip(0_i32..) {
            let y = 60 + row * i32::try_from(ROW)?;
            let color = color(line);
            let ours = is_ours(&line.name);
            right.draw(&Circle::new((8, y), if ours { 5 } else { 3 }, color.filled()))?;
            let ends = line.ends.as_ref().map_or(String::new(), |ends| format!(": {ends}"));
            let text = format!("{}{ends}", line.name);
            right.draw(&Text::new(text, (20, y), words(15, color, ours)))?;
        }
        page.present()?;
        Ok(())
    }
}

impl Bars {
    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn Error + '_>> {
        let rows = u32::try_from(self.contenders.len())?;
        let size = (WIDTH + NAMES, ROW * rows + 120);
        let page = SVGBackend::with_string(svg, size).into_drawing_area();
        let mut values = around(self.contenders.iter().map(|bar| bar.value), 1.5);
        values.end *= 1.5;
        let start = values.start;
        let mut chart = ChartBuilder::on(&page)
            .caption(self.title, words(20, NEUTRAL, true))
            .margin(10)
            .x_label_area_size(48)
            .y_label_area_size(NAMES - 60)
            .build_cartesian_2d(values.log_scale(), (0..rows).into_segmented())?;
        let at = |row: &SegmentValue<u32>| match row {
            SegmentValue::CenterOf(row) | SegmentValue::Exact(row) if *row < rows => {
                self.contenders[(rows - 1 - row) as usize].name.clone()
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .light_line_style(NEUTRAL.mix(0.0))
            .bold_line_style(NEUTRAL.mix(0.3))
            .disable_y_mesh()
            .axis_style(NEUTRAL)
            .label_style(words(14, NEUTRAL, false))
            .x_desc(self.label)
            .y_labels(self.contenders.len())
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&at)
            .draw()?;
        for (bar, row) in self.contenders.iter().rev().zip(0..) {
            let ours = is_ours(&bar.name);
            let color = if ours { OURS[0] } else { OTHERS[0] };
            let middle = || SegmentValue::CenterOf(row);
            // Pale enough that the quartiles are seen on it.
            let faint = color.mix(if ours { 0.6 } else { 0.4 }).filled();
            let corners =
                [(start, SegmentValue::Exact(row)), (bar.value, SegmentValue::Exact(row + 1))];
            let mut rectangle = Rectangle::new(corners, faint);
            rectangle.set_margin(3, 3, 0, 0);
            chart.draw_series([rectangle])?;
            let whisker = [(bar.range.0, middle()), (bar.range.1, middle())];
            chart.draw_series([PathElement::new(whisker, color.stroke_width(3))])?;
            let end = (bar.value.max(bar.range.1) * 1.05, middle());
            let number = format!("{:.2}", bar.value);
            chart.draw_series([Text::new(number, end, words(14, color, ours))])?;
        }
        page.present()?;
        drop(chart);
        Ok(())
    }
}
