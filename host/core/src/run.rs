//! Workflow runs.

use bytestring::ByteString;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::recipient::{RecipientKey, TENANTS, USERS};

/// A workflow run that a trigger creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// UUIDv7.
    pub id: Uuid,
    /// The key under which the run is delivered; see [`run_key`].
    pub key: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The recipients: at least one, all of them identified.
    pub recipients: Vec<RunRecipient>,
    /// A JSON string or object reference; none when there is none.
    pub actor: Option<String>,
    /// A JSON string; none when there is none.
    pub tenant: Option<String>,
    /// The trigger's data, once for all recipients: a JSON object or null.
    pub data: ByteString,
    /// The key by which the run can be cancelled.
    pub cancellation_key: Option<String>,
    /// The settings of an API call, a JSON object; none when there are none.
    pub settings: Option<String>,
    /// The event that caused it.
    pub source_event: Uuid,
    /// The mapping; none if an API call triggered.
    pub mapping: Option<Uuid>,
    /// The keys of the targets that the mapping names; none if it names none.
    pub targets: Option<Vec<String>>,
}

/// One recipient of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecipient {
    /// The object's collection; none for a user.
    pub collection: Option<String>,
    /// The user's or object's id.
    pub id: String,
    /// Data merged over the run's data for this recipient, a JSON object; none if it has none.
    pub trigger_data: Option<String>,
}

impl Run {
    /// Returns the recipients that are objects. They stand for their subscribers too.
    pub fn objects(&self) -> impl Iterator<Item = &RunRecipient> {
        self.recipients.iter().filter(|recipient| recipient.collection.as_deref().is_some_and(|name| name != TENANTS))
    }
}

impl RunRecipient {
    /// Returns the recipient's key.
    pub fn key(&self) -> RecipientKey {
        match &self.collection {
            None => RecipientKey { collection: USERS.into(), id: self.id.clone() },
            Some(collection) => RecipientKey { collection: collection.clone().into(), id: self.id.clone() },
        }
    }
}

/// A cancellation of the runs of one workflow with one cancellation key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCancellation {
    /// The workflow's key.
    pub workflow: String,
    /// The key that the runs were created with.
    pub cancellation_key: String,
    /// The recipients to cancel; none for all.
    pub recipients: Option<Vec<RecipientKey>>,
    /// The event that cancels.
    pub event: Uuid,
    /// The runs to cancel in this transaction.
    pub runs: Vec<CanceledRun>,
    /// The runs that are left to a background job; none if all are canceled in this transaction.
    pub rest: Option<RunRange>,
}

/// A run that is canceled wholly or in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanceledRun {
    /// The run's id.
    pub id: Uuid,
    /// The positions of the canceled recipients among the run's recipients; none if the whole run is canceled.
    pub recipients: Option<Vec<i64>>,
}

/// The runs whose ids lie between two ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRange {
    /// Less than the first id.
    pub after: Uuid,
    /// Greater than the last id.
    pub before: Uuid,
}

/// The part of a trigger that a run carries out.
#[derive(Debug, Clone, Copy)]
pub enum RunPart<'a> {
    /// A chunk of the recipients that were identified, by its number from 0.
    Chunk(usize),
    /// A recipient that was identified later.
    Recipient(&'a RecipientKey),
}

/// Returns the key of a run. It depends only on the event, the mapping and the part, and never changes
/// (semantics.md §8).
pub fn run_key(event: Uuid, mapping: Option<Uuid>, part: RunPart<'_>) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(event.as_bytes());
    hash.update(mapping.unwrap_or_default().as_bytes());
    match part {
        RunPart::Chunk(number) => {
            hash.update([0]);
            hash.update((number as u64).to_be_bytes());
        }
        RunPart::Recipient(RecipientKey { collection, id }) => {
            hash.update([1]);
            // Neither holds a control character.
            hash.update(collection.as_bytes());
            hash.update([0]);
            hash.update(id.as_bytes());
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    let (first, _) = digest.split_at(16);
    first.try_into().map_or_else(|_| Uuid::nil(), |first| Builder::from_custom_bytes(first).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_the_event_the_mapping_and_the_part_alone() {
        let (event, mapping) = (Uuid::from_u128(1), Some(Uuid::from_u128(2)));
        let (user, object) =
            (RecipientKey::user("u"), RecipientKey { collection: "projects".into(), id: "u".to_owned() });
        let parts = [RunPart::Chunk(0), RunPart::Chunk(1), RunPart::Recipient(&user), RunPart::Recipient(&object)];
        let mut keys: Vec<Uuid> = parts.iter().map(|part| run_key(event, mapping, *part)).collect();
        assert_eq!(keys, parts.iter().map(|part| run_key(event, mapping, *part)).collect::<Vec<_>>());
        keys.push(run_key(event, None, RunPart::Chunk(0)));
        keys.push(run_key(Uuid::from_u128(3), mapping, RunPart::Chunk(0)));
        assert!(keys.iter().all(|key| key.get_version_num() == 8));
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 6);
    }
}
