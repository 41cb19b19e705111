//! Every test that a document names is there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// What stands in backquotes, outside of blocks of code.
fn spans(document: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let prose: String = text.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The files in which a test may be: `file::test` is one in `tests/`, or in a folder there, `module::file::test` in `src/`.
fn files_of(file: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if file.contains("::") {
        return vec![root.join(format!("src/{}.rs", file.replace("::", "/")))];
    }
    let folders = fs::read_dir(root.join("tests")).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.is_dir()).chain([root.join("tests")]);
    folders.map(|folder| folder.join(format!("{file}.rs"))).filter(|path| path.is_file()).collect()
}

fn has_test(file: &str, name: &str) -> bool {
    files_of(file).iter().filter_map(|path| fs::read_to_string(path).ok()).any(|source| {
        // A test, or the module that a macro makes for one of the eight functions.
        source.contains(&format!("fn {name}(")) || source.contains(&format!("    {name}, broadcast_"))
    })
}

/// Functions and modules that a document speaks of.
const NO_TESTS: [&str; 4] = ["axum::serve", "tokio::time::timeout", "transport::frame_sink", "user_hub::testing"];

/// Whether it is the path of a test: the types that a sentence speaks of are none, nor is a piece of code.
fn is_test_path(span: &str) -> bool {
    let is_of_test = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '_' | ':');
    span.contains("::") && span.chars().all(is_of_test) && !span.starts_with("file::") && !NO_TESTS.contains(&span)
}

#[test]
fn every_test_that_a_document_names_exists() {
    for (document, at_least) in [("docs/traceability.md", 40), ("docs/proof.md", 55), ("SECURITY.md", 30)] {
        let spans = spans(document);
        let names: Vec<&String> = spans.iter().filter(|span| is_test_path(span)).collect();
        assert!(names.len() >= at_least, "{document} names {} tests", names.len());
        for (file, name) in names.iter().filter_map(|span| span.rsplit_once("::")) {
            assert!(has_test(file, name), "{document} names {name}, which is not in {file}");
        }
    }
}

/// The tests of a file: what stands behind `#[test]`.
fn tests_in(path: &Path) -> Vec<String> {
    let source = fs::read_to_string(path).unwrap();
    let module = path.file_stem().unwrap().to_str().unwrap();
    let behind = source.split("#[test]").skip(1).map(|rest| rest.split_once("fn ").unwrap().1);
    behind.map(|rest| format!("{module}::{}", rest.split('(').next().unwrap())).collect()
}

#[test]
fn the_guide_to_the_tests_says_of_every_model_with_which_fault_it_was_seen_to_fail() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/proof.md")).unwrap();
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    let mut models = 0;
    for entry in fs::read_dir(root.join("tests/interleavings")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for test in tests_in(&path) {
            let has_row = rows.iter().any(|row| row.starts_with(&format!("| `{test}`")));
            // These are of the checker itself.
            let is_said = test.starts_with("preemptions::") && document.contains(&format!("`{test}`"));
            assert!(has_row || is_said, "docs/proof.md does not say what {test} was seen to find");
            models += usize::from(has_row);
        }
    }
    assert!(models > 40, "{models} models were found");
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
