//! Strokes and words on a transparent page.

use plotters::{
    backend::SVGBackend,
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text},
    style::{
        Color, FontDesc, FontFamily, FontStyle, RGBAColor, RGBColor, ShapeStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

/// Pixels from the left and from the top.
pub(super) type Point = (f64, f64);

/// Contrast 4 and more to white and to GitHub's dark page; so have all colours below.
pub(super) const NEUTRAL: RGBColor = RGBColor(0x77, 0x7c, 0x84);
/// Of ours: the first is the channel's.
const OURS: [RGBColor; 3] =
    [RGBColor(0xdd, 0x48, 0x14), RGBColor(0xc0, 0x3c, 0x8a), RGBColor(0xd9, 0x40, 0x58)];
/// Told apart without their hue too: by marks, and by the names at their ends.
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
const MARKS: usize = 7;

/// How a contender is drawn.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) color: RGBColor,
    pub(super) ours: bool,
    mark: usize,
}

impl Look {
    /// For the contender of that number, counted among ours or among the others.
    pub(super) fn new(ours: bool, number: usize) -> Self {
        let color = if ours { OURS[number % OURS.len()] } else { OTHERS[number % OTHERS.len()] };
        Self { color, ours, mark: number % MARKS }
    }

    pub(super) fn words(self) -> Words {
        Words { color: self.color, bold: self.ours, ..Words::NAME }
    }
}

/// How words are written.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) size: f64,
    pub(super) color: RGBColor,
    pub(super) bold: bool,
    pub(super) side: HPos,
}

impl Words {
    /// From the point to the right.
    pub(super) const NAME: Self =
        Self { size: 13.0, color: NEUTRAL, bold: false, side: HPos::Left };
    pub(super) const TITLE: Self = Self { size: 16.0, bold: true, ..Self::NAME };
    pub(super) const TICK: Self = Self { size: 12.0, ..Self::NAME };

    pub(super) fn to_the_left(self) -> Self {
        Self { side: HPos::Right, ..self }
    }

    pub(super) fn centred(self) -> Self {
        Self { side: HPos::Center, ..self }
    }

    /// At least what the text takes in the widest of the usual fonts.
    pub(super) fn width(self, text: &str) -> f64 {
        let ems: f64 = text.chars().map(ems).sum();
        ems * self.size * if self.bold { 1.12 } else { 1.0 }
    }
}

fn ems(character: char) -> f64 {
    match character {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' => 0.34,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '¹' | '²' | '³' | '⁰'..='ⁿ' => {
            0.43
        }
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 1.0,
        '=' | '+' | '<' | '>' | '×' | '~' => 0.84,
        'A'..='Z' | '&' => 0.78,
        ' '..='~' => 0.64,
        // Whatever it is: Chinese takes this much.
        _ => 1.0,
    }
}

/// An SVG on which is drawn.
pub(super) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

impl Canvas<'_> {
    /// What `draw` draws, on a page of that size.
    pub(super) fn svg(size: Point, draw: impl FnOnce(&Canvas)) -> String {
        let mut svg = String::new();
        let (width, height) = whole((size.0.ceil(), size.1.ceil()));
        let area = SVGBackend::with_string(&mut svg, (width.unsigned_abs(), height.unsigned_abs()))
            .into_drawing_area();
        let canvas = Canvas(area);
        draw(&canvas);
        canvas.0.present().unwrap_or_else(|error| failed(&error));
        drop(canvas);
        // The corners of a steep line would stick out far.
        svg.replacen(">\n", ">\n<style>polyline { stroke-linejoin: round }</style>\n", 1)
    }

    pub(super) fn line(&self, points: &[Point], color: RGBAColor, width: u32) {
        let points: Vec<_> = points.iter().copied().map(whole).collect();
        self.draw(&PathElement::new(points, color.stroke_width(width)));
    }

    pub(super) fn rectangle(&self, corners: [Point; 2], color: RGBAColor) {
        self.draw(&Rectangle::new(corners.map(whole), color.filled()));
    }

    /// Its middle is as high as the point.
    pub(super) fn words(&self, at: Point, text: &str, words: Words) {
        let style = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
        // plotters divides by this much.
        let font = FontDesc::new(FontFamily::SansSerif, words.size * 1.24, style);
        let style = font.color(&words.color).pos(Pos::new(words.side, VPos::Center));
        self.draw(&Text::new(text.to_owned(), whole(at), style));
    }

    /// A point of a line.
    pub(super) fn mark(&self, at: Point, look: Look) {
        let (x, y) = whole(at);
        let color = look.color.to_rgba();
        let polygon = |corners: &[(i32, i32)]| {
            let corners: Vec<_> = corners.iter().map(|&(dx, dy)| (x + dx, y + dy)).collect();
            self.draw(&Polygon::new(corners, color.filled()));
        };
        let stroke = |dx, dy| self.stroke((x, y), (dx, dy), color.stroke_width(2));
        match (look.ours, look.mark) {
            (true, _) => self.draw(&Circle::new((x, y), 5, color.filled())),
            (false, 0) => polygon(&[(-4, -4), (4, -4), (4, 4), (-4, 4)]),
            (false, 1) => polygon(&[(-5, 4), (5, 4), (0, -5)]),
            (false, 2) => polygon(&[(-5, 0), (0, -5), (5, 0), (0, 5)]),
            (false, 3) => self.draw(&Circle::new((x, y), 4, color.stroke_width(2))),
            (false, 4) => polygon(&[(-5, -4), (5, -4), (0, 5)]),
            (false, 5) => {
                stroke(5, 0);
                stroke(0, 5);
            }
            (false, _) => self.draw(&Circle::new((x, y), 3, color.filled())),
        }
    }

    /// Where a line ends that ought to go on.
    pub(super) fn cross(&self, at: Point, color: RGBColor) {
        for (dx, dy) in [(6, 6), (6, -6)] {
            self.stroke(whole(at), (dx, dy), color.stroke_width(3));
        }
    }

    fn stroke(&self, (x, y): (i32, i32), (dx, dy): (i32, i32), style: ShapeStyle) {
        self.draw(&PathElement::new(vec![(x - dx, y - dy), (x + dx, y + dy)], style));
    }

    fn draw<E>(&self, element: &E)
    where
        for<'e> &'e E: PointCollection<'e, (i32, i32)>,
        for<'b> E: Drawable<SVGBackend<'b>>,
    {
        self.0.draw(element).unwrap_or_else(|error| failed(&error));
    }
}

fn failed<E: std::error::Error + Send + Sync>(error: &DrawingAreaErrorKind<E>) -> ! {
    panic!("a chart cannot be drawn: {error}")
}

#[expect(clippy::cast_possible_truncation, reason = "no chart is billions of pixels wide")]
fn whole((x, y): Point) -> (i32, i32) {
    (x.round() as i32, y.round() as i32)
}
