//! `docs/growth.svg`: a panel an axis, both sides logarithmic, readable on light and on dark ground.

use std::fmt::Write;

use crate::document::{grouped, time};
use crate::{Axis, Line};

/// Of a panel, without what is written around it.
const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 58.0;
/// From one panel to the next.
const ACROSS: f64 = 320.0;
const DOWN: f64 = 270.0;
const COLUMNS: usize = 3;
/// All panels have the same scale of time: 10 ns to 1 ms.
const DECADES: (i32, i32) = (1, 6);

const STYLE: &str = "text{font:12px sans-serif;fill:#57606a}.title{font-weight:bold}.grid{stroke:#8886;stroke-width:1}\
    .line{fill:none;stroke-width:2}.first{stroke:#0969da;fill:#0969da}.second{stroke:#bc4c00;fill:#bc4c00}\
    text.first,text.second,.dot{stroke:none}.line.first,.line.second{fill:none}\
    @media(prefers-color-scheme:dark){text{fill:#9da7b3}.first{stroke:#58a6ff;fill:#58a6ff}.second{stroke:#f0883e;fill:#f0883e}}";
const CLASSES: [&str; 2] = ["first", "second"];

pub(crate) fn of(axes: &[Axis]) -> String {
    let rows = axes.len().div_ceil(COLUMNS);
    let (width, height) = (ACROSS * COLUMNS as f64, DOWN * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"How the cost grows\">\n<style>{STYLE}</style>\n"
    );
    for (number, axis) in axes.iter().enumerate() {
        let (column, row) = (number % COLUMNS, number / COLUMNS);
        let _ =
            writeln!(svg, "<g transform=\"translate({} {})\">", LEFT + ACROSS * column as f64, TOP + DOWN * row as f64);
        panel(&mut svg, axis);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, axis: &Axis) {
    let _ = writeln!(svg, "<text class=\"title\" x=\"0\" y=\"-42\">{}</text>", axis.title);
    for decade in DECADES.0..=DECADES.1 {
        let nanoseconds = 10_f64.powi(decade);
        let y = y(nanoseconds);
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M0 {y:.1}H{WIDTH}\"/>");
        let _ =
            writeln!(svg, "<text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", y + 4.0, whole_time(nanoseconds));
    }
    let sizes: Vec<usize> = axis.lines[0].points.iter().map(|(size, _)| *size).collect();
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    for size in [first, last] {
        let anchor = if size == first { "start" } else { "end" };
        let (x, y) = (x(size, first, last), HEIGHT + 16.0);
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", grouped(size));
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        WIDTH / 2.0,
        HEIGHT + 16.0,
        axis.unit
    );
    for ((line, class), legend) in axis.lines.iter().zip(CLASSES).zip([-26.0, -11.0]) {
        let _ = writeln!(svg, "<text class=\"{class}\" x=\"0\" y=\"{legend}\">{}</text>", line.name);
        curve(svg, line, class, first, last);
    }
}

fn curve(svg: &mut String, line: &Line, class: &str, first: usize, last: usize) {
    let places = line.points.iter().map(|(size, nanoseconds)| (x(*size, first, last), y(*nanoseconds)));
    let corners: Vec<String> = places.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = writeln!(svg, "<polyline class=\"line {class}\" points=\"{}\"/>", corners.join(" "));
    for ((x, y), (size, nanoseconds)) in places.zip(&line.points) {
        let about = format!("{}: {}", grouped(*size), time(*nanoseconds));
        let _ = writeln!(
            svg,
            "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{about}</title></circle>"
        );
    }
}

/// One is added, so that nothing missed has a place too.
fn x(size: usize, first: usize, last: usize) -> f64 {
    let [size, first, last] = [size, first, last].map(|size| (size as f64 + 1.0).ln());
    WIDTH * (size - first) / (last - first)
}

fn y(nanoseconds: f64) -> f64 {
    let (lowest, highest) = DECADES;
    HEIGHT * (f64::from(highest) - nanoseconds.log10()) / f64::from(highest - lowest)
}

fn whole_time(nanoseconds: f64) -> String {
    time(nanoseconds).replace(".0", "")
}
