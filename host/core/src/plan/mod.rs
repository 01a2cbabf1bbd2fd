//! The plan of an event: the actions of its mappings, their parameters resolved.
//!
//! A plan is made without the store. [`crate::settle`] decides its actions inside the transaction, given who is
//! identified and which executions count. Source of the rules: semantics.md §5.

mod recipient_budget;

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

pub use self::recipient_budget::MAX_LISTED_RECIPIENTS;
pub(crate) use self::recipient_budget::RecipientBudget;
pub use crate::actions::Scope;
use crate::{
    actions::{self, Action, ActionError, ActionType, BadMapping, Intent, Resolver, ResolverLog, users_identify},
    idempotency::ScopedKey,
    mapping::{
        Mapping,
        condition::{Unmet, Values},
    },
};

/// The actions of one event.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The idempotency key, when it is enforced and valid.
    pub key: Option<ScopedKey>,
    /// In the order in which they are carried out.
    pub actions: Vec<PlannedAction>,
    /// The reason why there is no action, where it is worth logging.
    pub reason: Option<String>,
    /// Set if the event is not new: replayed from the log, retried, or accepted after it was refused.
    pub replay: Option<ReplayMode>,
}

/// The way in which a stored event is carried out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayMode {
    /// The time at which its content was true, in milliseconds since 1970: newer properties of users are kept.
    pub as_of_ms: i64,
    /// True to ignore earlier executions with its key. Its own execution is recorded all the same.
    pub force: bool,
}

/// One action, its parameters resolved.
#[derive(Debug, Clone)]
pub struct PlannedAction {
    /// The mapping's id; none for the built-in identify.
    pub mapping: Option<Uuid>,
    /// The action type.
    pub action_type: ActionType,
    /// The parameters as written, a JSON object.
    pub parameters: Arc<str>,
    /// The parameters resolved, a JSON object.
    pub payload: String,
    /// The origin of each value by parameter, a JSON object.
    pub found_in: Arc<str>,
    /// Warnings about the values that were found, or not found; none if the action cannot be carried out.
    pub warnings: Vec<String>,
    /// The resolved action, or the reason why it cannot be carried out.
    pub intent: Result<Intent, ActionError>,
}

/// Plans an event: the built-in identify of `identify` events if `identifies` is set, and the actions of the mappings whose
/// condition holds.
pub fn plan(scope: Scope<'_>, event_type: &str, identifies: bool, mappings: &[Arc<Mapping>]) -> Plan {
    // Of a thousand mappings with conditions, few apply.
    let mut plan =
        Plan { key: None, actions: Vec::with_capacity(mappings.len().min(4) + 1), reason: None, replay: None };
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
    let mut values = Values::new(scope);
    let mut nearest: Option<(&Mapping, Unmet)> = None;
    for mapping in mappings {
        match mapping.when.as_ref().map_or(Ok(()), |when| when.check(&mut values)) {
            Ok(()) => plan.actions.push(plan_mapping(scope, mapping)),
            Err(unmet) if nearest.is_none_or(|(_, nearest)| unmet.remaining < nearest.remaining) => {
                nearest = Some((mapping, unmet));
            }
            Err(_) => {}
        }
    }
    if let (true, Some((mapping, unmet)), None) = (plan.actions.is_empty(), nearest, &plan.reason) {
        plan.reason = Some(no_condition_holds(mappings.len(), mapping, unmet, &mut values));
    }
    plan
}

/// Returns the reason of an event whose mappings all have a condition that does not hold. The nearest mapping is the one
/// with the fewest clauses left from the first that does not hold.
fn no_condition_holds<'m>(count: usize, nearest: &'m Mapping, unmet: Unmet, values: &mut Values<'m, '_>) -> String {
    let reason = nearest.when.as_ref().map(|when| when.reason(unmet, values)).unwrap_or_default();
    let id = nearest.id;
    match count {
        1 => format!("one mapping matches this event type, and its condition does not hold: {reason} (mapping {id})"),
        _ => format!(
            "{count} mappings match this event type, and the condition of none holds; of the nearest, {id}: {reason}"
        ),
    }
}

fn built_in_identify(user_id: &str, data: &ByteString) -> PlannedAction {
    let users_identify::BuiltIn { payload, warnings, intent } = users_identify::built_in(user_id, data);
    PlannedAction {
        mapping: None,
        action_type: ActionType::UsersIdentify,
        parameters: users_identify::BUILT_IN_PARAMETERS.into(),
        payload,
        found_in: users_identify::BUILT_IN_FOUND_IN.into(),
        warnings,
        intent: intent.map(Intent::UsersIdentify),
    }
}

/// Plans one action outside a mapping. Its parameters, a JSON object, are written as in a mapping.
pub fn plan_action(scope: Scope<'_>, action_type: ActionType, parameters: &str) -> Result<PlannedAction, BadMapping> {
    let action = actions::parse_action(action_type.as_str(), parameters)?;
    let (intent, ResolverLog { payload, found_in, warnings }) = resolve(scope, &action);
    Ok(PlannedAction {
        mapping: None,
        action_type,
        parameters: parameters.into(),
        payload,
        found_in: found_in.into(),
        warnings,
        intent,
    })
}

fn plan_mapping(scope: Scope<'_>, mapping: &Mapping) -> PlannedAction {
    let (intent, ResolverLog { payload, found_in, warnings }) = resolve(scope, &mapping.action);
    PlannedAction {
        mapping: Some(mapping.id),
        action_type: mapping.action.action_type(),
        parameters: mapping.parameters.clone(),
        payload,
        found_in: found_in.into(),
        warnings,
        intent,
    }
}

/// Resolves the parameters of an action. A form without a value fails the action even if the action does not read it.
fn resolve(scope: Scope<'_>, action: &Action) -> (Result<Intent, ActionError>, ResolverLog) {
    let mut resolver = Resolver::new(scope);
    let intent = match (action.resolve(&mut resolver), resolver.failure()) {
        (Ok(_), Some(failure)) => Err(failure),
        (intent, _) => intent,
    };
    let is_resolved = intent.is_ok();
    (intent, resolver.into_log(is_resolved))
}
