//! The items of a request as they reach the store.

use crate::{log::EventLog, plan::Plan, verification::Nonce, world::Needs};

/// The items of one request, ready to be committed.
#[derive(Debug)]
pub struct Job {
    /// The environment's database id.
    pub environment: i64,
    /// The source environment's database id.
    pub source_environment: i64,
    /// The items, in the request's order.
    pub items: Vec<Prepared>,
    /// The nonce of a signed request; a second request with the same nonce is refused.
    pub nonce: Option<Nonce>,
}

/// One item, ready to be committed.
#[derive(Debug)]
pub struct Prepared {
    /// The log entry.
    pub log: EventLog,
    /// The plan; none when the item is no event.
    pub plan: Option<Plan>,
}

impl Job {
    /// Adds the keys that must be loaded before the job can be settled.
    pub fn add_needs<'a>(&'a self, needs: &mut Needs<'a>) {
        for plan in self.items.iter().filter_map(|item| item.plan.as_ref()) {
            needs.records.extend(plan.key.as_ref().map(|key| key.id));
            for intent in plan.actions.iter().filter_map(|action| action.intent.as_ref().ok()) {
                intent.needs(&mut needs.of_environment(self.environment));
            }
        }
    }
}
