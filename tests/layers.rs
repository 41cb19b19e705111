//! Inner layers never name outer ones: read off the source itself.
//!
//! vocabulary ← core ← hub ← the crate root ← the edges. An item that the root exports belongs to the layer in which it
//! lives; so `crate::UserHub` in the core is the hub, whatever way it is named.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Who is inside: a layer may name itself and those before it.
const INNER: [&str; 3] = ["vocabulary", "core", "hub"];
/// Modules of the root: they gather and may name everything.
const ROOT: [&str; 3] = ["lib", "prelude", "guide"];
/// An edge that stands on another one, as a host does: the eight events say what they are in TypeScript.
const STANDS_ON: [(&str, &str); 1] = [("trading", "typescript")];

// Reading Rust: just enough of it.

/// The words and signs of a source text: no comments, no contents of texts, nothing that is only compiled for tests.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    while at < chars.len() {
        let rest = &chars[at..];
        let next = |ahead: usize| rest.get(ahead).copied().unwrap_or(' ');
        match rest[0] {
            '/' if next(1) == '/' => at += rest.iter().take_while(|char| **char != '\n').count(),
            '/' if next(1) == '*' => at += block_comment(rest),
            '"' => at += text(rest),
            'r' | 'b' if let Some(length) = prefixed_text(rest) => at += length,
            // A lifetime has no second quote where a character has it.
            '\'' if next(1) == '\\' => at += 3 + rest[3..].iter().take_while(|char| **char != '\'').count(),
            '\'' if next(2) == '\'' => at += 3,
            ':' if next(1) == ':' => {
                tokens.push("::".to_owned());
                at += 2;
            }
            char if is_word(char) => {
                let word: String = rest.iter().take_while(|char| is_word(**char)).collect();
                at += word.chars().count();
                tokens.push(word);
            }
            char if char.is_whitespace() => at += 1,
            char => {
                tokens.push(char.to_string());
                at += 1;
            }
        }
    }
    without_tests(tokens)
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn text(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br#"…"#`.
fn prefixed_text(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|char| matches!(char, 'r' | 'b')).count();
    let is_raw = rest[..prefix].contains(&'r');
    let hashes = rest[prefix..].iter().take_while(|char| **char == '#').count();
    let opening = prefix + hashes;
    if prefix > 2 || rest.get(opening) != Some(&'"') || (hashes > 0 && !is_raw) {
        return None;
    }
    if !is_raw {
        return Some(prefix + text(&rest[prefix..]));
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let length = rest[opening + 1..].windows(end.len()).position(|window| window == end)?;
    Some(opening + 1 + length + end.len())
}

/// Leaves out every item under `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at..].iter().take(attribute.len()).eq(attribute.iter()) {
            let mut depth = 0_usize;
            for token in &tokens[at + attribute.len()..] {
                at += 1;
                match token.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                if depth == 0 && matches!(token.as_str(), ";" | "}") {
                    break;
                }
            }
            at += attribute.len();
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// One file of the crate.
struct Source {
    file: String,
    /// Where its items live: `["hub", "clock"]`.
    module: Vec<String>,
    tokens: Vec<String>,
}

impl Source {
    fn new(file: &str, text: &str) -> Self {
        let mut module: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        Self { file: file.to_owned(), module, tokens: tokens(text) }
    }

    fn layer(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    /// Every path from the crate's root that the file names, however it writes it.
    fn paths(&self) -> Vec<Vec<String>> {
        let (mut paths, mut module, mut open) = (Vec::new(), self.module.clone(), Vec::new());
        let token = |at: usize| self.tokens.get(at).map_or("", String::as_str);
        for at in 0..self.tokens.len() {
            match token(at) {
                "{" => {
                    let is_module = at > 1 && token(at - 2) == "mod";
                    if is_module {
                        module.push(token(at - 1).to_owned());
                    }
                    open.push(is_module);
                }
                "}" => module.truncate(module.len() - usize::from(open.pop() == Some(true))),
                start @ ("crate" | "super" | "user_hub")
                    if token(at + 1) == "::" && (at == 0 || token(at - 1) != "::") =>
                {
                    let base = if start == "super" { module[..module.len() - 1].to_vec() } else { Vec::new() };
                    self.tree(at + 2, base, &mut paths);
                }
                _ => {}
            }
        }
        paths
    }

    /// Reads `a::{b, c::d}` behind a prefix; where it ends.
    fn tree(&self, mut at: usize, mut path: Vec<String>, paths: &mut Vec<Vec<String>>) -> usize {
        let token = |at: usize| self.tokens.get(at).map_or("", String::as_str);
        loop {
            match token(at) {
                "{" => {
                    at += 1;
                    while token(at) != "}" {
                        at = self.tree(at, path.clone(), paths);
                        at += usize::from(token(at) == ",");
                    }
                    return at + 1;
                }
                "super" => drop(path.pop()),
                "self" => {}
                word => path.push(word.to_owned()),
            }
            at += 1;
            if token(at) != "::" {
                break;
            }
            at += 1;
        }
        paths.push(path);
        if token(at) == "as" { at + 2 } else { at }
    }

    /// Whether a path begins with the word: `word::…`, `use word;`.
    fn names(&self, word: &str) -> bool {
        self.sequences(&[word, "::"]).any(|at| at == 0 || self.tokens[at - 1] != "::")
            || self.sequences(&["use", word]).next().is_some()
    }

    fn sequences<'s>(&'s self, words: &'s [&'s str]) -> impl Iterator<Item = usize> + 's {
        let is_it = |window: &[String]| window.iter().eq(words.iter());
        self.tokens.windows(words.len()).enumerate().filter(move |(_, window)| is_it(window)).map(|(at, _)| at)
    }
}

/// The files of the crate, those left out that are tests.
fn sources() -> Vec<Source> {
    fn visit(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            let is_test = file.split('/').any(|part| matches!(part, "tests" | "tests.rs"));
            if path.is_dir() && !is_test {
                visit(&path, root, found);
            } else if file.ends_with(".rs") && !is_test {
                found.push(Source::new(&file, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    visit(&root, &root, &mut found);
    assert!(found.len() > 40, "the source was found");
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

/// What the root exports, and the module in which it lives.
fn exports(root: &Source) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for at in root.sequences(&["pub", "use", "crate", "::"]) {
        let mut paths = Vec::new();
        root.tree(at + 4, Vec::new(), &mut paths);
        exports.extend(paths.into_iter().map(|path| (path.last().unwrap().clone(), path[0].clone())));
    }
    exports
}

fn lib(sources: &[Source]) -> &Source {
    sources.iter().find(|source| source.file == "lib.rs").unwrap()
}

/// What a file names that is further out than itself, or not for it.
fn trespasses(source: &Source, exports: &BTreeMap<String, String>) -> BTreeSet<String> {
    let layer = source.layer();
    let may_name = |path: &Vec<String>| {
        let first = path[0].as_str();
        let exported = exports.get(first).map(String::as_str);
        match INNER.iter().position(|inner| *inner == layer) {
            Some(depth) => INNER[..=depth].contains(&exported.unwrap_or(first)),
            None => exported.is_some() || [layer, "prelude"].contains(&first) || STANDS_ON.contains(&(layer, first)),
        }
    };
    if ROOT.contains(&layer) {
        return BTreeSet::new();
    }
    let wrong = source.paths().into_iter().filter(|path| !path.is_empty() && !may_name(path));
    wrong.map(|path| format!("{} names crate::{}", source.file, path.join("::"))).collect()
}

const NONE: BTreeSet<String> = BTreeSet::new();

#[test]
fn inner_layers_never_name_outer_ones_and_edges_name_only_the_public_api() {
    let sources = sources();
    let exports = exports(lib(&sources));
    let found: BTreeSet<String> = sources.iter().flat_map(|source| trespasses(source, &exports)).collect();
    assert_eq!(found, NONE);

    // And there is something to find: every layer names the one next to it.
    let names = |layer: &str, other: &str| {
        let layer = |source: &&Source| source.layer() == layer;
        let home = |path: Vec<String>| exports.get(&path[0]).unwrap_or(&path[0]).clone();
        sources.iter().filter(layer).flat_map(Source::paths).any(|path| home(path) == other)
    };
    for (layer, other) in [("core", "vocabulary"), ("hub", "core"), ("transport", "hub"), ("trading", "vocabulary")] {
        assert!(names(layer, other), "{layer} names {other}");
    }
}

/// The names of what is `pub(crate)` on types that the root exports: what an edge could reach without naming a module.
fn internals(sources: &[Source], exports: &BTreeMap<String, String>) -> BTreeSet<String> {
    let (mut hidden, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for source in sources.iter().filter(|source| INNER.contains(&source.layer())) {
        let token = |at: usize| source.tokens.get(at).map_or("", String::as_str);
        let mut subject: Vec<Option<String>> = Vec::new();
        let mut header = Vec::new();
        for at in 0..source.tokens.len() {
            match token(at) {
                "{" => subject.push(subject_of(&std::mem::take(&mut header))),
                "}" => {
                    subject.pop();
                    header.clear();
                }
                ";" => header.clear(),
                "pub" => {
                    let is_hidden = token(at + 1) == "(";
                    let mut name = at + if is_hidden { 4 } else { 1 };
                    while matches!(token(name), "const" | "fn") {
                        name += 1;
                    }
                    let is_exported =
                        subject.last().and_then(Option::as_ref).is_some_and(|name| exports.contains_key(name));
                    if is_exported {
                        if is_hidden { &mut hidden } else { &mut shown }.insert(token(name).to_owned());
                    }
                    header.push("pub");
                }
                word => header.push(word),
            }
        }
    }
    &hidden - &shown
}

/// Whose block `impl<…> Trait for Name<…>` or `struct Name<…>` begins.
fn subject_of(header: &[&str]) -> Option<String> {
    let begins = header.iter().rposition(|word| matches!(*word, "impl" | "struct"))?;
    let words = &header[begins + 1..];
    let words = words.iter().position(|word| *word == "for").map_or(words, |at| &words[at + 1..]);
    let mut depth = 0;
    words.iter().find_map(|word| {
        match *word {
            "<" => depth += 1,
            ">" => depth -= 1,
            name if depth == 0 && name.starts_with(char::is_uppercase) => return Some(name.to_owned()),
            _ => {}
        }
        None
    })
}

#[test]
fn edges_use_nothing_that_a_host_could_not_use() {
    let sources = sources();
    let exports = exports(lib(&sources));
    let internals = internals(&sources, &exports);
    for known in ["shared", "with_config", "from_number", "epoch"] {
        assert!(internals.contains(known), "{known} is no public part of a public type: {internals:?}");
    }
    let mut found = BTreeSet::new();
    for source in sources.iter().filter(|source| !INNER.contains(&source.layer()) && source.layer() != "lib") {
        for (at, word) in source.tokens.iter().enumerate().skip(1).filter(|(_, word)| internals.contains(*word)) {
            let is_reached = matches!(source.tokens[at - 1].as_str(), "." | "::");
            let is_own = || source.sequences(&["fn", word]).chain(source.sequences(&[word, ":"])).next().is_some();
            if is_reached && !is_own() {
                found.insert(format!("{} uses {word}", source.file));
            }
        }
    }
    assert_eq!(found, NONE);
}

/// The names of the dependencies as the source writes them, and whether they are optional.
fn dependencies() -> BTreeMap<String, bool> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let lines = section.lines().filter_map(|line| line.split_once(" = "));
    lines.map(|(name, value)| (name.replace('-', "_"), value.contains("optional = true"))).collect()
}

#[test]
fn each_optional_crate_is_named_in_one_file() {
    let (sources, dependencies) = (sources(), dependencies());
    let optional: Vec<&String> = dependencies.iter().filter(|(_, optional)| **optional).map(|(name, _)| name).collect();
    assert!(optional.len() >= 4, "{optional:?}");
    // The generator of the types is what the layer `typescript` is made of, and its derive stands on the eight events.
    for name in optional.into_iter().filter(|name| *name != "ts_rs") {
        let files: Vec<&str> =
            sources.iter().filter(|source| source.names(name)).map(|source| source.file.as_str()).collect();
        // A driver has a span, and the hub tells what happens: one file in each.
        let is_right =
            if name == "tracing" { files == ["hub/observe/tracing.rs", "transport/span.rs"] } else { files.len() == 1 };
        assert!(is_right, "{name} is named in {files:?}");
    }
}

#[test]
fn the_eight_events_name_the_generator_of_types_only_where_its_feature_is_on() {
    let cfg_attr = ["#", "[", "cfg_attr", "(", "feature", "=", ",", "derive", "(", "ts_rs", "::", "TS", ")"];
    let cfg = ["#", "[", "cfg", "(", "feature", "=", ")", "]", "impl", "ts_rs", "::", "TS"];
    let (mut derived, mut found) = (0, BTreeSet::new());
    for source in sources().iter().filter(|source| source.layer() == "trading" && source.names("ts_rs")) {
        let named = source.sequences(&["ts_rs", "::"]).count();
        let behind = source.sequences(&cfg_attr).count();
        derived += behind;
        // `text_enum!` writes one implementation by hand, behind the feature as a whole.
        if named != behind && source.sequences(&cfg).next().is_none() {
            found.insert(source.file.clone());
        }
    }
    assert_eq!(found, NONE);
    assert!(derived >= 8, "{derived}");
}

#[test]
fn the_services_of_the_workspace_depend_on_the_hub_alone_and_on_no_transport_of_it() {
    let manifest = include_str!("services/Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let lines: Vec<&str> = section.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, [r#"user-hub = { path = "../..", default-features = false, features = ["trading"] }"#]);
    let dependencies = dependencies();
    for framework in ["axum", "tokio_tungstenite"] {
        assert_eq!(dependencies.get(framework), Some(&true), "{framework} comes with its own feature only");
    }
}

#[test]
fn each_layer_knows_only_the_crates_that_it_is_made_of() {
    let vocabulary = ["itoa", "jiff", "serde", "serde_json", "thiserror", "zmij"];
    let core = ["bytes", "foldhash", "hashbrown", "itoa", "serde_json", "smallvec"];
    let hub = ["foldhash", "futures", "hashbrown", "metrics", "parking_lot", "smallvec", "thiserror", "tracing"];
    let transport = [
        "axum",
        "bytes",
        "futures",
        "http_body",
        "memchr",
        "serde_json",
        "thiserror",
        "tokio",
        "tokio_tungstenite",
        "tracing",
    ];
    let of = |layer: &str| match layer {
        "vocabulary" => &vocabulary[..],
        "core" => &core,
        "hub" => &hub,
        "transport" => &transport,
        "trading" => &["serde", "ts_rs"],
        "testing" => &["futures", "parking_lot", "serde", "serde_json", "thiserror"],
        "typescript" => &["pulldown_cmark", "serde", "serde_json", "thiserror", "ts_rs"],
        _ => &["serde", "user_hub_derive"],
    };
    // Futures that a host awaits on its own runtime, and that sleep there.
    let sleeps = |file: &str, name: &str| name == "tokio" && matches!(file, "hub/ending.rs" | "hub/maintenance.rs");
    let dependencies = dependencies();
    let mut found = BTreeSet::new();
    for source in sources() {
        let is_wrong = |name: &&String| !of(source.layer()).contains(&name.as_str()) && !sleeps(&source.file, name);
        let named = dependencies.keys().filter(|name| source.names(name));
        found.extend(named.filter(is_wrong).map(|name| format!("{} names {name}", source.file)));
    }
    assert_eq!(found, NONE);
}

#[test]
fn only_the_hub_locks_and_only_the_hub_reads_the_clock() {
    let mut found = BTreeSet::new();
    for source in sources() {
        let layer = source.layer();
        let has = |words: &[&str]| source.sequences(words).next().is_some();
        let locks = ["Mutex", "RwLock", "Condvar"].into_iter().filter(|lock| has(&[lock]));
        let locks: Vec<&str> = locks.filter(|_| !matches!(layer, "hub" | "testing")).collect();
        found.extend(locks.into_iter().map(|lock| format!("{} has a {lock}", source.file)));

        // A transport sleeps on the timers of its runtime, which have their own clock.
        let is_of_runtime = source.paths_of("tokio").iter().any(|path| path == "tokio::time::Instant");
        let reads = has(&["Instant", "::", "now"]) && !is_of_runtime || has(&["SystemTime", "::", "now"]);
        let may_read = matches!(layer, "hub" | "testing") || source.file == "vocabulary/timestamp.rs";
        if reads && !may_read {
            found.insert(format!("{} reads the clock", source.file));
        }
        let waits = ["async", "await", "sleep", "spawn"].into_iter().filter(|word| has(&[word]));
        let waits = waits.filter(|_| matches!(layer, "vocabulary" | "core"));
        found.extend(waits.map(|word| format!("{} has {word}", source.file)));
    }
    assert_eq!(found, NONE);
}

/// What a file of the hub names of locks and atomics that the model checker would not see. `Arc` it may name.
fn unchecked(source: &Source) -> BTreeSet<String> {
    if source.layer() != "hub" || source.file == "hub/sync.rs" {
        return BTreeSet::new();
    }
    let lock = source.names("parking_lot").then(|| "parking_lot".to_owned()).into_iter();
    let is_of_sync = |path: &String| {
        ["std::sync", "tokio::sync"].iter().any(|home| path == home || path.starts_with(&format!("{home}::")))
    };
    let mut paths = source.paths_of("std");
    paths.extend(source.paths_of("tokio"));
    let of_core = source.sequences(&["core", "::", "sync"]).next().map(|_| "core::sync".to_owned());
    let shared = paths.into_iter().filter(|path| is_of_sync(path) && path != "std::sync::Arc").chain(of_core);
    lock.chain(shared).map(|name| format!("{} names {name}", source.file)).collect()
}

#[test]
fn the_locks_and_atomics_of_the_hub_are_those_that_the_model_checker_sees() {
    let sources = sources();
    assert_eq!(sources.iter().flat_map(unchecked).collect::<BTreeSet<_>>(), NONE);
    // And where they are named, there are some.
    let sync = sources.iter().find(|source| source.file == "hub/sync.rs").unwrap();
    assert!(sync.names("parking_lot"));
}

impl Source {
    /// Every path into another crate, up to the first three parts.
    fn paths_of(&self, name: &str) -> BTreeSet<String> {
        let mut paths = Vec::new();
        for at in self.sequences(&[name, "::"]) {
            self.tree(at + 2, vec![name.to_owned()], &mut paths);
        }
        paths.into_iter().map(|path| path.into_iter().take(3).collect::<Vec<_>>().join("::")).collect()
    }
}

// The rule itself, broken on purpose.

/// What the rule says of a file with this text.
fn broken(file: &str, text: &str) -> Vec<String> {
    let root = Source::new(
        "lib.rs",
        "mod core; mod hub; pub use crate::hub::hub::UserHub; pub use crate::vocabulary::{frame::{Frame, FrameKind}};",
    );
    trespasses(&Source::new(file, text), &exports(&root)).into_iter().collect()
}

#[test]
fn a_layer_that_names_an_outer_one_is_found_however_it_writes_it() {
    for (file, text, named) in [
        ("vocabulary/event.rs", "use crate::core::log::Log;", "core::log::Log"),
        ("vocabulary/event.rs", "use crate::{Frame, UserHub};", "UserHub"),
        ("vocabulary/event.rs", "fn f(hub: &crate::UserHub) {}", "UserHub"),
        ("vocabulary/event.rs", "use super::super::hub::hub::Shared;", "hub::hub::Shared"),
        ("vocabulary/mod.rs", "use super::hub::hub::Shared;", "hub::hub::Shared"),
        ("vocabulary/event.rs", "mod inner { use super::super::super::{core::{log as l, mailbox}}; }", "core::log"),
        ("core/log.rs", "use user_hub::UserHub as H;", "UserHub"),
        ("core/log.rs", "/* crate::Frame */ fn f() { crate::hub::clock::now() } // crate::Frame", "hub::clock::now"),
        (
            "core/log.rs",
            "const Q: char = '\"'; use crate::transport::SseStream; const R: char = '\"';",
            "transport::SseStream",
        ),
        ("hub/hub.rs", "#[cfg(test)] mod tests { use crate::testing::A; } use crate::testing::B;", "testing::B"),
        ("trading/pnl.rs", "use crate::vocabulary::event::Event;", "vocabulary::event::Event"),
        ("transport/sse.rs", "use crate::{Frame, trading::{PnlUpdate}};", "trading::PnlUpdate"),
        ("testing/recorder.rs", "macro_rules! m { () => { $crate::hub::hub::Shared } }", "hub::hub::Shared"),
        ("transport/sse.rs", "use crate::typescript::TypeScript;", "typescript::TypeScript"),
        ("typescript/mod.rs", "use crate::trading::PnlUpdate;", "trading::PnlUpdate"),
    ] {
        let found = broken(file, text);
        assert!(found.contains(&format!("{file} names crate::{named}")), "{text}: {found:?}");
    }
}

#[test]
fn a_layer_that_keeps_the_rule_is_left_alone() {
    for (file, text) in [
        ("vocabulary/event.rs", "use crate::Frame; use super::frame::{FrameKind, Control}; use std::sync::Arc;"),
        ("vocabulary/event.rs", "/// See [`UserHub`](crate::UserHub).\nconst A: &str = \"crate::hub::hub::Shared\";"),
        ("vocabulary/event.rs", "const A: &str = r#\"use \"crate::UserHub\";\"#; fn f<'a>(a: &'a str) -> char { 'a' }"),
        ("core/session.rs", "use super::log::Log; use crate::core::record; use crate::vocabulary::cursor::Seq;"),
        ("hub/hub.rs", "#[cfg(test)] mod tests { use crate::testing::Recorder; } use crate::{Frame, core::log::Log};"),
        ("transport/sse.rs", "use crate::{Frame, UserHub}; use super::timed::Timed; use crate::transport::FrameSink;"),
        ("trading/typescript.rs", "use super::PnlUpdate; use crate::typescript::TypeScript;"),
        ("lib.rs", "pub use crate::hub::hub::UserHub; pub mod transport;"),
    ] {
        assert_eq!(broken(file, text), [""; 0], "{text}");
    }
}

#[test]
fn a_lock_that_the_model_checker_does_not_see_is_found_however_it_is_written() {
    for (text, named) in [
        ("fn f(lock: &parking_lot::Mutex<()>) {}", "parking_lot"),
        ("use std::sync::atomic::{AtomicBool, Ordering};", "std::sync::atomic"),
        ("use std::{fmt, sync::{Arc, Mutex}};", "std::sync::Mutex"),
        ("static A: std::sync::OnceLock<u8> = std::sync::OnceLock::new();", "std::sync::OnceLock"),
        ("use std::sync::RwLock as Lock;", "std::sync::RwLock"),
        ("use std::sync::*;", "std::sync::*"),
        ("use std::sync;", "std::sync"),
        ("use core::sync::atomic::AtomicU8;", "core::sync"),
        ("use tokio::sync::Notify;", "tokio::sync::Notify"),
    ] {
        let found = unchecked(&Source::new("hub/catalog.rs", text));
        assert_eq!(found, BTreeSet::from([format!("hub/catalog.rs names {named}")]), "{text}");
        assert_eq!(unchecked(&Source::new("hub/sync.rs", text)), NONE);
    }
    for text in ["use std::sync::Arc;", "use crate::hub::sync::{Mutex, OnceLock};", "use crate::core::Moment;"] {
        assert_eq!(unchecked(&Source::new("hub/catalog.rs", text)), NONE, "{text}");
    }
}
