//! What went over the connections of one device, as text that is the same each time.

use user_hub::testing::Line;

/// A line of a stream: a frame as it came, or what happened to the connection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// A connection begins. The device resumes with the first cursor; whoever made the connection for it, with the second.
    Connect {
        cursor: Option<String>,
        resumed: Option<String>,
    },
    Frame(String),
    Disconnect,
}

impl Step {
    fn text(&self) -> String {
        match self {
            Self::Connect { cursor, resumed: None } => serde_json::json!({ "connect": cursor }).to_string(),
            Self::Connect { cursor, resumed } => {
                serde_json::json!({ "connect": cursor, "resumed": resumed }).to_string()
            }
            Self::Frame(text) => text.clone(),
            Self::Disconnect => r#"{"disconnect":true}"#.to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Stream {
    pub(crate) lines: Vec<Step>,
}

impl Stream {
    /// The same with epochs that are numbered in the order in which they came: a hub draws them at random.
    pub(crate) fn new(lines: Vec<Step>) -> Self {
        let mut epochs: Vec<String> = Vec::new();
        let fixed = |text: &str, epochs: &[String]| {
            let number = |(at, _): (usize, &String)| format!("{:016x}", 0xe0 + at);
            epochs
                .iter()
                .enumerate()
                .fold(text.to_owned(), |text, epoch| text.replace(epoch.1.as_str(), &number(epoch)))
        };
        let line = |line| match line {
            Step::Connect { cursor, resumed } => Step::Connect {
                cursor: cursor.map(|cursor| fixed(&cursor, &epochs)),
                resumed: resumed.map(|cursor| fixed(&cursor, &epochs)),
            },
            Step::Frame(text) => {
                epochs.extend(epoch(&text).filter(|epoch| !epochs.contains(epoch)));
                Step::Frame(fixed(&text, &epochs))
            }
            Step::Disconnect => Step::Disconnect,
        };
        Self { lines: lines.into_iter().map(line).collect() }
    }

    /// What a device of a scenario saw; not what went astray.
    pub(crate) fn of(transcript: &[Line]) -> Self {
        let step = |line: &Line| match line {
            Line::Connect(cursor) => {
                Some(Step::Connect { cursor: cursor.map(|cursor| cursor.to_string()), resumed: None })
            }
            Line::Frame(frame) => Some(Step::Frame(frame.text().to_owned())),
            Line::Cut => Some(Step::Disconnect),
            _ => None,
        };
        Self::new(transcript.iter().filter_map(step).collect())
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| line.text() + "\n").collect()
    }
}

/// What a CONNECTED calls the epoch.
fn epoch(text: &str) -> Option<String> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    frame["epoch"].as_str().filter(|_| frame["type"] == "CONNECTED").map(str::to_owned)
}
