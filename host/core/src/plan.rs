//! The plan of an event: what its mappings ask for, as far as it can be known without the store.
//!
//! Values in, plan out. What depends on who is identified and on what was executed before is decided in
//! [`crate::settle`], inside the transaction. Source of the rules: semantics.md §5.

use std::sync::Arc;

use bytestring::ByteString;
use uuid::Uuid;

use crate::{
    idempotency::ScopedKey,
    json::{self, Kind},
    mapping::{Action, ActionType, Mapping, Parameter},
    path::{self, Path},
    recipient::{self, ListError, Party, Place, RecipientKey},
    user,
};

/// What mappings can see of an event.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The common event's user id.
    pub user_id: Option<&'a str>,
    /// The common event's data, a JSON object.
    pub data: &'a ByteString,
    /// The item as it came; empty when it is not JSON.
    pub item: &'a str,
    /// The headers that left the door, a JSON object with lower-case names; none when there were none.
    pub headers: Option<&'a str>,
}

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
    pub intent: Result<Intent, Refusal>,
}

/// Why an action is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A value is missing, of a wrong type or no id.
    #[error("{0}")]
    Value(String),
    /// A trigger with more recipients than allowed; it stops all mappings of its event.
    #[error("{0}; none of this event's mappings was processed")]
    TooManyRecipients(ListError),
}

/// What an action does once it is known who is identified.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Upsert a user.
    Identify {
        /// Whom.
        user: RecipientKey,
        /// With what, a JSON object.
        properties: String,
    },
    /// Trigger a workflow.
    Trigger(Box<Trigger>),
}

/// A workflow trigger with its values.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The workflow's key.
    pub workflow: String,
    /// As given, duplicates included.
    pub recipients: Vec<Party>,
    /// Who did it.
    pub actor: Option<Party>,
    /// In which tenant.
    pub tenant: Option<Party>,
    /// A JSON object or null.
    pub data: ByteString,
    /// By which the run can be cancelled.
    pub cancellation_key: Option<String>,
}

impl Trigger {
    /// Everybody whom the trigger names: recipients, actor, tenant.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        self.recipients.iter().chain(&self.actor).chain(&self.tenant)
    }
}

const BUILT_IN_PARAMETERS: &str = r#"{"user_id":"user_id","properties":"data"}"#;
const BUILT_IN_FOUND_IN: &str = r#"{"user_id":"event","properties":"event"}"#;

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
    let properties = user::properties_of_traits(data);
    PlannedAction {
        mapping: None,
        action_type: ActionType::UsersIdentify,
        parameters: BUILT_IN_PARAMETERS.into(),
        payload: json::object([("user_id", json::quote(user_id).as_str()), ("properties", &properties)]),
        found_in: BUILT_IN_FOUND_IN.into(),
        intent: recipient::check_id(user_id)
            .map(|()| Intent::Identify { user: RecipientKey::user(user_id), properties })
            .map_err(|problem| Refusal::Value(format!("user_id {problem}"))),
    }
}

fn plan_mapping(scope: Scope<'_>, mapping: &Mapping) -> PlannedAction {
    let mut resolver = Resolver { scope, payload: Vec::new(), found_in: Vec::new() };
    let intent = match &mapping.action {
        Action::UsersIdentify { user_id, properties } => resolver.identify(user_id, properties),
        Action::WorkflowsTrigger { key, recipients, data, actor, tenant, cancellation_key } => {
            let parameters = TriggerParameters {
                key,
                recipients,
                data,
                actor: actor.as_ref(),
                tenant: tenant.as_ref(),
                cancellation_key: cancellation_key.as_ref(),
            };
            resolver.trigger(&parameters)
        }
    };
    let found_in: Vec<_> = resolver.found_in.iter().map(|(name, place)| (name, json::quote(place))).collect();
    PlannedAction {
        mapping: Some(mapping.id),
        action_type: mapping.action.action_type(),
        parameters: mapping.parameters.clone(),
        payload: json::object(resolver.payload.iter().map(|(name, value)| (name, value.as_ref()))),
        found_in: json::object(found_in.iter().map(|(name, place)| (name, place.as_str()))).into(),
        intent,
    }
}

struct TriggerParameters<'a> {
    key: &'a str,
    recipients: &'a Parameter,
    data: &'a Parameter,
    actor: Option<&'a Parameter>,
    tenant: Option<&'a Parameter>,
    cancellation_key: Option<&'a Parameter>,
}

/// Resolves the parameters of one mapping, and remembers what it found where.
struct Resolver<'a> {
    scope: Scope<'a>,
    payload: Vec<(&'static str, ByteString)>,
    found_in: Vec<(String, &'static str)>,
}

impl Resolver<'_> {
    fn identify(&mut self, user_id: &Parameter, properties: &Parameter) -> Result<Intent, Refusal> {
        // Both are resolved before either is refused, so that the log shows all that was found.
        let found = self.parameter("user_id", user_id);
        let content = self.parameter("properties", properties);
        let id = user::read_user_id(found.as_deref())
            .map_err(|problem| Refusal::Value(format!("user_id, read from {}, {problem}", describe(user_id))))?
            .ok_or_else(|| missing("user_id", user_id))?;
        recipient::check_id(&id).map_err(|problem| Refusal::Value(format!("user_id {problem}")))?;
        let content = object_or_null("properties", properties, content)?;
        let properties = user::properties_of_traits(&content);
        Ok(Intent::Identify { user: RecipientKey::user(id), properties })
    }

    fn trigger(&mut self, parameters: &TriggerParameters<'_>) -> Result<Intent, Refusal> {
        self.payload.push(("key", json::quote(parameters.key).into()));
        let recipients = self.parameter("recipients", parameters.recipients);
        let data = self.parameter("data", parameters.data);
        let actor = parameters.actor.map(|parameter| (parameter, self.parameter("actor", parameter)));
        let tenant = parameters.tenant.map(|parameter| (parameter, self.parameter("tenant", parameter)));
        let cancellation_key =
            parameters.cancellation_key.map(|parameter| (parameter, self.parameter("cancellation_key", parameter)));

        let recipients = recipients
            .filter(|text| Kind::of(text) != Kind::Null)
            .ok_or_else(|| missing("recipients", parameters.recipients))?;
        let recipients = recipient::read_list(&recipients).map_err(|error| match error {
            ListError::TooMany(_) => Refusal::TooManyRecipients(error),
            ListError::Bad { .. } => {
                Refusal::Value(format!("recipients, read from {}: {error}", describe(parameters.recipients)))
            }
        })?;
        Ok(Intent::Trigger(Box::new(Trigger {
            workflow: parameters.key.to_owned(),
            recipients,
            actor: party("actor", actor, Place::Recipient)?,
            tenant: party("tenant", tenant, Place::Tenant)?,
            data: object_or_null("data", parameters.data, data)?,
            cancellation_key: cancellation_key_of(cancellation_key)?,
        })))
    }

    /// Resolves a parameter for the payload: null when it finds nothing.
    fn parameter(&mut self, name: &'static str, parameter: &Parameter) -> Option<ByteString> {
        let value = self.resolve(name, parameter);
        self.payload.push((name, value.clone().unwrap_or_else(|| ByteString::from_static("null"))));
        value
    }

    fn resolve(&mut self, name: &str, parameter: &Parameter) -> Option<ByteString> {
        match parameter {
            Parameter::Path(path) => {
                let (value, place) = self.scope.find(path)?;
                self.found_in.push((name.to_owned(), place));
                Some(value)
            }
            Parameter::Constant(text) => {
                self.found_in.push((name.to_owned(), "constant"));
                Some(text.as_str().into())
            }
            Parameter::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, parameter)| (key, self.resolve(&format!("{name}.{key}"), parameter)))
                    .collect();
                Some(json::object(members.iter().map(|(key, value)| (key, value.as_deref().unwrap_or("null")))).into())
            }
            Parameter::Array(items) => {
                let items: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(index, parameter)| self.resolve(&format!("{name}[{index}]"), parameter))
                    .collect();
                Some(json::array(items.iter().map(|value| value.as_deref().unwrap_or("null"))).into())
            }
        }
    }
}

impl Scope<'_> {
    /// Looks a path up in the common event first, then in the item as it came, and says where it was found.
    fn find(&self, path: &Path) -> Option<(ByteString, &'static str)> {
        let rest = path.segments().get(1..).unwrap_or_default();
        let common = match path.head()? {
            "user_id" if rest.is_empty() => {
                self.user_id.map(|user_id| (ByteString::from(json::quote(user_id)), "event"))
            }
            "data" if rest.is_empty() => Some((self.data.clone(), "event")),
            "data" => path::find(self.data, rest).map(|found| (found.into(), "event")),
            // The path `event` alone is the item's own `event` member, Segment's name of a track call.
            "event" if rest.is_empty() => json::member(self.item, "event").map(|found| (found.into(), "item")),
            "event" => path::find(self.item, rest).map(|found| (found.into(), "event")),
            "body" => path::find(self.item, rest).filter(|found| !found.is_empty()).map(|found| (found.into(), "item")),
            "headers" => self.header(rest).map(|found| (found.into(), "headers")),
            _ => None,
        };
        common.or_else(|| path.find(self.item).map(|found| (found.into(), "item")))
    }

    fn header(&self, rest: &[path::Segment]) -> Option<&str> {
        let headers = self.headers?;
        match rest {
            [] => Some(headers),
            [path::Segment::Name(name) | path::Segment::Quoted(name)] => {
                json::member(headers, &name.to_ascii_lowercase())
            }
            _ => None,
        }
    }
}

/// How a parameter is written, for a reason.
fn describe(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Path(path) => format!("the path `{path}`"),
        Parameter::Constant(_) => "a constant".to_owned(),
        Parameter::Object(members) => {
            let paths: Vec<_> = members
                .iter()
                .filter_map(|(key, parameter)| match parameter {
                    Parameter::Path(path) => Some(format!("{key} at `{path}`")),
                    _ => None,
                })
                .collect();
            format!("an object ({})", paths.join(", "))
        }
        Parameter::Array(_) => "a list of paths".to_owned(),
    }
}

fn missing(field: &str, parameter: &Parameter) -> Refusal {
    Refusal::Value(format!("{field} is required, and {} finds nothing", describe(parameter)))
}

fn object_or_null(field: &str, parameter: &Parameter, value: Option<ByteString>) -> Result<ByteString, Refusal> {
    let Some(value) = value else { return Ok(ByteString::from_static("null")) };
    match Kind::of(&value) {
        Kind::Object | Kind::Null => Ok(value),
        other => Err(Refusal::Value(format!(
            "{field}, read from {}, is {}; expected an object",
            describe(parameter),
            other.with_article()
        ))),
    }
}

fn party(field: &str, found: Option<(&Parameter, Option<ByteString>)>, place: Place) -> Result<Option<Party>, Refusal> {
    match found {
        Some((parameter, Some(text))) if Kind::of(&text) != Kind::Null => Party::read(&text, place)
            .map(Some)
            .map_err(|problem| Refusal::Value(format!("{field}, read from {}: {problem}", describe(parameter)))),
        _ => Ok(None),
    }
}

fn cancellation_key_of(found: Option<(&Parameter, Option<ByteString>)>) -> Result<Option<String>, Refusal> {
    let Some((parameter, Some(text))) = found else { return Ok(None) };
    match Kind::of(&text) {
        Kind::Null => Ok(None),
        Kind::String => Ok(json::string(&text)),
        other => Err(Refusal::Value(format!(
            "cancellation_key, read from {}, is {}; expected a string",
            describe(parameter),
            other.with_article()
        ))),
    }
}
