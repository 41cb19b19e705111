//! Server-sent events, read as the standard says that a browser reads them.

/// One event: its `data`, and its `id` if it has one.
pub type Event = (String, Option<String>);

/// The events of a body.
///
/// Panics at a line that no frame needs: a line break smuggled into a body would begin one.
pub fn events_of(body: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let (mut data, mut id): (Vec<&str>, Option<String>) = (Vec::new(), None);
    let lines = body.replace("\r\n", "\n").replace('\r', "\n");
    for line in lines.split('\n') {
        match line.split_once(": ") {
            None if line.is_empty() && !data.is_empty() => {
                events.push((data.join("\n"), id.take()));
                data.clear();
            }
            None => assert!(line.is_empty(), "a line of its own: {line:?}"),
            Some(("data", text)) => data.push(text),
            Some(("id", text)) => id = Some(text.to_owned()),
            Some(("retry", wait)) => assert!(wait.parse::<u64>().is_ok(), "{line:?}"),
            Some(_) => panic!("a field that no frame needs: {line:?}"),
        }
    }
    assert!(data.is_empty(), "an event is whole");
    events
}
