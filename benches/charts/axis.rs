//! From values to pixels, and the numbers beside them.

/// One axis, as it lies on the page.
pub(super) struct Scale {
    log: bool,
    /// Logarithms, if it has them.
    from: f64,
    to: f64,
    /// Where these two lie.
    pixels: [f64; 2],
}

impl Scale {
    /// From one value to another.
    pub(super) fn new(log: bool, [from, to]: [f64; 2], pixels: [f64; 2]) -> Self {
        let mapped = |value: f64| if log { value.log10() } else { value };
        Self { log, from: mapped(from), to: mapped(to), pixels }
    }

    pub(super) fn pixel(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        let [start, end] = self.pixels;
        start + (value - self.from) / (self.to - self.from) * (end - start)
    }

    /// Whether that value has a place on it.
    pub(super) fn shows(&self, value: f64) -> bool {
        let [start, end] = self.pixels;
        let pixel = self.pixel(value);
        is_drawable(self.log, value)
            && (start.min(end) - 0.5..=start.max(end) + 0.5).contains(&pixel)
    }

    /// Round values, few enough that their numbers have room.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let numbers = if self.log { self.powers() } else { Vec::new() };
        let numbers = if numbers.len() < 2 { self.steps() } else { numbers };
        // Beside powers of ten they are clearer as such; steps are not.
        let long = if self.log { 4.0 } else { 6.0 };
        numbers.into_iter().map(|value| (value, round_number(value, long))).collect()
    }

    /// Powers of ten, only every second or third if there are many; with twice and five times them if few.
    fn powers(&self) -> Vec<f64> {
        let mut step = 1;
        while (self.to - self.from) / f64::from(step) > 13.5 {
            step += 1;
        }
        let factors: &[f64] = if self.to - self.from < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        (-300..=300)
            .filter(|power| power % step == 0)
            .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
            .filter(|&value| self.shows(value))
            .collect()
    }

    fn steps(&self) -> Vec<f64> {
        let [from, to] =
            [self.from, self.to].map(|end| if self.log { 10_f64.powf(end) } else { end });
        let step = step(to - from);
        let mut values = Vec::new();
        let mut count = (from / step).ceil();
        while count * step <= to + step * 1e-9 {
            values.push(count * step);
            count += 1.0;
        }
        values
    }
}

/// A fifth of the length or somewhat more, with one digit.
fn step(length: f64) -> f64 {
    let power = 10_f64.powf((length / 5.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|step| step * 5.0 >= length)
        .unwrap_or(power * 10.0)
}

pub(super) fn is_drawable(log: bool, value: f64) -> bool {
    value.is_finite() && (!log || value > 0.0)
}

/// The least and the largest, of those that can be drawn.
pub(super) fn extent(log: bool, values: impl IntoIterator<Item = f64>) -> Option<[f64; 2]> {
    values.into_iter().filter(|&value| is_drawable(log, value)).fold(None, |extent, value| {
        let [least, largest] = extent.unwrap_or([value; 2]);
        Some([least.min(value), largest.max(value)])
    })
}

/// With a little space at both ends, and with nought in a linear one.
pub(super) fn with_space(log: bool, [least, largest]: [f64; 2]) -> [f64; 2] {
    if log {
        let space = (largest / least).powf(0.04).max(1.12);
        [least / space, largest * space]
    } else {
        let [least, largest] = [least.min(0.0), largest.max(0.0)];
        let space = if least < largest { (largest - least) * 0.05 } else { 1.0 };
        [if least < 0.0 { least - space } else { 0.0 }, largest + space]
    }
}

/// Three digits; powers of ten from that one on.
pub(super) fn number(value: f64, long: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    // One more where three digits round it up.
    let power = size.log10().floor();
    let power = if size / 10_f64.powf(power) >= 9.995 { power + 1.0 } else { power };
    if power < -3.0 || power >= long {
        let power_text: String = format!("{power}").chars().map(raised).collect();
        let digits = trimmed(format!("{:.2}", value / 10_f64.powf(power)));
        return match digits.as_str() {
            "1" => format!("10{power_text}"),
            "-1" => format!("-10{power_text}"),
            _ => format!("{digits}·10{power_text}"),
        };
    }
    if power < 2.0 {
        let decimals = [1.0, 0.0, -1.0, -2.0, -3.0].iter().filter(|&&above| power <= above).count();
        return format!("{value:.decimals$}");
    }
    let last = 10_f64.powf(power - 2.0);
    with_commas(&format!("{:.0}", (value / last).round() * last))
}

/// The same without the noughts that say only how exact it is.
fn round_number(value: f64, long: f64) -> String {
    let text = number(value, long);
    if text.contains('·') { text } else { trimmed(text) }
}

fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn with_commas(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let behind = digits.len() - at;
        if at > 0 && behind % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn raised(digit: char) -> char {
    match digit {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '-' => '⁻',
        '0' => '⁰',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    }
}
