//! Mappings: event type → action with parameters.
//!
//! Source of the rules: semantics.md §1, §5 and §6.

mod mismatch;

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    json::{self, Kind},
    path::{BadPath, Path},
};

pub use mismatch::Mismatch;

/// The call types of customer data platforms: event types that are complete by themselves.
pub const CALL_TYPES: [&str; 7] = ["track", "identify", "page", "screen", "group", "alias", "delete"];

/// What the core can be asked to do, in the order in which it is done within one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it; semantics.md §6 has the table")]
pub enum ActionType {
    UsersIdentify,
    UsersDelete,
    ObjectsSet,
    ObjectsDelete,
    TenantsSet,
    TenantsDelete,
    ObjectsSubscribe,
    ObjectsUnsubscribe,
    AudiencesAddMember,
    AudiencesRemoveMember,
    WorkflowsCancel,
    WorkflowsTrigger,
}

impl ActionType {
    /// Every action, in order.
    pub const ALL: [ActionType; 12] = [
        ActionType::UsersIdentify,
        ActionType::UsersDelete,
        ActionType::ObjectsSet,
        ActionType::ObjectsDelete,
        ActionType::TenantsSet,
        ActionType::TenantsDelete,
        ActionType::ObjectsSubscribe,
        ActionType::ObjectsUnsubscribe,
        ActionType::AudiencesAddMember,
        ActionType::AudiencesRemoveMember,
        ActionType::WorkflowsCancel,
        ActionType::WorkflowsTrigger,
    ];

    /// The name used in mappings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionType::UsersIdentify => "users_identify",
            ActionType::UsersDelete => "users_delete",
            ActionType::ObjectsSet => "objects_set",
            ActionType::ObjectsDelete => "objects_delete",
            ActionType::TenantsSet => "tenants_set",
            ActionType::TenantsDelete => "tenants_delete",
            ActionType::ObjectsSubscribe => "objects_subscribe",
            ActionType::ObjectsUnsubscribe => "objects_unsubscribe",
            ActionType::AudiencesAddMember => "audiences_add_member",
            ActionType::AudiencesRemoveMember => "audiences_remove_member",
            ActionType::WorkflowsCancel => "workflows_cancel",
            ActionType::WorkflowsTrigger => "workflows_trigger",
        }
    }

    /// The action of that name.
    pub fn parse(name: &str) -> Option<ActionType> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// A parameter: where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// A path into the event.
    Path(Path),
    /// JSON text.
    Constant(String),
    /// An object, made key by key.
    Object(Vec<(String, Parameter)>),
    /// An array, made item by item.
    Array(Vec<Parameter>),
}

/// An action with its parameters, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Upsert a user.
    UsersIdentify {
        /// Default: the path `user_id`.
        user_id: Parameter,
        /// Default: the path `data`.
        properties: Parameter,
    },
    /// Trigger a workflow.
    WorkflowsTrigger {
        /// The workflow, a constant.
        key: String,
        /// Default: the path `user_id`.
        recipients: Parameter,
        /// Default: the event's whole data.
        data: Parameter,
        /// Who did it.
        actor: Option<Parameter>,
        /// In which tenant.
        tenant: Option<Parameter>,
        /// By which the run can be cancelled.
        cancellation_key: Option<Parameter>,
    },
}

impl Action {
    /// Which action this is.
    pub fn action_type(&self) -> ActionType {
        match self {
            Action::UsersIdentify { .. } => ActionType::UsersIdentify,
            Action::WorkflowsTrigger { .. } => ActionType::WorkflowsTrigger,
        }
    }
}

/// A mapping of one source environment.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Its id.
    pub id: Uuid,
    /// What it matches.
    pub event_type: String,
    /// What it does.
    pub action: Action,
    /// The parameters as written, a JSON object.
    pub parameters: Arc<str>,
    /// Inactive ones match nothing.
    pub active: bool,
    /// Its age, in milliseconds since 1970: older ones of one action type come first.
    pub created_at_ms: i64,
    /// When it was last changed, in milliseconds since 1970.
    pub updated_at_ms: i64,
}

/// Why a mapping is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadMapping {
    /// The member of the mapping, for example `action_parameters.key`.
    pub field: String,
    /// What was found, what was expected.
    pub message: String,
}

impl BadMapping {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    fn path(field: &str, error: BadPath) -> Self {
        Self::new(field, error.to_string())
    }
}

/// Checks an action type and its parameters (a JSON object, or null for none) and makes the action of them.
pub fn parse_action(action_type: &str, parameters: &str) -> Result<Action, BadMapping> {
    let known = ActionType::parse(action_type).ok_or_else(|| {
        let names: Vec<_> = ActionType::ALL.iter().map(|action| action.as_str()).collect();
        BadMapping::new("action_type", format!("{action_type:?} is no action; expected one of {}", names.join(", ")))
    })?;
    let members = match Kind::of(parameters) {
        Kind::Null => json::Members::new(),
        Kind::Object => json::members(parameters)
            .ok_or_else(|| BadMapping::new("action_parameters", "it is not valid JSON; expected an object"))?,
        other => {
            let message = format!("it is {}; expected an object", other.with_article());
            return Err(BadMapping::new("action_parameters", message));
        }
    };
    let mut reader = Parameters { members };
    let action = match known {
        ActionType::UsersIdentify => Action::UsersIdentify {
            user_id: reader.take("user_id")?.unwrap_or_else(|| default_path("user_id")),
            properties: reader.take("properties")?.unwrap_or_else(|| default_path("data")),
        },
        ActionType::WorkflowsTrigger => Action::WorkflowsTrigger {
            key: reader.take_constant("key")?,
            recipients: reader.take_party("recipients")?.unwrap_or_else(|| default_path("user_id")),
            data: reader.take("data")?.unwrap_or_else(|| default_path("data")),
            actor: reader.take_party("actor")?,
            tenant: reader.take("tenant")?,
            cancellation_key: reader.take("cancellation_key")?,
        },
        later => {
            let message = format!(
                "{} is not carried out by this version; users_identify and workflows_trigger are",
                later.as_str()
            );
            return Err(BadMapping::new("action_type", message));
        }
    };
    match reader.members.keys().next() {
        None => Ok(action),
        Some(unknown) => {
            let message = format!("{action_type} has no such parameter");
            Err(BadMapping::new(format!("action_parameters.{unknown}"), message))
        }
    }
}

/// Checks an event type as a mapping names it.
pub fn check_event_type(event_type: &str) -> Result<(), BadMapping> {
    match event_type {
        "" => Err(BadMapping::new("event_type", "it is empty; expected for example \"track/Order Completed\"")),
        _ if event_type.chars().any(char::is_control) => {
            Err(BadMapping::new("event_type", "it holds control characters, which no event type holds"))
        }
        _ => Ok(()),
    }
}

fn default_path(path: &'static str) -> Parameter {
    // The defaults are paths of one name each.
    Path::parse(path).map_or_else(|_| Parameter::Constant("null".to_owned()), Parameter::Path)
}

struct Parameters<'a> {
    members: json::Members<'a>,
}

impl Parameters<'_> {
    /// A parameter; null is the same as not given.
    fn take(&mut self, name: &str) -> Result<Option<Parameter>, BadMapping> {
        self.read(name, false)
    }

    /// A parameter that names recipients: the `collection` of an object in it is a constant.
    fn take_party(&mut self, name: &str) -> Result<Option<Parameter>, BadMapping> {
        self.read(name, true)
    }

    fn read(&mut self, name: &str, party: bool) -> Result<Option<Parameter>, BadMapping> {
        match self.members.shift_remove(name) {
            None => Ok(None),
            Some(text) if Kind::of(text) == Kind::Null => Ok(None),
            Some(text) => parse_parameter(text, &format!("action_parameters.{name}"), party).map(Some),
        }
    }

    /// A required constant string, written plainly or as `{"value": …}`.
    fn take_constant(&mut self, name: &str) -> Result<String, BadMapping> {
        let field = format!("action_parameters.{name}");
        let missing = || BadMapping::new(field.clone(), "it is missing; expected a string");
        let text = self.members.shift_remove(name).ok_or_else(missing)?;
        let text = sole_value(text).unwrap_or(text);
        match json::string(text) {
            Some(constant) if !constant.is_empty() && !constant.chars().any(char::is_control) => Ok(constant),
            Some(_) => Err(BadMapping::new(field, "it is empty or holds control characters; expected a key")),
            None if Kind::of(text) == Kind::Null => Err(missing()),
            None => {
                let message = format!("it is {}; expected a string", Kind::of(text).with_article());
                Err(BadMapping::new(field, message))
            }
        }
    }
}

/// The constant of `{"value": …}`, which is one only as the sole key.
fn sole_value(text: &str) -> Option<&str> {
    let members = json::members(text)?;
    match members.len() {
        1 => members.get("value").copied(),
        _ => None,
    }
}

fn parse_parameter(text: &str, field: &str, party: bool) -> Result<Parameter, BadMapping> {
    match Kind::of(text) {
        Kind::String => {
            let path = json::string(text).unwrap_or_default();
            Path::parse(&path).map(Parameter::Path).map_err(|error| BadMapping::path(field, error))
        }
        Kind::Object => {
            if let Some(constant) = sole_value(text) {
                return Ok(Parameter::Constant(constant.to_owned()));
            }
            json::members(text)
                .unwrap_or_default()
                .into_iter()
                .map(|(key, value)| {
                    let field = format!("{field}.{key}");
                    // An object's collection is a constant, however it is written.
                    let parameter = match party && key == "collection" && Kind::of(value) == Kind::String {
                        true => Parameter::Constant(value.to_owned()),
                        false => parse_parameter(value, &field, false)?,
                    };
                    Ok((key.into_owned(), parameter))
                })
                .collect::<Result<_, _>>()
                .map(Parameter::Object)
        }
        Kind::Array => json::items(text)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, item)| parse_parameter(item, &format!("{field}[{index}]"), party))
            .collect::<Result<_, _>>()
            .map(Parameter::Array),
        other => {
            let message = format!(
                "it is {}; expected a path (a string), {{\"value\": …}} for a constant, or an object",
                other.with_article()
            );
            Err(BadMapping::new(field, message))
        }
    }
}

/// The active mappings of a source environment, found by event type.
#[derive(Debug, Clone, Default)]
pub struct MappingIndex {
    by_event_type: HashMap<String, Vec<Arc<Mapping>>>,
}

impl MappingIndex {
    /// Indexes the active ones of these.
    pub fn new(mappings: impl IntoIterator<Item = Mapping>) -> Self {
        let mut by_event_type: HashMap<String, Vec<Arc<Mapping>>> = HashMap::new();
        for mapping in mappings.into_iter().filter(|mapping| mapping.active) {
            let mapping = Arc::new(mapping);
            for name in matched_by(&mapping.event_type) {
                by_event_type.entry(name).or_default().push(mapping.clone());
            }
        }
        for found in by_event_type.values_mut() {
            found.sort_by_key(|mapping| (mapping.action.action_type(), mapping.created_at_ms, mapping.id));
        }
        Self { by_event_type }
    }

    /// The mappings of an event type, in the order in which they are carried out.
    pub fn matching(&self, event_type: &str) -> &[Arc<Mapping>] {
        self.by_event_type.get(event_type).map_or(&[], Vec::as_slice)
    }
}

/// The event types that a mapping's name matches: itself, and for a plain name the track event of that name.
fn matched_by(name: &str) -> Vec<String> {
    let is_call = CALL_TYPES
        .iter()
        .any(|call| name == *call || name.strip_prefix(call).is_some_and(|rest| rest.starts_with('/')));
    match is_call {
        true => vec![name.to_owned()],
        false => vec![name.to_owned(), format!("track/{name}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(event_type: &str, action_type: &str, parameters: &str, created_at_ms: i64) -> Mapping {
        Mapping {
            id: Uuid::from_u128(created_at_ms as u128),
            event_type: event_type.to_owned(),
            action: parse_action(action_type, parameters).unwrap(),
            parameters: parameters.into(),
            active: true,
            created_at_ms,
            updated_at_ms: created_at_ms,
        }
    }

    #[test]
    fn a_plain_name_that_is_no_call_type_also_matches_the_track_event() {
        let trigger = r#"{"key":"k"}"#;
        let index = MappingIndex::new([
            mapping("Order Completed", "workflows_trigger", trigger, 1),
            mapping("track/Order Completed", "workflows_trigger", trigger, 2),
            mapping("identify", "workflows_trigger", trigger, 3),
            mapping("page", "workflows_trigger", trigger, 4),
        ]);
        let ids = |event_type: &str| -> Vec<u128> {
            index.matching(event_type).iter().map(|mapping| mapping.id.as_u128()).collect()
        };
        assert_eq!(ids("track/Order Completed"), [1, 2]);
        assert_eq!(ids("Order Completed"), [1]);
        assert_eq!(ids("identify"), [3]);
        assert_eq!(ids("track/identify"), [0_u128; 0]);
        assert_eq!(ids("page"), [4]);
        assert_eq!(ids("page/Home"), [0_u128; 0]);
        assert_eq!(ids("track/track/Order Completed"), [0_u128; 0]);
    }

    #[test]
    fn the_order_is_fixed_by_type_then_age() {
        let index = MappingIndex::new([
            mapping("e", "workflows_trigger", r#"{"key":"young"}"#, 9),
            mapping("e", "workflows_trigger", r#"{"key":"old"}"#, 1),
            mapping("e", "users_identify", "{}", 20),
        ]);
        let order: Vec<_> = index.matching("e").iter().map(|mapping| mapping.created_at_ms).collect();
        assert_eq!(order, [20, 1, 9]);
        let types: Vec<_> = ActionType::ALL.to_vec();
        assert!(types.is_sorted());
    }

    #[test]
    fn an_inactive_mapping_matches_nothing() {
        let mut inactive = mapping("e", "users_identify", "{}", 1);
        inactive.active = false;
        assert!(MappingIndex::new([inactive]).matching("e").is_empty());
    }

    #[test]
    fn value_is_a_constant_only_as_the_sole_key() {
        let parsed = |text: &str| parse_parameter(text, "p", false).unwrap();
        assert_eq!(parsed(r#"{"value": 1.10}"#), Parameter::Constant("1.10".to_owned()));
        assert!(
            matches!(parsed(r#"{"value":"data.v","unit":"data.u"}"#), Parameter::Object(members) if members.len() == 2)
        );
        assert_eq!(parsed(r#"{"value":{"value":1}}"#), Parameter::Constant(r#"{"value":1}"#.to_owned()));
    }

    #[test]
    fn a_collection_is_a_constant() {
        let action = parse_action(
            "workflows_trigger",
            r#"{"key":"k","recipients":{"collection":"projects","id":"data.project"}}"#,
        );
        let Ok(Action::WorkflowsTrigger { recipients: Parameter::Object(members), .. }) = action else { panic!() };
        assert_eq!(members[0].1, Parameter::Constant("\"projects\"".to_owned()));
        assert!(matches!(&members[1].1, Parameter::Path(_)));
    }

    #[test]
    fn what_is_refused_names_the_field() {
        let error = |action: &str, parameters: &str| parse_action(action, parameters).unwrap_err().to_string();
        insta::assert_snapshot!(error("workflows_trigger", "{}"), @"action_parameters.key: it is missing; expected a string");
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":7}"#), @"action_parameters.key: it is a number; expected a string");
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipient":"x"}"#), @"action_parameters.recipient: workflows_trigger has no such parameter");
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","data":{"n":5}}"#), @r#"action_parameters.data.n: it is a number; expected a path (a string), {"value": …} for a constant, or an object"#);
        insta::assert_snapshot!(error("workflows_trigger", r#"{"key":"k","recipients":"a..b"}"#), @r#"action_parameters.recipients: an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c"#);
        insta::assert_snapshot!(error("objects_set", "{}"), @"action_type: objects_set is not carried out by this version; users_identify and workflows_trigger are");
        insta::assert_snapshot!(error("nonsense", "null").chars().take(60).collect::<String>(), @r#"action_type: "nonsense" is no action; expected one of users_"#);
        insta::assert_snapshot!(error("users_identify", "[]"), @"action_parameters: it is an array; expected an object");
    }
}
