//! The configuration of a sync, which Hightouch includes in every call.

use std::borrow::Cow;

use inlet_plugin::rows::{Object, UNKNOWN_OBJECT};
use inlet_plugin::{Kind, Node};

/// Longest name of a column, a field or all events, in bytes. Each row repeats it.
pub(crate) const LONGEST_NAME: usize = 4096;

/// The configuration of a sync.
#[derive(Debug)]
pub(crate) struct Configuration<'a> {
    /// The kind of rows.
    pub(crate) object: Object,
    /// True if removed rows are sent.
    pub(crate) mirror: bool,
    /// The column that identifies rows, with its field.
    identifier: Option<Mapping<'a>>,
    /// The other columns, with their fields.
    mappings: Vec<Mapping<'a>>,
    /// The name of every event, if no column is mapped to it.
    pub(crate) event_name: Option<String>,
}

/// A mapping from a column of the model to a field.
#[derive(Debug)]
pub(crate) struct Mapping<'a> {
    /// The column.
    pub(crate) from: Cow<'a, str>,
    /// The field, a known or a custom one.
    pub(crate) to: Cow<'a, str>,
}

impl<'a> Configuration<'a> {
    /// Reads a configuration. An error is a sentence about the wrong member.
    pub(crate) fn read(configuration: Option<&Node<'a>>) -> Result<Self, String> {
        let Some(configuration) = configuration.filter(|node| node.kind() == Kind::Object) else {
            return Err("`configuration` is absent or no object.".to_owned());
        };
        let [object, mode, identifier, mappings, event_name] =
            configuration.fields(["object", "mode", "identifierMapping", "mappings", "event_name"]);
        let object = object.and_then(|object| Object::of(&object.as_str()?)).ok_or(UNKNOWN_OBJECT)?;
        let identifier = identifier.filter(|node| !node.is_absent());
        let event_name = event_name.and_then(|name| name.as_str()).filter(|name| !name.is_empty());
        if event_name.as_ref().is_some_and(|name| name.len() > LONGEST_NAME) {
            return Err(format!("`event_name` is longer than {LONGEST_NAME} bytes."));
        }
        Ok(Self {
            object,
            mirror: mode.and_then(|mode| mode.as_str()).as_deref() == Some("mirror"),
            identifier: identifier.map(|node| mapping(&node, "identifierMapping")).transpose()?,
            mappings: mappings.map(|node| all(&node)).transpose()?.unwrap_or_default(),
            event_name: event_name.map(Cow::into_owned),
        })
    }

    /// Returns the column that is mapped to a field; the last one of several.
    pub(crate) fn column(&self, field: &str) -> Option<&str> {
        let identifier = self.identifier.as_ref().filter(|mapping| mapping.to == field);
        let mapping = identifier.or_else(|| self.mappings.iter().rev().find(|mapping| mapping.to == field))?;
        Some(&mapping.from)
    }

    /// Iterates over the mappings to fields other than `taken`.
    pub(crate) fn content<'s>(&'s self, taken: &'s [&'s str]) -> impl Iterator<Item = &'s Mapping<'a>> {
        self.mappings.iter().filter(move |mapping| !taken.contains(&mapping.to.as_ref()))
    }

    /// Returns the reasons why rows will not be accepted. `nobody` is the reason why users are not.
    pub(crate) fn faults(&self, nobody: Option<&'static str>) -> Vec<String> {
        let identifier = self.object.identifier();
        let mut faults = Vec::new();
        if self.column(identifier).is_none() {
            faults.push(format!("No column is mapped to {identifier}, by which rows are told apart."));
        }
        match self.object {
            Object::User => faults.extend(nobody.map(str::to_owned)),
            Object::Event if self.column("event").is_none() && self.event_name.is_none() => {
                faults.push("Map a column to event, the event's name, or set the option Event name.".to_owned());
            }
            Object::Event => {}
        }
        faults
    }
}

fn all<'a>(mappings: &Node<'a>) -> Result<Vec<Mapping<'a>>, String> {
    match mappings.kind() {
        Kind::Array => mappings.items().map(|node| mapping(&node, "mappings")).collect(),
        Kind::Null => Ok(Vec::new()),
        found => Err(format!("`mappings` is {found}; expected an array.")),
    }
}

fn mapping<'a>(node: &Node<'a>, of: &str) -> Result<Mapping<'a>, String> {
    match node.fields(["from", "to"]).map(|text| text.and_then(|text| text.as_str())) {
        [Some(from), Some(to)] if from.len().max(to.len()) <= LONGEST_NAME => Ok(Mapping { from, to }),
        [Some(_), Some(_)] => Err(format!("`{of}` holds a name that is longer than {LONGEST_NAME} bytes.")),
        _ => Err(format!("`{of}` holds something else than {{\"from\": column, \"to\": field}}, both strings.")),
    }
}
