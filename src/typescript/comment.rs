//! From the documentation of a Rust type to a comment of TypeScript.
//!
//! Invariants: what only rustdoc understands does not come along (examples in Rust, links to Rust items, headings with
//! nothing below them); everything else does, word for word. A comment never ends before its end.

use std::ops::Range;

use pulldown_cmark::{BrokenLink, CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};

/// The documentation as a comment, with a line break behind it; nothing for no documentation.
pub(super) fn comment(documentation: &[String], indentation: &str) -> String {
    let text = without_rustdoc(&documentation.join("\n")).replace("*/", "*\\/");
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indentation}/** {line} */\n"),
        lines => {
            let starred = |line: &&str| format!("{indentation} * {line}").trim_end().to_owned() + "\n";
            let lines: String = lines.iter().map(starred).collect();
            format!("{indentation}/**\n{lines}{indentation} */\n")
        }
    }
}

/// What is cut out of a text, and what stands there instead.
type Edit<'t> = (Range<usize>, &'t str);
type Events<'t> = [(Event<'t>, Range<usize>)];

fn without_rustdoc(text: &str) -> String {
    let mut is_item =
        |link: BrokenLink<'_>| names_an_item(&link.reference).then(|| (CowStr::from(""), CowStr::from("")));
    let parser = Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(&mut is_item));
    let definitions = parser.reference_definitions().iter().filter(|(_, definition)| !leads_out(&definition.dest));
    let mut edits: Vec<Edit<'_>> = definitions.map(|(_, definition)| (definition.span.clone(), "")).collect();
    let events: Vec<_> = parser.into_offset_iter().collect();
    edits.extend(examples(&events).map(|range| (range, "")));
    edits.extend(empty_headings(&events).into_iter().map(|range| (range, "")));
    edits.extend(links(&events, text));
    edits.sort_by_key(|(range, _)| range.start);

    let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
    for (range, instead) in edits {
        // What is inside of something that was cut is gone already.
        if range.start >= at {
            kept.push_str(&text[at..range.start]);
            kept.push_str(instead);
            at = range.end;
        }
    }
    kept.push_str(&text[at..]);
    kept.trim().to_owned()
}

/// The code blocks that rustdoc takes for Rust.
fn examples<'e>(events: &'e Events<'_>) -> impl Iterator<Item = Range<usize>> + 'e {
    let is_example = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(kind)) if is_rust(kind));
    events.iter().filter(move |(event, _)| is_example(event)).map(|(_, range)| range.clone())
}

/// By rustdoc's rule: a block is Rust unless the words behind its fence say that it is something else.
fn is_rust(kind: &CodeBlockKind<'_>) -> bool {
    let CodeBlockKind::Fenced(words) = kind else { return true };
    let known = ["ignore", "should_panic", "no_run", "compile_fail", "standalone_crate", "test_harness", "custom"];
    let is_known =
        |word: &str| known.contains(&word) || ["edition", "ignore-", "E0"].iter().any(|it| word.starts_with(it));
    let words: Vec<&str> = words.split([',', ' ', '\t']).filter(|word| !word.is_empty()).collect();
    words.contains(&"rust") || words.into_iter().all(is_known)
}

/// Every link that leads to a Rust item or to another page of the documentation, and the text that it shows.
fn links<'t>(events: &Events<'_>, text: &'t str) -> Vec<Edit<'t>> {
    let mut links = Vec::new();
    for (at, (event, whole)) in events.iter().enumerate() {
        if matches!(event, Event::Start(Tag::Link { dest_url, .. }) if !leads_out(dest_url)) {
            let inside = events[at + 1..].iter().take_while(|(event, _)| !matches!(event, Event::End(TagEnd::Link)));
            let shown = inside.map(|(_, range)| range.clone()).reduce(|all, next| all.start..next.end.max(all.end));
            links.push((whole.clone(), shown.map_or("", |shown| &text[shown])));
        }
    }
    links
}

fn leads_out(destination: &str) -> bool {
    destination.contains("://") || destination.starts_with("mailto:")
}

/// Whether what stands in brackets, without a destination, is a link to an item; `[0, 1)` and `[x]` are none.
fn names_an_item(reference: &str) -> bool {
    let name = reference.trim_matches('`');
    let is_path = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_:!()@<>".contains(char));
    is_path && (name.len() < reference.len() || name.contains("::") || name.starts_with(char::is_uppercase))
}

/// The headings of which nothing is left but themselves.
fn empty_headings(events: &Events<'_>) -> Vec<Range<usize>> {
    let (mut blocks, mut depth) = (Vec::new(), 0_usize);
    for (event, range) in events {
        if depth == 0 {
            match event {
                Event::Start(Tag::Heading { level, .. }) => blocks.push((Some(*level), range.clone())),
                Event::Start(Tag::CodeBlock(kind)) if is_rust(kind) => {}
                _ => blocks.push((None, range.clone())),
            }
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let (mut empty, mut below) = (Vec::new(), None);
    for (level, range) in blocks.into_iter().rev() {
        match (level, below) {
            (Some(_), None) => empty.push(range),
            (Some(level), Some(Some(next))) if next <= level => empty.push(range),
            _ => below = Some(level),
        }
    }
    empty
}
