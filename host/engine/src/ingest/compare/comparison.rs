//! The result of comparing two versions of a plugin.

use std::collections::BTreeMap;

use inlet_core::Uuid;
use inlet_store::StoredEvent;

use super::item_members::{ItemMembers, is_nothing};

/// The most requests that are listed.
const MAX_DIFFERENCES: usize = 100;
/// The most members that are listed of one request.
const MAX_CHANGES: usize = 20;

/// The result of comparing two versions of a plugin.
#[derive(Default)]
pub struct Comparison {
    /// The number of requests that went through both versions.
    pub compared: usize,
    /// The number of requests with the same items in both.
    pub same: usize,
    /// The number of requests that both versions reject or fail on in the same way.
    pub rejected_by_both: usize,
    /// The number of requests with other items.
    pub different: usize,
    /// The number of log entries without a kept body.
    pub not_kept: usize,
    /// True if the comparison ended at one of its limits, before it reached the number that was asked for.
    pub stopped_early: bool,
    /// The number of requests in which a member differs, by member.
    pub by_member: BTreeMap<&'static str, usize>,
    /// The first requests that differ.
    pub differences: Vec<Difference>,
}

/// A request with other items.
pub struct Difference {
    /// The id of its log entry.
    pub id: Uuid,
    /// The event type in its log entry.
    pub event_type: String,
    /// The members that differ.
    pub changes: Vec<MemberChange>,
}

/// A member that differs.
pub struct MemberChange {
    /// The index of the item.
    pub item: usize,
    /// The name of the member, or `items` for the number of items.
    pub member: &'static str,
    /// The value with the old version. `None` if it is absent.
    pub old: Option<String>,
    /// The value with the new version. `None` if it is absent.
    pub new: Option<String>,
}

impl Comparison {
    /// Marks the comparison as one of fewer requests than there are.
    pub(super) fn stopped_early(self) -> Self {
        Self { stopped_early: true, ..self }
    }

    /// Adds a request by its items with both versions.
    pub(super) fn add(&mut self, event: &StoredEvent, old: Vec<ItemMembers>, new: Vec<ItemMembers>) {
        self.compared += 1;
        if old == new {
            match is_nothing(&old) {
                true => self.rejected_by_both += 1,
                false => self.same += 1,
            }
            return;
        }
        self.different += 1;
        let mut changes = changes(&old, &new);
        let mut names: Vec<&str> = changes.iter().map(|change| change.member).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            *self.by_member.entry(name).or_default() += 1;
        }
        changes.truncate(MAX_CHANGES);
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { id: event.id, event_type: event.event_type.clone(), changes });
        }
    }
}

fn changes(old: &[ItemMembers], new: &[ItemMembers]) -> Vec<MemberChange> {
    let mut changes = Vec::new();
    if old.len() != new.len() {
        let count = |items: &[ItemMembers]| Some(items.len().to_string());
        changes.push(MemberChange { item: 0, member: "items", old: count(old), new: count(new) });
    }
    for (item, (old, new)) in old.iter().zip(new).enumerate() {
        let mut names: Vec<&'static str> = old.keys().chain(new.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        let differing = names.into_iter().filter(|name| old.get(name) != new.get(name));
        changes.extend(differing.map(|member| MemberChange {
            item,
            member,
            old: old.get(member).cloned(),
            new: new.get(member).cloned(),
        }));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::{super::item_members::OUTCOME, *};

    #[test]
    fn members_that_differ_are_named_with_both_values() {
        let event = |user: &str| ItemMembers::from([(OUTCOME, "event".to_owned()), ("user_id", user.to_owned())]);
        let rejected = [ItemMembers::from([(OUTCOME, "rejected: no_event_type".to_owned())])];
        let shown = |old: &[ItemMembers], new: &[ItemMembers]| -> Vec<String> {
            let changes = changes(old, new);
            changes.iter().map(|c| format!("{} {} {:?} {:?}", c.item, c.member, c.old, c.new)).collect()
        };
        assert_eq!(shown(&[event("a")], &[event("b")]), [r#"0 user_id Some("a") Some("b")"#]);
        assert_eq!(
            shown(&[event("a"), event("b")], &rejected),
            [
                r#"0 items Some("2") Some("1")"#,
                r#"0 outcome Some("event") Some("rejected: no_event_type")"#,
                r#"0 user_id Some("a") None"#
            ]
        );
        assert!(is_nothing(&rejected) && !is_nothing(&[event("a")]));
    }
}
