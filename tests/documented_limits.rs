//! The table of options in `docs/hosting.md` has every option of the builder, with the default that the code has; and
//! `docs/tuning.md` says no other default, and no other measurement than `docs/memory.md`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Option and default, as the table says them.
fn documented() -> BTreeMap<String, String> {
    let guide = read("docs/hosting.md");
    let (_, table) = guide.split_once("## Every option").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 8, "{row}");
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    })
    .collect()
}

/// The functions that set something, those of the macro too.
fn setters(source: &str) -> Vec<&str> {
    let (_, builder) = source.split_once("impl UserHubBuilder {").unwrap();
    let (builder, _) = builder.split_once("\n}\n").unwrap();
    let lines = builder.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines
        .filter_map(|line| match line.strip_prefix("pub fn ") {
            Some(function) => function.split(['(', '<']).next(),
            None => line.split_once(": ").filter(|(_, rest)| rest.contains(" = \"")).map(|(name, _)| name),
        })
        .filter(|name| *name != "build")
        .collect()
}

/// The default of each field of the configuration, as the code writes it.
fn defaults(source: &str) -> BTreeMap<&str, &str> {
    let (_, code) = source.split_once("impl Default for Config {").unwrap();
    let (code, _) = code.split_once("\n}\n").unwrap();
    let fields = code.lines().map(str::trim).filter_map(|line| line.strip_suffix(',')?.split_once(": "));
    fields.collect()
}

/// `Some(Duration::from_secs(15 * 60))` is 900, `256 * 1024` is 262144, `false` is `off`.
fn value(code: &str) -> String {
    let code = code.trim_start_matches("Some(").trim_start_matches("Duration::from_secs(").trim_end_matches(')');
    let code = code.replace('_', "");
    let factors: Result<Vec<u64>, _> = code.split('*').map(|factor| factor.trim().parse()).collect();
    match (factors, code.as_str()) {
        (Ok(factors), _) => factors.iter().product::<u64>().to_string(),
        (Err(_), "false") => "off".to_owned(),
        (Err(_), "None") => "none".to_owned(),
        (Err(_), other) => other.rsplit([':', '(']).next().unwrap().to_owned(),
    }
}

/// `15 min` is 900, `256 KiB` is 262144.
fn documented_value(cell: &str) -> String {
    let Some((number, unit)) = cell.split_once(' ') else { return cell.to_owned() };
    let unit: u64 = match unit {
        "KiB" => 1024,
        "GiB" => 1024 * 1024 * 1024,
        "s" => 1,
        "min" => 60,
        unknown => panic!("{unknown}"),
    };
    (number.parse::<u64>().unwrap() * unit).to_string()
}

#[test]
fn the_table_has_every_option_and_no_other() {
    let source = read("src/hub/config.rs");
    let mut setters = setters(&source);
    setters.sort_unstable();
    assert!(setters.len() > 20, "{setters:?}");
    assert_eq!(documented().keys().map(String::as_str).collect::<Vec<_>>(), setters);
}

#[test]
fn the_defaults_are_those_of_the_code() {
    let source = read("src/hub/config.rs");
    let defaults = defaults(&source);
    for (option, cell) in documented() {
        let field = match option.as_str() {
            // Two that say what to do, and not how much.
            "without_heartbeat" => continue,
            "allow_big_integers" => "big_integers",
            option => option,
        };
        let default = defaults.get(field).unwrap_or_else(|| panic!("{field} has no default"));
        assert_eq!(documented_value(&cell), value(default), "{option}");
    }
}

#[test]
fn the_guide_to_tuning_says_the_same_defaults() {
    let (documented, guide) = (documented(), read("docs/tuning.md"));
    // "`log_records` (128)"
    let said = guide.split("` (").zip(guide.split("` (").skip(1));
    let said = said.filter_map(|(before, behind)| Some((before.rsplit('`').next()?, behind.split_once(')')?.0)));
    let said: Vec<(&str, &str)> = said.filter(|(option, _)| documented.contains_key(*option)).collect();
    assert!(said.len() > 20, "{said:?}");
    for (option, default) in said {
        assert_eq!(documented[option], default, "{option}");
    }
}

#[test]
fn the_guide_to_tuning_reckons_with_what_was_measured() {
    let (guide, memory) = (read("docs/tuning.md"), read("docs/memory.md"));
    for measured in ["453", "2,538", "62,164", "3,843", "2,483"] {
        assert!(memory.contains(measured), "{measured} is not in the memory guide any more");
        let in_code = measured.replace(',', "_");
        assert!(guide.contains(measured) || guide.contains(&in_code), "{measured} is not in the guide to tuning");
    }
    assert!(memory.contains("56 bytes a record") && memory.contains("some 350 bytes"));
}
