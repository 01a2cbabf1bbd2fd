//! Resolving the parameters of a mapping against an event.

use bytestring::ByteString;

use super::{ActionError, Parameter, Scope, nearest_path};
use crate::{
    json::{self, Kind},
    path::Path,
    recipient::{self, ListError, Party, PartyRole, RecipientKey},
    user,
};

/// Resolves the parameters of one mapping and records every value and its origin for the action log.
pub struct Resolver<'a> {
    scope: Scope<'a>,
    payload: Vec<(&'static str, ByteString)>,
    found_in: Vec<(String, &'static str)>,
    /// The parameters whose paths find nothing.
    missing: Vec<(String, &'a Path)>,
    warnings: Vec<String>,
}

/// The values of a mapping's parameters, as the action log shows them.
pub struct ResolverLog {
    /// The values by parameter, a JSON object.
    pub payload: String,
    /// The origin of each value by parameter, a JSON object.
    pub found_in: String,
    /// Warnings about the values.
    pub warnings: Vec<String>,
}

/// The most warnings of one action. A thousand recipients may be wrong in the same way.
const MAX_WARNINGS: usize = 20;

/// A parameter with the value that was found for it.
pub struct Resolved<'p> {
    name: &'static str,
    parameter: &'p Parameter,
    value: Option<ByteString>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> Self {
        Self { scope, payload: Vec::new(), found_in: Vec::new(), missing: Vec::new(), warnings: Vec::new() }
    }

    /// Resolves a parameter. In the payload, a parameter that finds nothing is null.
    pub fn parameter(&mut self, name: &'static str, parameter: &'a Parameter) -> Resolved<'a> {
        let value = self.resolve(name, parameter);
        self.payload.push((name, value.clone().unwrap_or_else(|| ByteString::from_static("null"))));
        Resolved { name, parameter, value }
    }

    /// Resolves a parameter if the mapping has it.
    pub fn optional(&mut self, name: &'static str, parameter: Option<&'a Parameter>) -> Option<Resolved<'a>> {
        parameter.map(|parameter| self.parameter(name, parameter))
    }

    /// Adds a string that is the same for every event to the payload.
    pub fn constant(&mut self, name: &'static str, value: &str) {
        self.payload.push((name, json::quote(value).into()));
    }

    /// Adds a warning.
    pub fn warn(&mut self, warning: String) {
        match self.warnings.len() {
            0..MAX_WARNINGS => self.warnings.push(warning),
            MAX_WARNINGS => self.warnings.push("there are more of such warnings".to_owned()),
            _ => {}
        }
    }

    /// Returns what the action log shows. Warnings belong to an action that can be carried out: the reason of another says
    /// what is missing.
    pub(crate) fn into_log(mut self, is_resolved: bool) -> ResolverLog {
        if is_resolved {
            for (name, path) in std::mem::take(&mut self.missing) {
                self.warn(nearest_path::missing(&self.scope, &name, path));
            }
        } else {
            self.warnings.clear();
        }
        let origins: Vec<_> = self.found_in.iter().map(|(name, origin)| (name, json::quote(origin))).collect();
        ResolverLog {
            payload: json::object(self.payload.iter().map(|(name, value)| (name, value.as_ref()))),
            found_in: json::object(origins.iter().map(|(name, origin)| (name, origin.as_str()))),
            warnings: self.warnings,
        }
    }

    fn resolve(&mut self, name: &str, parameter: &'a Parameter) -> Option<ByteString> {
        match parameter {
            Parameter::Path(path) => {
                let Some((value, origin)) = self.scope.find(path) else {
                    self.missing.push((name.to_owned(), path));
                    return None;
                };
                self.found_in.push((name.to_owned(), origin));
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

impl Resolved<'_> {
    /// Reads a required user id.
    pub fn user_id(self) -> Result<RecipientKey, ActionError> {
        Ok(RecipientKey::user(self.id()?))
    }

    /// Reads a required id: a string, or a number as its decimal text.
    pub fn id(self) -> Result<String, ActionError> {
        let id = user::read_user_id(self.value.as_deref())
            .map_err(|problem| self.error(format_args!(", {problem}")))?
            .ok_or_else(|| self.missing())?;
        recipient::check_id(&id).map_err(|problem| ActionError::Value(format!("{} {problem}", self.name)))?;
        Ok(id)
    }

    /// Reads required recipients: one value or an array of at most `max`.
    pub fn recipients(self, max: usize) -> Result<Vec<Party>, ActionError> {
        let text = self.not_null().ok_or_else(|| self.missing())?;
        recipient::read_list(text, max).map_err(|error| match error {
            ListError::TooMany { .. } => ActionError::TooManyRecipients(error),
            ListError::Bad { .. } => self.error(format_args!(": {error}")),
        })
    }

    /// Reads required recipients of an action that is not a trigger: too many of them are an error of this action alone.
    pub fn parties(self) -> Result<Vec<Party>, ActionError> {
        let text = self.not_null().ok_or_else(|| self.missing())?;
        recipient::read_list(text, recipient::MAX_RECIPIENTS).map_err(|error| self.list_error(&error))
    }

    /// Reads required users: one value or an array; a number is an id as its decimal text.
    pub fn users(self) -> Result<Vec<Party>, ActionError> {
        let text = self.not_null().ok_or_else(|| self.missing())?;
        recipient::read_users(text).map_err(|error| self.list_error(&error))
    }

    fn list_error(&self, error: &ListError) -> ActionError {
        match error {
            ListError::TooMany { found, max } => {
                self.error(format_args!(": {found} recipients; at most {max} are allowed in one action"))
            }
            ListError::Bad { .. } => self.error(format_args!(": {error}")),
        }
    }

    /// Reads an optional recipient, actor or tenant.
    pub fn party(self, role: PartyRole) -> Result<Option<Party>, ActionError> {
        self.not_null()
            .map(|text| Party::read(text, role).map_err(|problem| self.error(format_args!(": {problem}"))))
            .transpose()
    }

    /// Reads an object. A value that is absent becomes null.
    pub fn object_or_null(self) -> Result<ByteString, ActionError> {
        match self.value.as_deref().map(Kind::of) {
            None => Ok(ByteString::from_static("null")),
            Some(Kind::Object | Kind::Null) => Ok(self.value.unwrap_or_default()),
            Some(other) => Err(self.unexpected(other, "an object")),
        }
    }

    /// Reads a required string.
    pub fn required_string(self) -> Result<String, ActionError> {
        let missing = self.missing();
        self.string()?.filter(|text| !text.is_empty()).ok_or(missing)
    }

    /// Reads an optional string.
    pub fn string(self) -> Result<Option<String>, ActionError> {
        let Some(text) = self.not_null() else { return Ok(None) };
        match Kind::of(text) {
            Kind::String => Ok(json::string(text)),
            other => Err(self.unexpected(other, "a string")),
        }
    }

    fn not_null(&self) -> Option<&ByteString> {
        self.value.as_ref().filter(|text| Kind::of(text) != Kind::Null)
    }

    fn missing(&self) -> ActionError {
        let Self { name, parameter, .. } = self;
        ActionError::Value(format!("{name} is required, and {} finds nothing", describe(parameter)))
    }

    fn unexpected(&self, found: Kind, expected: &str) -> ActionError {
        self.error(format_args!(", is {}; expected {expected}", found.with_article()))
    }

    fn error(&self, problem: std::fmt::Arguments<'_>) -> ActionError {
        ActionError::Value(format!("{}, read from {}{problem}", self.name, describe(self.parameter)))
    }
}

/// Describes how a parameter is written.
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
