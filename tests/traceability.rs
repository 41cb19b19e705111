//! Every test that `docs/traceability.md` names is there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_table_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/traceability.md")).unwrap();
    let spans: Vec<&str> = table.split('`').skip(1).step_by(2).collect();
    let names: Vec<(&str, &str)> = spans.iter().filter_map(|span| span.split_once("::")).collect();
    assert!(names.len() > 40);
    for (file, name) in names.into_iter().filter(|(file, _)| *file != "file") {
        let source = fs::read_to_string(root.join(format!("tests/{file}.rs"))).unwrap_or_default();
        // A test, or the module that a macro makes for one of the eight functions.
        let is_there = source.contains(&format!("fn {name}(")) || source.contains(&format!("    {name}, broadcast_"));
        assert!(is_there, "tests/{file}.rs has no {name}");
    }
}

#[test]
fn the_table_has_all_acceptance_criteria_and_all_tests_of_the_original() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/traceability.md")).unwrap();
    let rows = |start: &str| table.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(rows("| `Test"), 18);
    for criterion in ["AC1", "AC2", "AC3", "AC4", "AC5.1", "AC5.2", "AC5.3"] {
        assert_eq!(rows(&format!("| {criterion} ")), 1, "{criterion}");
    }
}
