//! The items of a request as they reach the store.

use crate::{log::EventLog, plan::Plan, verification::Once, world::Needs};

/// The items of one request, ready to be committed.
#[derive(Debug)]
pub struct Job {
    /// The environment's database id.
    pub environment: i64,
    /// The source environment's database id.
    pub source_environment: i64,
    /// In the request's order.
    pub items: Vec<Prepared>,
    /// Set where the request is taken once: a second one with the same is a captured one.
    pub once: Option<Once>,
}

/// One item, ready to be committed.
#[derive(Debug)]
pub struct Prepared {
    /// What is kept of it.
    pub log: EventLog,
    /// What is to be done about it; none when it is no event.
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
