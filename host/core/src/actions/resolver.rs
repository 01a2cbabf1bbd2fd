//! Resolving the parameters of a mapping against an event.

use bytestring::ByteString;

use super::{ActionError, Parameter, Scope, form::Form, missing::Missing, place::Place};
use crate::{
    json::{self, Kind},
    recipient::{self, ListError, MAX_RECIPIENTS, Party, PartyRole, RecipientKey},
    user,
};

/// Resolves the parameters of one mapping and records every value and its origin for the action log.
pub struct Resolver<'a> {
    pub(super) scope: Scope<'a>,
    payload: Vec<(&'static str, ByteString)>,
    pub(super) found_in: Vec<(String, &'static str)>,
    /// The values that are null or empty because something is not there.
    pub(super) missing: Vec<Missing<'a>>,
    /// The first reason why a form has no value.
    pub(super) failure: Option<Failure>,
    /// True while a further item of an `$each` is resolved: origins are recorded for the first item.
    pub(super) is_repeated: bool,
    /// The most results of an `$each`.
    pub(super) max_items: usize,
    warnings: Vec<String>,
}

/// The reason why a form of a parameter has no value. The action ends in an error.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// An `$each` over this number of items, more than allowed.
    TooMany { found: usize, message: String },
    /// A value of a wrong type, or a text that is too long.
    Value(String),
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

/// The longest key by which runs are canceled, in characters.
const MAX_CANCELLATION_KEY_CHARS: usize = 256;
/// The most warnings of one action. A thousand recipients may be wrong in the same way.
const MAX_WARNINGS: usize = 20;

/// A parameter with the value that was found for it.
pub struct Resolved<'p> {
    name: &'static str,
    parameter: &'p Parameter,
    value: Option<ByteString>,
    failure: Option<Failure>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> Self {
        Self {
            scope,
            payload: Vec::new(),
            found_in: Vec::new(),
            missing: Vec::new(),
            failure: None,
            is_repeated: false,
            max_items: MAX_RECIPIENTS,
            warnings: Vec::new(),
        }
    }

    /// Resolves a parameter. In the payload, a parameter that finds nothing is null.
    pub fn parameter(&mut self, name: &'static str, parameter: &'a Parameter) -> Resolved<'a> {
        self.parameter_of(name, parameter, MAX_RECIPIENTS)
    }

    /// Resolves a parameter in which an `$each` may have at most `max_items` results.
    pub fn parameter_of(&mut self, name: &'static str, parameter: &'a Parameter, max_items: usize) -> Resolved<'a> {
        self.max_items = max_items;
        let earlier = self.failure.take();
        let value = self.resolve(&Place::Parameter(name), parameter, None);
        let failure = std::mem::replace(&mut self.failure, earlier);
        if self.failure.is_none() {
            self.failure.clone_from(&failure);
        }
        self.payload.push((name, value.clone().unwrap_or_else(|| ByteString::from_static("null"))));
        Resolved { name, parameter, value, failure }
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
            for missing in std::mem::take(&mut self.missing) {
                self.warn(missing.warning(&self.scope));
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

    /// Returns why a form of a parameter has no value, in case the action did not read that parameter.
    pub(crate) fn failure(&self) -> Option<ActionError> {
        self.failure.as_ref().map(|failure| ActionError::Value(failure.message().to_owned()))
    }

    /// Resolves a value. `item` is the item of the `$each` around it. The recursion is bounded by the nesting of the text
    /// that the parameter was parsed from.
    pub(super) fn resolve(
        &mut self,
        place: &Place<'_>,
        parameter: &'a Parameter,
        item: Option<&str>,
    ) -> Option<ByteString> {
        match parameter {
            Parameter::Path(path) => {
                let found = self.find(place, path, item);
                if found.is_none() {
                    self.miss(place, path, item);
                }
                found
            }
            Parameter::Constant(text) => {
                self.record(place, "constant");
                Some(text.as_str().into())
            }
            Parameter::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, parameter)| (key, self.resolve(&Place::Member(place, key), parameter, item)))
                    .collect();
                Some(json::object(members.iter().map(|(key, value)| (key, value.as_deref().unwrap_or("null")))).into())
            }
            Parameter::Array(items) => {
                let items: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(index, parameter)| self.resolve(&Place::Index(place, index), parameter, item))
                    .collect();
                Some(json::array(items.iter().map(|value| value.as_deref().unwrap_or("null"))).into())
            }
            Parameter::Form(form) => self.resolve_form(place, form, item),
        }
    }

    /// Records the origin of a value.
    pub(super) fn record(&mut self, place: &Place<'_>, origin: &'static str) {
        if !self.is_repeated {
            self.found_in.push((place.to_string(), origin));
        }
    }
}

impl Failure {
    fn message(&self) -> &str {
        match self {
            Failure::TooMany { message, .. } | Failure::Value(message) => message,
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
        self.check()?;
        let id = user::read_user_id(self.value.as_deref())
            .map_err(|problem| self.error(format_args!(", {problem}")))?
            .ok_or_else(|| self.missing())?;
        recipient::check_id(&id).map_err(|problem| ActionError::Value(format!("{} {problem}", self.name)))?;
        Ok(id)
    }

    /// Reads required recipients: one value or an array of at most `max`.
    pub fn recipients(self, max: usize) -> Result<Vec<Party>, ActionError> {
        if let Some(Failure::TooMany { found, .. }) = self.failure {
            return Err(ActionError::TooManyRecipients(ListError::TooMany { found, max }));
        }
        self.check()?;
        let text = self.not_null().ok_or_else(|| self.missing())?;
        recipient::read_list(text, max).map_err(|error| match error {
            ListError::TooMany { .. } => ActionError::TooManyRecipients(error),
            ListError::Bad { .. } => self.error(format_args!(": {error}")),
        })
    }

    /// Reads required recipients of an action that is not a trigger: too many of them are an error of this action alone.
    pub fn parties(self) -> Result<Vec<Party>, ActionError> {
        self.check()?;
        let text = self.not_null().ok_or_else(|| self.missing())?;
        recipient::read_list(text, MAX_RECIPIENTS).map_err(|error| self.list_error(&error))
    }

    /// Reads required users: one value or an array; a number is an id as its decimal text.
    pub fn users(self) -> Result<Vec<Party>, ActionError> {
        self.check()?;
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
        self.check()?;
        self.not_null()
            .map(|text| Party::read(text, role).map_err(|problem| self.error(format_args!(": {problem}"))))
            .transpose()
    }

    /// Reads an object. A value that is absent becomes null.
    pub fn object_or_null(self) -> Result<ByteString, ActionError> {
        self.check()?;
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

    /// Refuses a key for cancellations that is too long to be found by an index.
    pub fn checked_cancellation_key(self) -> Result<Self, ActionError> {
        let key = self.not_null().and_then(|text| json::string(text));
        match key.is_some_and(|key| key.chars().count() > MAX_CANCELLATION_KEY_CHARS) {
            true => Err(self.error(format_args!(", is longer than {MAX_CANCELLATION_KEY_CHARS} characters"))),
            false => Ok(self),
        }
    }

    /// Reads an optional string.
    pub fn string(self) -> Result<Option<String>, ActionError> {
        self.check()?;
        let Some(text) = self.not_null() else { return Ok(None) };
        match Kind::of(text) {
            Kind::String => Ok(json::string(text)),
            other => Err(self.unexpected(other, "a string")),
        }
    }

    /// Refuses a parameter with a form that has no value.
    fn check(&self) -> Result<(), ActionError> {
        match &self.failure {
            None => Ok(()),
            Some(failure) => Err(ActionError::Value(failure.message().to_owned())),
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
        Parameter::Form(form) => match form.as_ref() {
            Form::First { .. } => "`$first`".to_owned(),
            Form::Template(_) => "a template".to_owned(),
            Form::Each { items, .. } => format!("`$each` over `{items}`"),
            Form::Lookup { .. } => "`$lookup`".to_owned(),
        },
    }
}
