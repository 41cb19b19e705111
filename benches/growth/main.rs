//! How the cost grows with users, devices, publishers, State keys, and with what a device has missed.
//!
//! `cargo bench -p user-hub-benches --bench growth`
//!
//! Prints a table, and writes it to `docs/growth.md` and as a plot to `docs/growth.svg`.

mod axes;
mod document;
#[path = "../machine.rs"]
mod machine;
#[path = "../payload.rs"]
mod payload;
mod plot;

use std::fs;
use std::path::Path;

/// One thing that grows, and what each cost at each size.
struct Axis {
    /// What grows, as a heading.
    title: &'static str,
    /// In a sentence: what was done.
    about: &'static str,
    /// What a point counts.
    unit: &'static str,
    lines: Vec<Line>,
}

struct Line {
    /// What is measured.
    name: &'static str,
    /// Size, and nanoseconds.
    points: Vec<(usize, f64)>,
}

fn main() -> std::io::Result<()> {
    let axes = [axes::users(), axes::devices(), axes::publishers(), axes::state_keys(), axes::resume()];
    let document = document::of(&axes);
    println!("{document}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    fs::write(folder.join("growth.md"), document)?;
    fs::write(folder.join("growth.svg"), plot::of(&axes))
}
