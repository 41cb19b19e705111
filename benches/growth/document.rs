//! `docs/growth.md`.

use std::fmt::Write;

use crate::{Axis, machine};

pub(crate) fn of(axes: &[Axis]) -> String {
    let mut text = String::from(
        "# How the cost grows\n\n\
         Written by `cargo bench -p user-hub-benches --bench growth`, with the plot: do not edit it. The events are a P&L \
         event of some 300 bytes of JSON, sent as a Log event, unless said otherwise. A time is the median of nine rounds.\n\n",
    );
    let _ = writeln!(text, "{}.\n\n![the tables as a plot](growth.svg)", machine::about());
    for axis in axes {
        let _ = write!(text, "\n## {}\n\n{}\n\n| {} |", axis.title, axis.about, axis.unit);
        axis.lines.iter().for_each(|line| _ = write!(text, " {} |", line.name));
        text.push_str("\n|--:|");
        axis.lines.iter().for_each(|_| text.push_str("--:|"));
        for (row, (size, _)) in axis.lines[0].points.iter().enumerate() {
            let _ = write!(text, "\n| {} |", grouped(*size));
            axis.lines.iter().for_each(|line| _ = write!(text, " {} |", time(line.points[row].1)));
        }
        text.push('\n');
    }
    text
}

/// 1,000,000.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.0} ns"),
        middle if middle < 1e6 => format!("{:.*} µs", usize::from(middle < 1e5), middle / 1e3),
        large => format!("{:.1} ms", large / 1e6),
    }
}
