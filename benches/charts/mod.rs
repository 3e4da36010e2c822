//! Charts as SVG. The page stays transparent, and every colour is dark enough for a white page and
//! light enough for a black one. Names stand at the lines' ends, where no legend has to be searched.

mod axis;
mod bars;
mod canvas;
mod names;
mod plot;

/// Lines over two axes.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

/// What lies where along one side of a [`Plot`].
pub(crate) struct Axis {
    pub(crate) label: String,
    /// Values that have no logarithm are left out.
    pub(crate) log: bool,
    /// Chosen where there are none.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// What one contender does.
pub(crate) struct Line {
    pub(crate) name: String,
    /// In the order in which they are joined.
    pub(crate) points: Vec<(f64, f64)>,
    /// Drawn stronger, above the others.
    pub(crate) ours: bool,
    /// Why there are no more points.
    pub(crate) ends: Option<String>,
}

/// One number for each contender, from the top to the bottom.
#[expect(clippy::struct_field_names, reason = "they are the bars")]
pub(crate) struct Bars {
    pub(crate) title: String,
    /// What the numbers are.
    pub(crate) label: String,
    pub(crate) log: bool,
    pub(crate) bars: Vec<Bar>,
    /// To compare with, and what it is.
    pub(crate) reference: Option<(f64, String)>,
}

/// One contender's number.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) value: f64,
    /// Where most of its measurements lie.
    pub(crate) range: Option<(f64, f64)>,
    /// Drawn stronger.
    pub(crate) ours: bool,
}
