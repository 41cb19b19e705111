//! What the fuzz target `resume` begins with: its corpus has every way in which a device may come back.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use events::frames;
use resume::{Resuming, resuming};
use user_hub::ConnectOptions;

#[allow(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "../fuzz/src/events.rs"]
mod events;
#[allow(unreachable_pub, reason = "the fuzz targets use it too")]
#[path = "../fuzz/src/resume.rs"]
mod resume;

/// What becomes of a device that comes so, and where its cursor stood.
fn outcome(scene: &Resuming, input: &[u8]) -> (&'static str, &'static str) {
    let (request, header) = scene.request(input);
    let place = match request.resume() {
        None => "nowhere",
        Some(_) if header.is_empty() => "query",
        Some(_) => "header",
    };
    let mut device = scene.hub.connect_with("alice", ConnectOptions::new().start(request.start())).unwrap();
    let frames = frames(&mut device);
    let says = |name: &str, text: &str| frames.iter().any(|frame| frame.name() == name && frame.text().contains(text));
    let [alice, bob] = &scene.epochs;
    let is_of = |epoch: &str| request.resume().is_some_and(|cursor| cursor.starts_with(epoch));
    let outcome = match () {
        () if says("CONNECTED", r#""recovered":true"#) && says("GAP", r#""reason":"evicted""#) => "evicted",
        () if says("CONNECTED", r#""recovered":true"#) => "known",
        () if !says("GAP", r#""reason":"unknown""#) => "new",
        () if is_of(bob) => "another user's",
        () if is_of(alice) => "of alice, and unknown",
        () => "unknown",
    };
    (outcome, place)
}

#[test]
fn the_corpus_has_every_way_in_which_a_device_may_come_back() {
    let scene = resuming();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/resume");
    let mut reached: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        reached.entry(outcome(&scene, &fs::read(path).unwrap())).or_default().insert(name);
    }
    assert_eq!(scene.hub.connection_count(), scene.present.len(), "who has left is gone");
    let lacks = |outcome, place| !reached.contains_key(&(outcome, place));
    let ways = ["known", "evicted", "another user's", "of alice, and unknown", "unknown"];
    let ways = ways.iter().flat_map(|way| [(*way, "header"), (*way, "query")]).chain([("new", "nowhere")]);
    let missing: Vec<_> = ways.filter(|(outcome, place)| lacks(*outcome, *place)).collect();
    assert!(missing.is_empty(), "nothing in the corpus is {missing:?}; there is {reached:#?}");
}
