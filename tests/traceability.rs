//! Every test that a document names is there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// What stands in backquotes, outside of blocks of code.
fn spans(document: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let prose: String = text.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// `file::test` is a test in `tests/`, `module::file::test` one in `src/`.
fn has_test(file: &str, name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = match file.contains("::") {
        true => format!("src/{}.rs", file.replace("::", "/")),
        false => format!("tests/{file}.rs"),
    };
    let source = fs::read_to_string(root.join(path)).unwrap_or_default();
    // A test, or the module that a macro makes for one of the eight functions.
    source.contains(&format!("fn {name}(")) || source.contains(&format!("    {name}, broadcast_"))
}

#[test]
fn every_test_that_a_document_names_exists() {
    for (document, at_least) in [("docs/traceability.md", 40), ("SECURITY.md", 30)] {
        let spans = spans(document);
        let names = spans.iter().filter_map(|span| span.rsplit_once("::")).filter(|(file, _)| *file != "file");
        // The types that a sentence speaks of are no tests.
        let names: Vec<(&str, &str)> = names.filter(|(file, _)| !file.starts_with(char::is_uppercase)).collect();
        assert!(names.len() >= at_least, "{document} names {} tests", names.len());
        for (file, name) in names {
            assert!(has_test(file, name), "{document} names {name}, which is not in {file}");
        }
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
