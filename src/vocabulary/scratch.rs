//! A buffer of this thread, lent to whoever writes an event, so that writing asks for no memory.
//!
//! Invariants: a buffer is lent to one at a time, so an event whose encoding broadcasts another finds none and makes its
//! own; it comes back when it is dropped, on whichever thread that is; one that has grown beyond [`KEPT`] does not: a large
//! event must not cost every thread its size for ever.

use std::cell::Cell;
use std::ops::Deref;

const KEPT: usize = 64 * 1024;

thread_local!(static IDLE: Cell<String> = const { Cell::new(String::new()) });

/// The text of an event on its way into a log, in a buffer that is lent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch(String);

impl Scratch {
    /// Whatever `write` leaves in the buffer, or its error, or its panic; the buffer comes back in each case but the last.
    pub(crate) fn write<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        // A thread that is ending has none to lend any more, and what it broadcasts last is as good as any.
        let mut bytes = IDLE.try_with(Cell::take).unwrap_or_default().into_bytes();
        let written = write(&mut bytes);
        if written.is_err() {
            bytes.clear();
        }
        let text = Self(String::from_utf8(bytes).expect("only JSON text, which is UTF-8, was written"));
        written.map(|()| text)
    }

    /// The same where nothing can go wrong.
    pub(crate) fn of(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let Ok(text) = Self::write(|bytes| {
            write(bytes);
            Ok::<(), std::convert::Infallible>(())
        });
        text
    }
}

impl Deref for Scratch {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if (1..=KEPT).contains(&self.0.capacity()) {
            let mut idle = std::mem::take(&mut self.0);
            idle.clear();
            let _ending = IDLE.try_with(|lent| lent.set(idle));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IDLE, KEPT, Scratch};

    fn of(text: &str) -> Scratch {
        Scratch::of(|bytes| bytes.extend_from_slice(text.as_bytes()))
    }

    #[test]
    fn the_next_event_has_the_room_of_the_last_one() {
        IDLE.take();
        let large = of(&"x".repeat(KEPT)).0.capacity();
        assert_eq!(of("second").0.capacity(), large);
        assert_eq!(of("third").0.capacity(), large);
    }

    #[test]
    fn what_has_no_room_takes_no_other_from_its_place() {
        IDLE.take();
        let large = of(&"x".repeat(1_000)).0.capacity();
        drop(Scratch::default());
        assert_eq!(of("next").0.capacity(), large);
    }

    #[test]
    fn an_event_within_an_event_has_a_buffer_of_its_own() {
        let outer = of("outer");
        let inner = of("inner");
        assert_eq!((&*outer, &*inner), ("outer", "inner"));
    }

    #[test]
    fn what_was_not_written_to_its_end_leaves_nothing_behind() {
        let broken = Scratch::write(|bytes| {
            bytes.extend_from_slice(b"half");
            Err("broken")
        });
        assert_eq!(broken.err(), Some("broken"));
        assert_eq!(&*of("next"), "next");
    }

    #[test]
    fn sixty_kilobytes_are_kept_and_more_than_sixty_four_are_not() {
        IDLE.take();
        drop(of(&"x".repeat(60_000)));
        assert!(of("small").0.capacity() >= 60_000);
        drop(of(&"x".repeat(KEPT + 1)));
        assert!(of("small").0.capacity() < 60_000);
    }
}
