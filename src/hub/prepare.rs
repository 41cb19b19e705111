//! From an event to a draft: the only place where the code of a payload runs, and no lock is held.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::Moment;
use crate::core::record::{Class, Draft, RemovalReason, StateName, push_tail_start};
use crate::hub::catalog::Catalog;
use crate::vocabulary::encode::EncodeRules;
use crate::vocabulary::scratch::Scratch;
use crate::{ErasedEvent, Kind, Rejection};

/// What every event of a hub has to keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventRules {
    pub(crate) encode: EncodeRules,
    pub(crate) key_bytes: usize,
}

/// Why an event is refused, and the State that it would have replaced.
pub(crate) struct Unprepared {
    pub(crate) rejection: Rejection,
    pub(crate) state: Option<StateName>,
}

/// Encodes one event.
pub(crate) fn prepare(
    event: &dyn ErasedEvent,
    is_for_everybody: bool,
    rules: EventRules,
    catalog: &Catalog,
    moment: Moment,
) -> Result<Draft, Unprepared> {
    let mut state = None;
    let draft = caught(|| encode(event, rules, catalog, moment, &mut state)).unwrap_or(Err(Rejection::Panicked));
    let rejection = match draft {
        Ok(draft) if is_for_everybody => return Ok(draft.shared()),
        Ok(draft) => return Ok(draft),
        Err(rejection) => rejection,
    };
    Err(Unprepared { rejection, state })
}

/// The State that an event sets, for the members of a group that is refused because of another; none has a key that is
/// too long.
pub(crate) fn state_of(event: &dyn ErasedEvent, rules: EventRules) -> Option<StateName> {
    let name = || {
        let key = event.key().map(|key| key.into_owned().into_boxed_str());
        let may_be = key.as_ref().is_none_or(|key| key.len() <= rules.key_bytes);
        (event.kind() == Kind::State && may_be).then(|| StateName { name: event.name(), key })
    };
    caught(name).flatten()
}

/// Runs the code of a payload; `None` if it panicked. It only hands out owned values, so nothing is left half done.
fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(code)).map_err(discard).ok()
}

/// What was thrown is the payload's too, and may throw again when it is dropped; that second one is left alone.
fn discard(thrown: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(thrown))) {
        std::mem::forget(again);
    }
}

fn encode(
    event: &dyn ErasedEvent,
    rules: EventRules,
    catalog: &Catalog,
    moment: Moment,
    state: &mut Option<StateName>,
) -> Result<Draft, Rejection> {
    let (name, kind) = (event.name(), event.kind());
    catalog.note(&name, kind)?;
    let key = event.key();
    if let Some(length) = key.as_ref().map(|key| key.len()).filter(|length| *length > rules.key_bytes) {
        return Err(Rejection::KeyTooLong { length, limit: rules.key_bytes });
    }
    let own = StateName { name, key: key.map(|key| key.into_owned().into_boxed_str()) };
    if kind == Kind::State {
        *state = Some(own.clone());
    }
    if event.is_removal() {
        return Ok(Draft::removal(own, RemovalReason::Cleared, None, moment.wall));
    }
    let class = match kind {
        Kind::Log => Class::Log,
        Kind::State if event.is_final() => Class::Final,
        Kind::State => Class::Live,
    };
    let text = Scratch::write(|text| {
        push_tail_start(text, &own.name, own.key.as_deref(), moment.wall);
        if class == Class::Final {
            text.extend_from_slice(FINAL);
        }
        text.extend_from_slice(DATA);
        event.write_data(rules.encode, text)?;
        text.push(b'}');
        Ok::<_, Rejection>(())
    })?;
    Ok(Draft::new(class, own, event.version(), expiry(event, moment), text))
}

/// A State that is the last of its key says so: a client need not know the rule of every type.
const FINAL: &[u8] = br#","final":true"#;
const DATA: &[u8] = br#","data":"#;

/// The wall clock says when; the monotonic clock is what it is measured by from now on.
fn expiry(event: &dyn ErasedEvent, moment: Moment) -> Option<std::time::Instant> {
    let wait = event.expires_at()?.as_milliseconds().saturating_sub(moment.wall.as_milliseconds());
    let wait = std::time::Duration::from_millis(u64::try_from(wait).unwrap_or(0));
    moment.now.checked_add(wait)
}
