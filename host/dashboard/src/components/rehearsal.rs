//! The whole result of a rehearsal: the answer, and what would come of each item.

use askama::Template;
use inlet_api_types::rehearsals::{Rehearsal, RehearsedItem};

use super::{
    Html,
    actions::{self, Action},
    icon, outcome,
};

#[derive(Template)]
#[template(path = "components/rehearsal.html")]
struct RehearsalView<'a> {
    rehearsal: &'a Rehearsal,
    /// The address of a stored entry.
    entry: &'a dyn Fn(&str) -> String,
}

impl RehearsalView<'_> {
    fn actions(&self, item: &RehearsedItem) -> Html {
        let actions: Vec<Action<'_>> = item.actions.iter().map(Action::from).collect();
        actions::actions(&actions)
    }

    fn mappings(&self, item: &RehearsedItem) -> Html {
        actions::mappings(&item.mappings, item.mappings_left_out, None)
    }

    /// The stored execution that an item would repeat or resume.
    fn earlier(&self, item: &RehearsedItem) -> Option<String> {
        let of = item.idempotency.of.as_deref()?;
        let is_here = self.rehearsal.items.iter().any(|item| item.id == of);
        (!is_here).then(|| (self.entry)(of))
    }

    /// The writes that would be made, in words.
    fn writes(&self) -> Vec<String> {
        let writes = &self.rehearsal.would_write;
        let counts = [
            (writes.users.len(), "user", "users"),
            (writes.objects.len(), "object", "objects"),
            (writes.subscriptions.len(), "subscription", "subscriptions"),
            (writes.members.len(), "membership", "memberships"),
            (writes.runs.len(), "run", "runs"),
            (writes.canceled_runs.len(), "cancellation", "cancellations"),
        ];
        let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
        counts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect()
    }
}

/// The result of a rehearsal. `entry` is the address of a stored entry by its id.
pub fn rehearsal(rehearsal: &Rehearsal, entry: &dyn Fn(&str) -> String) -> Html {
    Html::of(&RehearsalView { rehearsal, entry })
}
