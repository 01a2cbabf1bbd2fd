//! The plan of an event: what its mappings ask for, as far as it can be known without the store.
//!
//! Values in, plan out. What depends on who is identified and on what was executed before is decided in
//! [`crate::settle`], inside the transaction. Source of the rules: semantics.md §5.

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

pub use crate::actions::Scope;
use crate::{
    actions::{ActionError, ActionType, Intent, Resolver, users_identify},
    idempotency::ScopedKey,
    mapping::Mapping,
};

/// What is to be done about one event.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The idempotency key, when it is enforced and valid.
    pub key: Option<ScopedKey>,
    /// In the order in which they are carried out.
    pub actions: Vec<PlannedAction>,
    /// Why nothing is to be done, when that is worth saying.
    pub reason: Option<String>,
    /// Set when the event is carried out again: replayed from the log, tried again, or let in later.
    pub again: Option<Again>,
}

/// How an event is carried out that is not new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    /// When what it says was so, in milliseconds since 1970: users of whom newer things are known keep them.
    pub as_of_ms: i64,
    /// Executions with its key do not count. Its own is recorded all the same.
    pub force: bool,
}

/// One action, its parameters resolved.
#[derive(Debug, Clone)]
pub struct PlannedAction {
    /// The mapping; none for the built-in identify.
    pub mapping: Option<Uuid>,
    /// Which action.
    pub action_type: ActionType,
    /// The parameters as written, a JSON object.
    pub parameters: Arc<str>,
    /// The parameters resolved, a JSON object.
    pub payload: String,
    /// By parameter, where its value was found, a JSON object.
    pub found_in: Arc<str>,
    /// What to do, or why it cannot be done.
    pub intent: Result<Intent, ActionError>,
}

/// Plans an event: the built-in identify, if `identifies` says so, and what the mappings ask for.
pub fn plan(scope: Scope<'_>, event_type: &str, identifies: bool, mappings: &[Arc<Mapping>]) -> Plan {
    let mut plan = Plan { key: None, actions: Vec::with_capacity(mappings.len() + 1), reason: None, again: None };
    if event_type == "identify" {
        match (identifies, scope.user_id) {
            (true, Some(user_id)) => plan.actions.push(built_in_identify(user_id, scope.data)),
            (true, None) => plan.reason = Some("an identify event without user_id identifies nobody".to_owned()),
            (false, _) if mappings.is_empty() => {
                plan.reason = Some("identify events are not handled: handle_identifies is off".to_owned());
            }
            (false, _) => {}
        }
    }
    plan.actions.extend(mappings.iter().map(|mapping| plan_mapping(scope, mapping)));
    plan
}

fn built_in_identify(user_id: &str, data: &ByteString) -> PlannedAction {
    let (payload, intent) = users_identify::built_in(user_id, data);
    PlannedAction {
        mapping: None,
        action_type: ActionType::UsersIdentify,
        parameters: users_identify::BUILT_IN_PARAMETERS.into(),
        payload,
        found_in: users_identify::BUILT_IN_FOUND_IN.into(),
        intent: intent.map(Intent::UsersIdentify),
    }
}

fn plan_mapping(scope: Scope<'_>, mapping: &Mapping) -> PlannedAction {
    let mut resolver = Resolver::new(scope);
    let intent = mapping.action.resolve(&mut resolver);
    let (payload, found_in) = resolver.into_log();
    PlannedAction {
        mapping: Some(mapping.id),
        action_type: mapping.action.action_type(),
        parameters: mapping.parameters.clone(),
        payload,
        found_in: found_in.into(),
        intent,
    }
}
