//! What a stream does to a device, line by line, and what it adds up to.

use std::fmt::Write;

use serde_json::{Value, json};
use user_hub::testing::{Device, Effect, Gap};

use super::stream::{Step, Stream};

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) user: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) synced: bool,
    /// seq, type, key and data of every State, by seq.
    pub(crate) state: Vec<(u64, Value)>,
    /// Type and key of every State whose value is not known, of those that the stream names.
    pub(crate) unknown: Vec<Value>,
    pub(crate) log: Vec<u64>,
    pub(crate) gaps: Vec<Value>,
    pub(crate) lines: Vec<String>,
}

impl Outcome {
    /// JSON, a line for each thing that can differ.
    pub(crate) fn text(&self) -> String {
        let Self { user, cursor, synced, state, unknown, log, gaps, lines } = self;
        let list = |items: Vec<String>| match items.is_empty() {
            true => "[]".to_owned(),
            false => format!("[\n    {}\n  ]", items.join(",\n    ")),
        };
        let state = list(state.iter().map(|(_, entry)| entry.to_string()).collect());
        let unknown = list(unknown.iter().map(Value::to_string).collect());
        let gaps = list(gaps.iter().map(Value::to_string).collect());
        let lines = list(lines.iter().map(|line| json!(line).to_string()).collect());
        let (user, cursor, log) = (json!(user), json!(cursor), json!(log));
        format!(
            "{{\n  \"user\": {user},\n  \"cursor\": {cursor},\n  \"synced\": {synced},\n  \"state\": {state},\n  \"unknown\": {unknown},\n  \"log\": {log},\n  \"gaps\": {gaps},\n  \"lines\": {lines}\n}}\n"
        )
    }
}

/// Feeds a stream to a device.
#[track_caller]
pub(crate) fn of(stream: &Stream) -> Outcome {
    let mut device = Device::new();
    let mut names: Vec<(String, Option<String>)> = Vec::new();
    let mut lines = Vec::new();
    for step in &stream.lines {
        let did = match step {
            Step::Connect { cursor, .. } => {
                device.begin();
                assert_eq!(
                    device.cursor().map(|cursor| cursor.to_string()),
                    *cursor,
                    "the device resumes where it was"
                );
                "connect".to_owned()
            }
            Step::Disconnect => "disconnect".to_owned(),
            Step::Frame(text) => {
                let effects = device.receive(text);
                for effect in &effects {
                    if let Effect::Removed(record) = effect {
                        names.push((record.name.clone(), record.key.clone()));
                    }
                }
                let did: Vec<String> = effects.iter().map(shown).collect();
                if did.is_empty() { "nothing".to_owned() } else { did.join(", ") }
            }
        };
        lines.push(format!("{did} {}", digest(&device)));
    }
    names.sort();
    names.dedup();
    let unknown = names.into_iter().filter(|(name, key)| device.is_unknown(name, key.as_deref()));
    let entry = |record: &user_hub::testing::Record| json!([record.seq, record.name, record.key, record.data]);
    let mut state: Vec<(u64, Value)> = device.state_records().map(|record| (record.seq, entry(record))).collect();
    state.sort_by_key(|(seq, _)| *seq);
    Outcome {
        user: device.user().map(str::to_owned),
        cursor: device.cursor().map(|cursor| cursor.to_string()),
        synced: device.is_synced(),
        state,
        unknown: unknown.map(|name| json!(name)).collect(),
        log: device.records().iter().map(|record| record.seq).collect(),
        gaps: device.gaps().iter().map(|Gap { from, to, reason, .. }| json!([from, to, reason])).collect(),
        lines,
    }
}

/// An effect in a few words, which TypeScript says too.
fn shown(effect: &Effect) -> String {
    match effect {
        Effect::State(record) => format!("state {}", record.seq),
        Effect::Final(record) => format!("final {}", record.seq),
        Effect::Removed(record) => format!("removed {}", record.seq),
        Effect::Log(record) => format!("log {}", record.seq),
        Effect::Gap(gap) => format!("gap {}-{} {}", number(gap.from), number(gap.to), gap.reason),
        Effect::Connected { user, recovered, heartbeat } => {
            let how = if *recovered { "resumed" } else { "anew" };
            let heartbeat = heartbeat.map(|interval| format!(" {}", interval.as_secs_f64())).unwrap_or_default();
            format!("connected {user} {how}{heartbeat}")
        }
        Effect::Cleared(records) => format!("cleared {}", records.len()),
        Effect::Syncing => "syncing".to_owned(),
        Effect::Synced { state_source } => format!("synced {state_source}"),
        Effect::Closing { code, reconnect, retry_after, .. } => {
            let wait = retry_after.unwrap_or_default().as_millis();
            format!("closing {code} {} after {wait}", if *reconnect { "come back" } else { "stay away" })
        }
        Effect::Reconnect => "reconnect".to_owned(),
        other => panic!("{other:?} is not known here"),
    }
}

fn number(position: Option<u64>) -> String {
    position.map_or_else(|| "?".to_owned(), |position| position.to_string())
}

/// Where the device is, and how many values it has with what sum of positions.
fn digest(device: &Device) -> String {
    let mut digest = format!("@{}", number(device.cursor().map(|cursor| cursor.seq())));
    let (count, sum) = device.state_records().fold((0, 0), |(count, sum), record| (count + 1, sum + record.seq));
    if count > 0 {
        // Writing to a text does not fail.
        let _ = write!(digest, " {count}:{sum}");
    }
    digest
}
