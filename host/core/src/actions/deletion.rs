//! The decision that the deletions of users, objects and tenants share.

use super::{Decision, View};
use crate::{effect::Effect, recipient::RecipientKey};

/// Deletes a recipient that is known, or ends the waits of triggers for one that is not. `what` names it in the reason of a skipped action.
pub(super) fn decide(
    key: &RecipientKey,
    what: &str,
    result: String,
    view: &View<'_>,
    effects: &mut Vec<Effect>,
) -> Decision {
    if !view.is_identified(key) && view.is_waited_for(key) {
        effects.push(Effect::DropParked(key.clone()));
        return Decision::success(result);
    }
    if !view.is_identified(key) {
        return Decision::skipped(result, &format!("the {what} is not known; there is nothing to delete"));
    }
    if view.knows_newer(key) {
        let reason = format!("it is older than what is known of the {what}; nothing was deleted");
        return Decision::skipped(result, &reason);
    }
    effects.push(Effect::DeleteRecipient(key.clone()));
    Decision::success(result)
}
