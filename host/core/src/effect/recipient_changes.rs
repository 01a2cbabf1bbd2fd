//! The effects of a transaction on users, objects and tenants, combined so that each row is written once.

use super::{Effect, RecipientUpsert};
use crate::recipient::RecipientKey;

/// All effects of a transaction on one user, object or tenant, combined.
#[derive(Debug)]
pub struct RecipientChange<'a> {
    /// The environment's database id.
    pub environment: i64,
    /// The recipient's key.
    pub key: &'a RecipientKey,
    /// True if the recipient is deleted. One that is upserted afterwards is a new one.
    pub is_deleted: bool,
    /// The state at the end; none if the recipient is gone.
    pub upsert: Option<&'a RecipientUpsert>,
}

/// Combines effects by recipient: the last one counts, and a deletion before it is kept. `effects` come with their
/// environment's database id, in order. The result is sorted by environment and key.
pub fn recipient_changes<'a>(effects: impl Iterator<Item = (i64, &'a Effect)>) -> Vec<RecipientChange<'a>> {
    let mut changes: Vec<RecipientChange<'a>> = effects
        .filter_map(|(environment, effect)| match effect {
            Effect::UpsertRecipient(upsert) => {
                Some(RecipientChange { environment, key: &upsert.key, is_deleted: false, upsert: Some(upsert) })
            }
            Effect::DeleteRecipient(key) => Some(RecipientChange { environment, key, is_deleted: true, upsert: None }),
            _ => None,
        })
        .collect();
    // Stable: effects on one recipient stay in order.
    changes.sort_by_key(|change| (change.environment, change.key));
    changes.dedup_by(|later, earlier| {
        let is_same = (later.environment, later.key) == (earlier.environment, earlier.key);
        if is_same {
            earlier.is_deleted |= later.is_deleted;
            earlier.upsert = later.upsert;
        }
        is_same
    });
    changes
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;

    use super::*;

    fn upsert(id: &str, properties: &'static str) -> Effect {
        Effect::UpsertRecipient(RecipientUpsert {
            key: RecipientKey::user(id),
            properties: ByteString::from_static(properties),
            as_of_ms: 1,
            fills_gaps: false,
        })
    }

    fn delete(id: &str) -> Effect {
        Effect::DeleteRecipient(RecipientKey::user(id))
    }

    #[test]
    fn the_last_effect_on_a_recipient_counts_and_a_deletion_before_it_is_kept() {
        let effects = [
            (1, upsert("b", "1")),
            (1, upsert("a", "2")),
            (2, delete("a")),
            (1, delete("a")),
            (1, upsert("b", "3")),
            (1, upsert("c", "4")),
            (1, delete("c")),
            (1, upsert("a", "5")),
        ];
        let changes: Vec<_> = recipient_changes(effects.iter().map(|(environment, effect)| (*environment, effect)))
            .into_iter()
            .map(|change| {
                let after = change.upsert.map(|upsert| upsert.properties.to_string());
                (change.environment, change.key.id.clone(), change.is_deleted, after)
            })
            .collect();
        let after = |text: &str| Some(text.to_owned());
        assert_eq!(
            changes,
            [
                (1, "a".to_owned(), true, after("5")),
                (1, "b".to_owned(), false, after("3")),
                (1, "c".to_owned(), true, None),
                (2, "a".to_owned(), true, None),
            ]
        );
    }
}
