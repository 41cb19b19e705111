//! The rules of an event's name, the same as those of `user_hub::EventName`, told at the literal that breaks them.

/// The names that control frames use on the wire.
const RESERVED: [&str; 6] = ["CONNECTED", "SYNCED", "GAP", "RESET", "HEARTBEAT", "CLOSING"];

/// The greatest length of a name, in bytes.
const MAX_LENGTH: usize = 64;

/// Refuses what the hub would refuse, in words that say what to do.
pub(crate) fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("an event name is not empty".into());
    }
    if let Some(character) = name.chars().find(|&character| !is_allowed(character)) {
        return Err(format!(
            "an event name has letters, digits, '_', '.', ':' and '-' of ASCII only, this one has {character:?}"
        ));
    }
    if name.len() > MAX_LENGTH {
        return Err(format!("an event name has at most {MAX_LENGTH} bytes, this one has {}", name.len()));
    }
    if RESERVED.contains(&name) {
        return Err(format!("{name} belongs to a control frame, as do {}; choose another name", others(name)));
    }
    Ok(())
}

const fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | ':' | '-')
}

fn others(name: &str) -> String {
    let others: Vec<&str> = RESERVED.into_iter().filter(|reserved| *reserved != name).collect();
    others.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_allowed_character_and_length_passes() {
        for name in ["A", "ORDER_UPDATE", "a.b:c-d_9", "GAPS", "gap", &"X".repeat(64)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn every_broken_rule_is_named() {
        assert!(check("").unwrap_err().contains("not empty"));
        assert!(check("a name").unwrap_err().contains("' '"));
        assert!(check("ÄRGER").unwrap_err().contains("'Ä'"));
        assert!(check(&"X".repeat(65)).unwrap_err().contains("this one has 65"));
        for name in RESERVED {
            assert!(check(name).unwrap_err().contains("control frame"), "{name}");
        }
    }
}
