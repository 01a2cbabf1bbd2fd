//! The configuration of a sync of Hightouch: its object and mode, and which column of the model is which field.

use std::borrow::Cow;

use inlet_core::json::{self, Kind, Members};

use super::object::{AUDIENCE_KEY, Object, USER_ID};
use crate::recipients::audiences;

/// The mode that sends removed rows too.
pub const MIRROR: &str = "mirror";
/// The most mappings. Each is looked up in every row.
const MAX_MAPPINGS: usize = 1000;

/// The configuration of a sync.
#[derive(Debug)]
pub struct Configuration<'a> {
    /// The object.
    pub object: Object,
    /// True if removed rows are sent.
    pub is_mirror: bool,
    /// The audience, a JSON string.
    audience_key: Option<&'a str>,
    /// The column that identifies rows comes last, because the last mapping to a field counts.
    mappings: Vec<Mapping>,
}

/// A mapping from a column of the model to a field.
#[derive(Debug)]
struct Mapping {
    from: String,
    to: String,
}

impl<'a> Configuration<'a> {
    /// Reads a configuration. An error is a sentence about the member that is wrong.
    pub fn read(configuration: Option<&'a str>) -> Result<Self, String> {
        let configuration = configuration.and_then(json::members).ok_or("configuration is absent or no object")?;
        let member = |name: &str| configuration.get(name).copied().filter(|value| Kind::of(value) != Kind::Null);
        let object = Object::read(member("object"))
            .ok_or("configuration.object names no object of this destination; expected \"user\" or \"audience\"")?;
        let mappings = member("mappings").map_or(Ok(Vec::new()), read_mappings)?;
        let identifier = member("identifierMapping").map(|mapping| read_mapping("identifierMapping", mapping));
        let mappings = mappings.into_iter().map(Ok).chain(identifier).collect::<Result<_, _>>()?;
        Ok(Self {
            object,
            is_mirror: member("mode").and_then(json::string).as_deref() == Some(MIRROR),
            audience_key: member(AUDIENCE_KEY),
            mappings,
        })
    }

    /// Returns the column that is mapped to a field.
    pub fn column(&self, field: &str) -> Option<&str> {
        self.mappings.iter().rev().find(|mapping| mapping.to == field).map(|mapping| mapping.from.as_str())
    }

    /// Returns a row under the names of the fields. Columns that are not mapped, or not in the row, are left out.
    pub fn record<'r>(&'r self, row: &Members<'r>, identifier: &str) -> Members<'r> {
        let mapped = self
            .mappings
            .iter()
            .filter_map(|mapping| Some((Cow::Borrowed(mapping.to.as_str()), *row.get(mapping.from.as_str())?)));
        let user_id = row.get(identifier).map(|id| (Cow::Borrowed(USER_ID), *id));
        let audience = self.audience_key.map(|key| (Cow::Borrowed(AUDIENCE_KEY), key));
        mapped.chain(user_id).chain(audience).collect()
    }

    /// Returns the reasons why no row will be taken.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.column(USER_ID).is_none() {
            faults.push(format!("No column is mapped to {USER_ID}, by which users are told apart."));
        }
        let has_key = || {
            let key = self.audience_key.and_then(json::string);
            self.column(AUDIENCE_KEY).is_some() || key.is_some_and(|key| audiences::checked_key(&key).is_ok())
        };
        if self.object == Object::Audience && !has_key() {
            faults.push("Set the option Audience key to the key of an audience: 1 to 256 characters.".to_owned());
        }
        faults
    }
}

fn read_mappings(mappings: &str) -> Result<Vec<Mapping>, String> {
    match json::array_len(mappings) {
        Some(found) if found > MAX_MAPPINGS => {
            Err(format!("configuration.mappings holds {found} mappings; at most {MAX_MAPPINGS} are allowed"))
        }
        Some(_) => {
            let mappings = json::items(mappings).unwrap_or_default();
            mappings.into_iter().map(|mapping| read_mapping("mappings", mapping)).collect()
        }
        None => {
            let found = Kind::of(mappings).with_article();
            Err(format!("configuration.mappings is {found}; expected an array"))
        }
    }
}

fn read_mapping(member: &str, mapping: &str) -> Result<Mapping, String> {
    let text = |name| json::member(mapping, name).and_then(json::string);
    match (text("from"), text("to")) {
        (Some(from), Some(to)) => Ok(Mapping { from, to }),
        _ => Err(format!(
            "configuration.{member} holds something else than {{\"from\": column, \"to\": field}}, both strings"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(configuration: &str) -> Vec<String> {
        Configuration::read(Some(configuration)).map_or_else(|error| vec![error], |read| read.faults())
    }

    #[test]
    fn a_row_is_read_under_the_names_of_its_fields_with_every_digit() {
        let text = r#"{"object":"audience","mode":"mirror","audience_key":"trial","identifierMapping":{"from":"ID","to":"user_id"},"mappings":[{"from":"ORG","to":"tenant"},{"from":"MISSING","to":"name"}]}"#;
        let configuration = Configuration::read(Some(text)).unwrap();
        assert!(configuration.is_mirror);
        let row = json::members(r#"{"ID":9007199254740993,"ORG":"acme","OTHER":1}"#).unwrap();
        let record = configuration.record(&row, configuration.column(USER_ID).unwrap());
        assert_eq!(json::object(record), r#"{"tenant":"acme","user_id":9007199254740993,"audience_key":"trial"}"#);
    }

    #[test]
    fn the_last_mapping_to_a_field_counts_and_the_identifier_mapping_above_all() {
        let text = r#"{"object":"user","identifierMapping":{"from":"ID","to":"user_id"},"mappings":[{"from":"A","to":"name"},{"from":"B","to":"name"},{"from":"C","to":"user_id"}]}"#;
        let configuration = Configuration::read(Some(text)).unwrap();
        assert_eq!((configuration.column("name"), configuration.column(USER_ID)), (Some("B"), Some("ID")));
    }

    #[test]
    fn what_is_wrong_with_a_configuration_is_said() {
        let many = format!(r#"{{"object":"user","mappings":[{}]}}"#, vec!["{}"; 1001].join(","));
        let errors = [
            "[]",
            r#"{"object":"event"}"#,
            r#"{"object":"user","mappings":{}}"#,
            r#"{"object":"user","mappings":[{"from":"A"}]}"#,
            r#"{"object":"user","identifierMapping":7}"#,
            r#"{"object":"user"}"#,
            r#"{"object":"audience","identifierMapping":{"from":"ID","to":"user_id"}}"#,
            r#"{"object":"audience","audience_key":"","identifierMapping":{"from":"ID","to":"user_id"}}"#,
            &many,
        ];
        insta::assert_snapshot!(errors.map(|text| faults(text).join(" ")).join("\n"), @r#"
        configuration is absent or no object
        configuration.object names no object of this destination; expected "user" or "audience"
        configuration.mappings is an object; expected an array
        configuration.mappings holds something else than {"from": column, "to": field}, both strings
        configuration.identifierMapping holds something else than {"from": column, "to": field}, both strings
        No column is mapped to user_id, by which users are told apart.
        Set the option Audience key to the key of an audience: 1 to 256 characters.
        Set the option Audience key to the key of an audience: 1 to 256 characters.
        configuration.mappings holds 1001 mappings; at most 1000 are allowed
        "#);
        assert!(
            faults(r#"{"object":"audience","audience_key":"t","identifierMapping":{"from":"ID","to":"user_id"}}"#)
                .is_empty()
        );
    }
}
