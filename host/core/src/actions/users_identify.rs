//! `users_identify`: upserts a user. It also carries out the built-in identify of `identify` events.
//!
//! Parameters: `user_id` (default: the path `user_id`) and `properties` (default: the path `data`). Source of the rules:
//! semantics.md §5, "Identify events".

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
};
use crate::{
    effect::Effect,
    json,
    recipient::{self, RecipientKey},
    user::{self, CheckedProperties},
    world::EnvironmentNeeds,
};

/// The parameters that the built-in identify shows in its action log.
pub const BUILT_IN_PARAMETERS: &str = r#"{"user_id":"user_id","properties":"data"}"#;
/// The origin of the values of the built-in identify.
pub const BUILT_IN_FOUND_IN: &str = r#"{"user_id":"event","properties":"event"}"#;

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    user_id: Parameter,
    properties: Parameter,
}

/// A user to upsert.
#[derive(Debug, Clone)]
pub struct Intent {
    user: RecipientKey,
    /// A JSON object or null.
    properties: String,
}

/// The built-in identify of an event.
pub struct BuiltIn {
    /// The payload that the action log shows, a JSON object.
    pub payload: String,
    /// Warnings about traits that were left out.
    pub warnings: Vec<String>,
    /// The user to upsert, or the reason why it cannot be.
    pub intent: Result<Intent, ActionError>,
}

/// Returns the built-in identify of an event. `data` is the event's data, a JSON object.
pub fn built_in(user_id: &str, data: &str) -> BuiltIn {
    let CheckedProperties { properties, warnings } = user::properties_of_traits(data);
    let payload = json::object([("user_id", json::quote(user_id).as_str()), ("properties", &properties)]);
    let intent = recipient::check_id(user_id)
        .map(|()| Intent { user: RecipientKey::user(user_id), properties })
        .map_err(|problem| ActionError::Value(format!("user_id {problem}")));
    BuiltIn { payload, warnings, intent }
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            user_id: reader.take_or_path("user_id", "user_id")?,
            properties: reader.take_or_path("properties", "data")?,
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let user_id = resolver.parameter("user_id", &self.user_id);
        let properties = resolver.parameter("properties", &self.properties);
        let user = user_id.user_id()?;
        let properties = properties.object_or_null()?;
        let CheckedProperties { properties, warnings } = user::properties_of_traits(&properties);
        warnings.into_iter().for_each(|warning| resolver.warn(warning));
        Ok(Intent { user, properties })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        needs.properties(&self.user);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        match view.upsert([(&self.user, self.properties.as_str())], effects) {
            Ok(()) => Decision::success(json::object([("user_id", json::quote(&self.user.id).as_str())])),
            Err(too_large) => Decision::error(too_large.to_string()),
        }
    }
}
