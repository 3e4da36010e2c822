//! Charts as SVG. The page stays transparent, and every colour is dark enough for a white page and light enough for a
//! black one. The names stand beside the plot in the order of the lines' ends, where no legend covers a line.

use super::{
    contender::Contender,
    peers::{Overwrite, can_be_waited_for, is_ours},
};
use std::{fmt::Write, ops::RangeInclusive};

/// Contrast 4 and more to white and to GitHub's dark page; so have all colours below.
const NEUTRAL: &str = "#777c84";
/// Of this crate: the first is the channel's.
const OURS: [&str; 3] = ["#dd4814", "#c03c8a", "#d94058"];
const OTHERS: [&str; 8] =
    ["#1f83c9", "#128a6a", "#7a70d0", "#947a0a", "#a8659f", "#a87030", "#21889a", NEUTRAL];

const WIDTH: f64 = 1040.0;
/// Of a line of text.
const ROW: f64 = 22.0;
/// Above the plot, for two lines of the finding.
const TOP: f64 = 66.0;
/// Below the plot, for its axis.
const BOTTOM: f64 = 54.0;

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

/// A logarithmic axis, from its first value to its last, and where these are drawn.
struct Axis(RangeInclusive<f64>, [f64; 2]);

impl Axis {
    /// From somewhat less than the least to somewhat more than the most.
    fn around(values: impl IntoIterator<Item = f64>, place: [f64; 2]) -> Self {
        let values = values.into_iter().filter(|value| *value > 0.0);
        let (least, most) = values.fold((f64::INFINITY, 1.0_f64), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        Self(least.min(most) / 1.4..=most * 1.4, place)
    }

    fn at(&self, value: f64) -> f64 {
        let Self(range, [from, to]) = self;
        from + (value / range.start()).ln() / (range.end() / range.start()).ln() * (to - from)
    }

    /// Powers of ten, with 2 and 5 between few of them, and not all of many.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        let decades = (self.0.end() / self.0.start()).log10();
        let steps: &[f64] = if decades < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (-3..16).step_by(if decades > 8.0 { 2 } else { 1 });
        let all = powers.flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        all.filter(|tick| self.0.contains(tick))
    }
}

/// A number of an axis, with a letter for thousands.
fn short(value: f64) -> String {
    let letters = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];
    let letter = letters.into_iter().find(|(size, _)| value >= size * 0.999);
    let (size, letter) = letter.unwrap_or((1.0, ""));
    format!("{}{letter}", (value / size * 1e3).round() / 1e3)
}

/// What is drawn so far.
struct Svg(String);

impl Svg {
    fn add(&mut self, element: &str) {
        writeln!(self.0, "{element}").expect("a string takes all");
    }

    fn line(&mut self, [x1, y1, x2, y2]: [f64; 4], color: &str, style: &str) {
        self.add(&format!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" {style}/>"#
        ));
    }

    fn dot(&mut self, (x, y): (f64, f64), radius: u8, color: &str) {
        self.add(&format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{color}"/>"#));
    }

    /// `style` says where the text has its anchor, or that it is bold.
    fn text(&mut self, (x, y): (f64, f64), color: &str, style: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.add(&format!(r#"<text x="{x:.1}" y="{y:.1}" fill="{color}" {style}>{text}</text>"#));
    }

    /// An axis, and its lines across the plot.
    fn axis(&mut self, axis: &Axis, [from, to]: [f64; 2], title: &str, is_x: bool) {
        let middle = f64::midpoint(axis.1[0], axis.1[1]);
        for tick in axis.ticks() {
            let at = axis.at(tick);
            let line = if is_x { [at, from, at, to] } else { [from, at, to, at] };
            self.line(line, NEUTRAL, r#"opacity="0.3""#);
            let place = if is_x { (at, to + 18.0) } else { (from - 6.0, at + 4.0) };
            self.text(place, NEUTRAL, if is_x { MIDDLE } else { END }, &short(tick));
        }
        if is_x {
            self.text((middle, to + 40.0), NEUTRAL, MIDDLE, title);
        } else {
            let turned = format!(r#"{MIDDLE} transform="rotate(-90 14 {middle})""#);
            self.text((14.0, middle), NEUTRAL, &turned, title);
        }
    }
}

const BOLD: &str = r#"font-weight="bold""#;
const MIDDLE: &str = r#"text-anchor="middle""#;
const END: &str = r#"text-anchor="end""#;

/// Bold and wide, if it is this crate's.
fn stress(name: &str) -> (&'static str, u8) {
    if is_ours(name) { (BOLD, 4) } else { ("", 2) }
}

/// The colour of the `place`-th contender, of all that are drawn.
fn color(names: &[&str], place: usize) -> &'static str {
    let ours = is_ours(names[place]);
    let before = names[..place].iter().filter(|name| is_ours(name) == ours).count();
    let colors: &[&str] = if ours { &OURS } else { &OTHERS };
    colors[before % colors.len()]
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
        let ours = <Overwrite as Contender<u64>>::NAME;
        let Some((name, ours, _)) = ends.iter().find(|(name, ..)| name == ours) else {
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
        let rows = match &self.drawing {
            Drawing::Lines(_, lines) => lines.len().max(15),
            Drawing::Bars(bars) => bars.len(),
        };
        let plot = [TOP, TOP + ROW * f64::from(u8::try_from(rows).expect("a few contenders"))];
        let height = plot[1] + BOTTOM;
        let mut svg = Svg(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"14\">\n"
        ));
        for (line, y) in self.finding().split(". ").zip([22.0, 46.0]) {
            let style =
                if y < 30.0 { r#"font-size="17" font-weight="bold""# } else { r#"font-size="16""# };
            svg.text((10.0, y), NEUTRAL, style, line);
        }
        match &self.drawing {
            Drawing::Lines(y, lines) => self.lines(&mut svg, plot, y, lines),
            Drawing::Bars(bars) => self.bars(&mut svg, plot, bars),
        }
        svg.0 + "</svg>\n"
    }

    fn lines(&self, svg: &mut Svg, [top, bottom]: [f64; 2], title: &str, lines: &[Line]) {
        let (left, right) = (70.0, 640.0);
        let mut lines = lines.iter().collect::<Vec<_>>();
        // Lines that go further first, and of those the highest.
        lines.sort_by(|one, other| other.end().partial_cmp(&one.end()).expect("numbers"));
        let names = lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>();
        let points = || lines.iter().flat_map(|line| &line.points);
        let x = Axis::around(points().map(|point| point.0), [left, right]);
        let y = Axis::around(points().map(|point| point.1), [bottom, top]);
        svg.axis(&x, [top, bottom], self.x, true);
        svg.axis(&y, [left, right], title, false);
        for (place, line) in lines.iter().enumerate().rev() {
            let (color, (bold, width)) = (color(&names, place), stress(&line.name));
            let points = line.points.iter().map(|(at, value)| (x.at(*at), y.at(*value)));
            let words = points.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>();
            svg.add(&format!(
                r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{width}"/>"#,
                words.join(" ")
            ));
            points.for_each(|point| svg.dot(point, width + 1, color));
            let row = top + ROW * f64::from(u8::try_from(place).expect("a few lines")) + 8.0;
            svg.dot((right + 20.0, row), width + 1, color);
            let ends = line.ends.as_ref().map_or(String::new(), |ends| format!(": {ends}"));
            let text = format!("{}{ends}", line.name);
            svg.text((right + 32.0, row + 5.0), color, bold, &text);
        }
    }

    fn bars(&self, svg: &mut Svg, [top, bottom]: [f64; 2], bars: &[(String, [f64; 3])]) {
        let (left, right) = (370.0, 980.0);
        let x = Axis::around(bars.iter().flat_map(|(_, quartiles)| *quartiles), [left, right]);
        svg.axis(&x, [top, bottom], self.x, true);
        let mut y = top;
        for (name, [low, value, high]) in bars {
            let (color, bold) = (if is_ours(name) { OURS[0] } else { OTHERS[0] }, stress(name).0);
            let middle = y + ROW / 2.0;
            // Pale enough that the quartiles are seen on it.
            svg.add(&format!(
                r#"<rect x="{left}" y="{:.1}" width="{:.1}" height="{}" fill="{color}" opacity="0.5"/>"#,
                y + 3.0,
                x.at(*value) - left,
                ROW - 6.0
            ));
            svg.line([x.at(*low), middle, x.at(*high), middle], color, r#"stroke-width="3""#);
            svg.text((left - 8.0, middle + 5.0), color, &format!("{END} {bold}"), name);
            let number = format!("{value:.2}");
            svg.text((x.at(value.max(*high)) + 8.0, middle + 5.0), color, bold, &number);
            y += ROW;
        }
    }
}
