//! What a connection says of itself to whoever counts.

use super::*;

/// A session that has taken its first batch, of a log with one State.
fn synced(log: &mut Log) -> Driven {
    push(log, [state("A", "", 0)]).unwrap();
    let mut reader = session(Begin::New { log_records: 0 });
    batch(&mut reader, log);
    reader
}

#[test]
fn how_a_connection_begins_is_known_until_its_first_batch_is_taken() {
    let mut log = log_of([state("A", "", 1), state("B", "", 1)]);
    for (begin, has) in [(Begin::New { log_records: 3 }, None), (Begin::Unknown, None), (after(1), Some(1))] {
        let mut reader = session(begin);
        assert_eq!((reader.begin(), reader.has_up_to()), (Some(begin), has));
        batch(&mut reader, &log);
        assert_eq!((reader.begin(), reader.has_up_to()), (None, Some(2)));
    }
    let mut reader = session(Begin::New { log_records: 3 });
    reader.register(&log);
    push(&mut log, [state("A", "", 2)]).unwrap();
    assert_eq!(reader.has_up_to(), None, "nothing is owed to it yet");
}

#[test]
fn what_newer_values_have_replaced_is_counted() {
    let mut log = Log::default();
    let mut reader = synced(&mut log);
    let before = reader.has_up_to().unwrap();
    for value in 1..=4 {
        push(&mut log, [state("A", "", value)]).unwrap();
    }
    push(&mut log, [happened("L", 1)]).unwrap();
    reader.take(&log);
    assert_eq!(reader.conflated_since(before), 3);
    let took_nothing = reader.has_up_to().unwrap();
    while reader.next_frame().is_some() {}
    reader.take(&log);
    assert_eq!(reader.conflated_since(took_nothing), 0);
}

#[test]
fn control_frames_replace_nothing_and_a_gap_or_a_reset_says_more() {
    let log = log_of([state("A", "", 1), state("A", "", 2), state("A", "", 3)]);
    let mut known = session(after(0));
    known.take(&log);
    assert_eq!(known.conflated_since(0), 2, "CONNECTED and SYNCED are no records");
    let mut unknown = session(Begin::Unknown);
    unknown.take(&log);
    assert_eq!(unknown.conflated_since(0), 0, "a GAP was needed");

    let mut log = Log::default();
    let mut reader = synced(&mut log);
    let few_keys = LogLimits { state_keys: 2, ..ROOMY };
    for key in ["1", "2", "3", "4"] {
        log.append(smallvec![last("B", key, 1)], at(0), &few_keys).unwrap();
    }
    assert!(log.state_floor() > 1);
    reader.take(&log);
    assert_eq!(reader.conflated_since(1), 0, "a RESET was needed");
}

#[test]
fn a_record_says_when_it_came_and_a_control_frame_does_not() {
    let mut log = Log::default();
    log.append(smallvec![happened("L", 1)], at(7), &ROOMY).unwrap();
    let mut reader = session(after(0));
    reader.take(&log);
    let came: Vec<_> = std::iter::from_fn(|| reader.next()).map(|item| item.appended()).collect();
    assert_eq!(came, [None, Some(at(7).now), None]);
}
