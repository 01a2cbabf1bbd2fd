//! The keys of deliveries: what a receiver recognizes a repeated call by.

use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

/// Distinguishes what a key is made of. The numbers are part of every key: never change one.
const TRIGGER: u8 = 0;
const CANCEL: u8 = 1;
const PART: u8 = 2;

/// Returns the key of a delivery that triggers a workflow. It depends only on the key of the run and on the position of the
/// chunk's first recipient, and never changes.
pub fn delivery_key(run_key: Uuid, first_recipient: u32) -> Uuid {
    hash(TRIGGER, run_key, &first_recipient.to_be_bytes())
}

/// Returns the key of a delivery that cancels what another one triggered. `event` is the event that cancels: a chunk may be
/// canceled recipient by recipient.
pub fn cancel_key(trigger_key: Uuid, event: Uuid) -> Uuid {
    hash(CANCEL, trigger_key, event.as_bytes())
}

/// Returns the key of a part of a delivery whose body was too large. The first part keeps the delivery's key.
pub fn part_key(first_part: Uuid, part: u32) -> Uuid {
    match part {
        0 | 1 => first_part,
        _ => hash(PART, first_part, &part.to_be_bytes()),
    }
}

/// Returns a value by which rows of one order are found, without what it is made of.
pub(super) fn order_key(parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    uuid_of(hash)
}

fn hash(kind: u8, of: Uuid, rest: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update([kind]);
    hash.update(of.as_bytes());
    hash.update(rest);
    uuid_of(hash)
}

fn uuid_of(hash: Sha256) -> Uuid {
    let digest: [u8; 32] = hash.finalize().into();
    let (first, _) = digest.split_at(16);
    first.try_into().map_or_else(|_| Uuid::nil(), |first| Builder::from_custom_bytes(first).into_uuid())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_key_depends_on_its_parts_alone_and_no_two_are_equal() {
        let (run, other, event) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let keys = || {
            let trigger = delivery_key(run, 0);
            [
                trigger,
                delivery_key(run, 1000),
                delivery_key(other, 0),
                cancel_key(trigger, event),
                cancel_key(trigger, other),
                part_key(trigger, 2),
                part_key(trigger, 3),
                part_key(cancel_key(trigger, event), 2),
            ]
        };
        assert_eq!(keys(), keys());
        assert_eq!(keys().iter().collect::<BTreeSet<_>>().len(), keys().len());
        assert_eq!(part_key(run, 1), run);
    }

    #[test]
    fn keys_never_change() {
        let trigger = delivery_key(Uuid::from_u128(1), 1000);
        insta::assert_snapshot!(trigger, @"1beed048-301c-8209-a3fa-3fd7a4e6140c");
        insta::assert_snapshot!(cancel_key(trigger, Uuid::from_u128(3)), @"46f83cd4-80a7-8052-b414-76799f863aa4");
        insta::assert_snapshot!(part_key(trigger, 2), @"653728a8-154c-891b-9eb9-21dc8faecdd2");
    }
}
