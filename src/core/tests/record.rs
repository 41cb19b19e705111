//! What a record looks like on the wire.

use super::*;

fn last_text_of(log: &Log) -> String {
    text_of(log.after(0).last().unwrap())
}

#[test]
fn a_state_has_seq_type_timestamp_key_and_data() {
    let log = log_of([state("CHAIN", "7", 1)]);
    let wire = r#"{"seq":1,"type":"CHAIN","timestamp":"2026-11-22T23:59:39.123Z","key":"7","data":{"n":1}}"#;
    assert_eq!(last_text_of(&log), wire);
}

#[test]
fn a_state_with_one_value_a_user_has_no_key() {
    let log = log_of([state("PNL", "", 1)]);
    assert_eq!(last_text_of(&log), r#"{"seq":1,"type":"PNL","timestamp":"2026-11-22T23:59:39.123Z","data":{"n":1}}"#);
}

#[test]
fn a_log_record_names_the_log_record_before_it() {
    let log = log_of([happened("FILL", 1), state("PNL", "", 1), happened("FILL", 2)]);
    let wire = r#"{"seq":3,"prevLog":1,"type":"FILL","timestamp":"2026-11-22T23:59:39.123Z","data":{"n":2}}"#;
    assert_eq!(last_text_of(&log), wire);
}

#[test]
fn a_member_of_a_group_names_the_last_seq_of_it() {
    let mut log = Log::default();
    push(&mut log, [happened("FILL", 1), state("PNL", "", 1)]).unwrap();
    let texts: Vec<String> = log.after(0).map(text_of).collect();
    let wire = [
        r#"{"seq":1,"prevLog":0,"group":2,"type":"FILL","timestamp":"2026-11-22T23:59:39.123Z","data":{"n":1}}"#,
        r#"{"seq":2,"group":2,"type":"PNL","timestamp":"2026-11-22T23:59:39.123Z","data":{"n":1}}"#,
    ];
    assert_eq!(texts, wire);
}

#[test]
fn a_removal_says_why() {
    let log = log_of([state("CHAIN", "7", 1), removal("CHAIN", "7")]);
    let wire = r#"{"seq":2,"type":"CHAIN","timestamp":"2026-11-22T23:59:39.123Z","key":"7","removed":true,"reason":"cleared"}"#;
    assert_eq!(last_text_of(&log), wire);
}

#[test]
fn a_removal_by_time_bears_the_time_of_the_removal() {
    let mut log = log_of([expiring(5, state("SIGNAL", "", 1))]);
    log.handle_deadline(at(60), &ROOMY);
    let wire = r#"{"seq":2,"type":"SIGNAL","timestamp":"2026-11-23T00:00:39.123Z","removed":true,"reason":"expired"}"#;
    assert_eq!(last_text_of(&log), wire);
}

#[test]
fn a_refused_state_is_removed_as_rejected() {
    let mut log = log_of([state("PNL", "", 1)]);
    assert!(log.reject([name_of("PNL", "")], at(0), &ROOMY));
    let wire = r#"{"seq":2,"type":"PNL","timestamp":"2026-11-22T23:59:39.123Z","removed":true,"reason":"rejected"}"#;
    assert_eq!(last_text_of(&log), wire);
}

#[test]
fn a_key_is_escaped() {
    let log = log_of([state("CHAIN", "a\"\\\n\u{1}é😀", 1)]);
    let frame: serde_json::Value = serde_json::from_str(&last_text_of(&log)).unwrap();
    assert_eq!(frame["key"], "a\"\\\n\u{1}é😀");
    assert!(!last_text_of(&log).contains('\n'), "a frame is one line, which SSE needs");
}

#[test]
fn a_public_record_has_its_own_place_in_every_log_and_shares_the_rest() {
    let shared = public(happened("NEWS", 1));
    let (alice, bob) = (log_of([happened("FILL", 1), shared.clone()]), log_of([shared]));
    assert!(last_text_of(&alice).starts_with(r#"{"seq":2,"prevLog":1,"type":"NEWS","#));
    assert!(last_text_of(&bob).starts_with(r#"{"seq":1,"prevLog":0,"type":"NEWS","#));
    assert_eq!(
        last_text_of(&alice).split_once("\"type\"").unwrap().1,
        last_text_of(&bob).split_once("\"type\"").unwrap().1
    );
}

#[test]
fn all_devices_share_the_text_of_a_record() {
    let log = log_of([happened("FILL", 1)]);
    let [one, other] = [(); 2].map(|()| Frame::record(log.after(0).next().unwrap().clone(), None));
    assert_eq!(one.text().as_ptr(), other.text().as_ptr());
}

#[test]
fn a_record_weighs_itself_its_longest_head_and_its_places_or_little_more() {
    let draft = happened("FILL", 1);
    let head = format!(r#"{{"seq":{0},"prevLog":{0},"group":{0}"#, Seq::MAX);
    // In a lane, in its index and among the ended, each with as much room again.
    let places = 2 * (size_of::<(Seq, Option<Record>)>() + 2 * size_of::<Seq>());
    let counts = 2 * size_of::<usize>();
    let tail = &text_of(log_of([draft.clone()]).after(0).next().unwrap())[r#"{"seq":1,"prevLog":0"#.len()..];
    let least = size_of::<Body>() + counts + head.len() + places + tail.len();
    assert!((least..least + 64).contains(&draft.bytes), "{} of {least}", draft.bytes);
}

#[test]
fn what_is_for_everybody_stays_so() {
    assert!(public(public(happened("NEWS", 1))).is_public);
}

#[test]
fn a_key_weighs_in_the_text_and_beside_it() {
    let key = "k".repeat(100);
    let more = state("A", &key, 1).bytes - state("A", "", 1).bytes;
    assert_eq!(more, 2 * key.len() + r#","key":"""#.len());
}
