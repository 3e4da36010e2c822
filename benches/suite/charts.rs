//! Charts as SVG. The page stays transparent, and every colour is dark enough for a white page and light enough for a
//! black one. The names stand beside the plot in the order of the lines' ends, where no legend covers a line.

use super::peers::{OURS, can_be_waited_for, is_ours};
use plotters::{
    coord::{
        Shift,
        combinators::WithKeyPoints,
        ranged1d::{AsRangedCoord, ValueFormatter},
        types::RangedCoordf64,
    },
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use std::error::Error;

/// Contrast 4 and more to white and to GitHub's dark page; so have all colours below.
const NEUTRAL: u32 = 0x77_7c_84;
/// Of this crate: the first is the channel's.
const REDS: [u32; 3] = [0xdd_48_14, 0xc0_3c_8a, 0xd9_40_58];
const OTHERS: [u32; 8] =
    [0x1f_83_c9, 0x12_8a_6a, 0x7a_70_d0, 0x94_7a_0a, 0xa8_65_9f, 0xa8_70_30, 0x21_88_9a, NEUTRAL];

fn rgb(color: u32) -> RGBColor {
    let [_, red, green, blue] = color.to_be_bytes();
    RGBColor(red, green, blue)
}

const WIDTH: i32 = 1040;
/// Of a line of text.
const ROW: i32 = 22;
/// Above the plot, for two lines of the finding.
const TOP: i32 = 66;
/// Below the plot, for its axis.
const BOTTOM: i32 = 50;
const MARGIN: i32 = 10;

/// One picture, over logarithmic axes.
pub(super) struct Chart {
    pub(super) file: &'static str,
    /// What is found: the contender "takes" its last value, with its unit and these words after it.
    pub(super) unit: fn(f64) -> String,
    pub(super) what: String,
    pub(super) x: &'static str,
    pub(super) drawing: Drawing,
}

pub(super) enum Drawing {
    /// What the vertical axis is, and the lines.
    Lines(&'static str, Vec<Line>),
    /// The quartiles of each contender, from the top to the bottom.
    Bars(Vec<(String, [f64; 3])>),
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

    pub(super) fn end(&self) -> (f64, f64) {
        self.points.last().copied().unwrap_or_default()
    }
}

type Page<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type LogAxis = WithKeyPoints<LogCoord<f64>>;
type Drawn<T = ()> = Result<T, Box<dyn Error>>;

/// A logarithmic axis, from somewhat less than the least to somewhat more than the most. Its ticks are powers of ten,
/// with 2 and 5 between few of them, and not all of many.
fn logarithmic(values: impl IntoIterator<Item = f64>) -> LogAxis {
    let values = values.into_iter().filter(|value| *value > 0.0);
    let (least, most) = values
        .fold((f64::INFINITY, 1.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    let range = least.min(most) / 1.4..most * 1.4;
    let decades = (range.end / range.start).log10();
    let steps: &[f64] = if decades < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let powers = (-3..16).step_by(if decades > 8.0 { 2 } else { 1 });
    let ticks = powers.flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
    let ticks = ticks.filter(|tick| range.contains(tick)).collect();
    range.log_scale().with_key_points(ticks)
}

/// A number of an axis, with a letter for thousands.
fn short(value: f64) -> String {
    let letters = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let letter = letters.into_iter().find(|(size, _)| value >= size * 0.999);
    let (size, letter) = letter.unwrap_or((1.0, ""));
    format!("{}{letter}", (value / size * 1e3).round() / 1e3)
}

/// Text of so many pixels, with its middle at the height where it is placed.
fn words(size: f64, color: u32, bold: bool) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // plotters writes the size divided by 1.24.
    let font = ("sans-serif", size * 1.24, style).into_font();
    font.color(&rgb(color)).pos(Pos::new(HPos::Left, VPos::Center))
}

/// Draws the axes between these margins, each with its words. A vertical axis without words has no ticks.
fn axes<'a, Y>(
    page: &Page<'a>,
    [left, right]: [i32; 2],
    x: (LogAxis, &str),
    y: (Y, &str),
) -> Drawn<ChartContext<'a, SVGBackend<'a>, Cartesian2d<LogAxis, Y>>>
where
    Y: AsRangedCoord<CoordDescType = Y> + Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(page)
        .margin_top(TOP)
        .margin_left(MARGIN)
        .margin_right(right)
        .x_label_area_size(BOTTOM)
        .y_label_area_size(left)
        .build_cartesian_2d(x.0, y.0)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(rgb(NEUTRAL).mix(0.3))
        .axis_style(rgb(NEUTRAL).mix(0.3))
        .label_style(words(14.0, NEUTRAL, false))
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .x_desc(x.1)
        .y_labels(if y.1.is_empty() { 0 } else { 10 })
        .y_desc(y.1)
        .draw()?;
    Ok(chart)
}

impl Chart {
    /// What the picture shows, in a sentence.
    pub(super) fn finding(&self) -> String {
        // The last value of each, and whether there could be no more.
        let ends = match &self.drawing {
            Drawing::Lines(_, lines) => {
                let end = |line: &Line| (line.name.clone(), line.end().1, line.ends.is_some());
                lines.iter().map(end).collect::<Vec<_>>()
            }
            Drawing::Bars(bars) => {
                bars.iter().map(|(name, of)| (name.clone(), of[1], false)).collect()
            }
        };
        let Some((name, ours, _)) = ends.iter().find(|(name, ..)| name == OURS) else {
            return "This crate was not measured".into();
        };
        let finding = format!("{name} takes {} {}", (self.unit)(*ours), self.what);
        // The times of the Go program are not compared: it does not take turns with the others.
        let peers =
            ends.iter().filter(|(name, ..)| can_be_waited_for(name) && !name.starts_with("Go "));
        let failed = peers.clone().filter(|(_, _, failed)| *failed).count();
        match peers.clone().min_by(|one, other| one.1.total_cmp(&other.1)) {
            _ if failed > 0 => {
                let all = peers.count();
                format!("{finding}. Of {all} peers, {failed} cannot be built for the largest")
            }
            Some((name, least, _)) => {
                let least = (self.unit)(*least);
                format!("{finding}. The nearest peer that can be waited for, {name}, takes {least}")
            }
            None => finding,
        }
    }

    pub(super) fn svg(&self) -> String {
        let mut svg = String::new();
        self.draw(&mut svg).expect("a chart can be drawn");
        svg
    }

    fn draw(&self, svg: &mut String) -> Drawn {
        let rows = match &self.drawing {
            Drawing::Lines(_, lines) => lines.len().max(15),
            Drawing::Bars(bars) => bars.len(),
        };
        let height = TOP + ROW * i32::try_from(rows)? + BOTTOM;
        let size = (WIDTH.try_into()?, height.try_into()?);
        let page = SVGBackend::with_string(svg, size).into_drawing_area();
        let styles = [words(17.0, NEUTRAL, true), words(16.0, NEUTRAL, false)];
        for ((line, style), y) in self.finding().split(". ").zip(styles).zip([16, 40]) {
            page.draw_text(line, &style, (MARGIN, y))?;
        }
        match &self.drawing {
            Drawing::Lines(y, lines) => self.lines(&page, y, lines)?,
            Drawing::Bars(bars) => self.bars(&page, bars)?,
        }
        Ok(page.present()?)
    }

    fn lines(&self, page: &Page, title: &str, lines: &[Line]) -> Drawn {
        let points = || lines.iter().flat_map(|line| &line.points);
        let x = logarithmic(points().map(|point| point.0));
        let y = logarithmic(points().map(|point| point.1));
        let names = 400;
        let mut chart = axes(page, [70, names], (x, self.x), (y, title))?;
        // Colours in the order of the names, of which the channel's is the first of ours.
        let mut lines = lines.iter().collect::<Vec<_>>();
        lines.sort_by_key(|line| &line.name);
        let mut colors = [&OTHERS[..], &REDS].map(|colors| colors.iter().cycle());
        let mut color = |line: &Line| colors[usize::from(is_ours(&line.name))].next();
        let colored = lines.into_iter().map_while(|line| Some((line, *color(line)?)));
        let mut lines = colored.collect::<Vec<_>>();
        // The names in the order of the ends: lines that go further first, and of those the highest.
        lines.sort_by(|(one, _), (other, _)| other.end().partial_cmp(&one.end()).expect("numbers"));
        for ((line, color), row) in lines.into_iter().zip(0..) {
            let ours = is_ours(&line.name);
            let (width, dot) = if ours { (4, 5) } else { (2, 3) };
            let style = rgb(color).filled().stroke_width(width);
            let points = line.points.iter().copied();
            chart.draw_series(LineSeries::new(points, style).point_size(dot))?;
            let ends = line.ends.as_ref().map_or(String::new(), |ends| format!(": {ends}"));
            let name = format!("{}{ends}", line.name);
            let place = EmptyElement::at((WIDTH - names + 20, TOP + ROW * row + 8));
            let dot = Circle::new((0, 0), dot, rgb(color).filled());
            page.draw(&(place + dot + Text::new(name, (12, 0), words(14.0, color, ours))))?;
        }
        Ok(())
    }

    fn bars(&self, page: &Page, bars: &[(String, [f64; 3])]) -> Drawn {
        let x = logarithmic(bars.iter().flat_map(|(_, quartiles)| *quartiles));
        let y = RangedCoordf64::from(f64::from(u32::try_from(bars.len())?)..0.0);
        let mut chart = axes(page, [360, 60], (x, self.x), (y, ""))?;
        let start = chart.x_range().start;
        for ((name, [low, value, high]), row) in bars.iter().zip(0..) {
            let (ours, top) = (is_ours(name), f64::from(row));
            let color = if ours { REDS[0] } else { OTHERS[0] };
            let (style, middle) = (words(14.0, color, ours), top + 0.5);
            // Pale enough that the quartiles are seen on it.
            let corners = [(start, top + 0.15), (*value, top + 0.85)];
            chart.draw_series([Rectangle::new(corners, rgb(color).mix(0.5).filled())])?;
            let thick = rgb(color).filled().stroke_width(2);
            let quartiles = ErrorBar::new_horizontal(middle, *low, *value, *high, thick, 6);
            chart.draw_series([quartiles])?;
            let number = Text::new(format!("{value:.2}"), (8, 0), style.clone());
            chart.draw_series([EmptyElement::at((value.max(*high), middle)) + number])?;
            let name =
                Text::new(name.clone(), (-8, 0), style.pos(Pos::new(HPos::Right, VPos::Center)));
            chart.draw_series([EmptyElement::at((start, middle)) + name])?;
        }
        Ok(())
    }
}
