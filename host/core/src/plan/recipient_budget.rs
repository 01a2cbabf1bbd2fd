//! The recipients that the actions of one request may name in all.
//!
//! A request is one transaction, and a recipient costs a body 15 bytes and the store's writer some rows. Without a bound, a
//! body of 18 MB with a million recipients held the writer for 20 seconds and a gigabyte of memory.

use crate::{actions::ActionError, settle::Prepared};

/// The most recipients in the lists of all actions of one request. An action that names one costs nothing: the number of
/// items is bounded.
pub const MAX_LISTED_RECIPIENTS: usize = 50_000;

/// The recipients that the next actions of a request may name.
pub(crate) struct RecipientBudget {
    left: usize,
}

impl RecipientBudget {
    pub(crate) fn new() -> Self {
        Self { left: MAX_LISTED_RECIPIENTS }
    }

    /// Counts the recipients of an item's actions. An action that names more than are left ends in an error; later ones that
    /// name fewer are carried out.
    pub(crate) fn spend(&mut self, item: &mut Prepared) {
        for action in item.plan.iter_mut().flat_map(|plan| &mut plan.actions) {
            let Ok(intent) = &action.intent else { continue };
            let listed = intent.listed_recipients();
            match self.left.checked_sub(listed) {
                _ if listed <= 1 => {}
                Some(left) => self.left = left,
                None => {
                    action.intent = Err(ActionError::Value(format!(
                        "the actions of one request may name {MAX_LISTED_RECIPIENTS} recipients in all, of which {} are left, \
                         and this one names {listed}; replay the event, or send fewer events in one request",
                        self.left
                    )));
                }
            }
        }
    }
}
