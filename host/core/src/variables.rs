//! Variables of an environment: texts that its mappings share as `vars.NAME`.
//!
//! A secret variable is never a part of an event: what a mapping resolves is logged.

use std::collections::BTreeMap;

use crate::{json, nearest::nearest};

/// The most variables of one environment.
pub const MAX_VARIABLES: usize = 100;
/// The most bytes of the values of one environment's variables in all.
pub const MAX_BYTES: usize = 256 * 1024;
/// The longest key, in characters.
const MAX_KEY: usize = 64;

/// The type of a variable. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableType {
    /// Mappings read it, and it is shown.
    Public,
    /// It is stored sealed and never shown.
    Secret,
}

impl VariableType {
    /// Returns the name used in requests, responses and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Secret => "secret",
        }
    }

    /// Returns the type of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Public, Self::Secret].into_iter().find(|known| known.as_str() == name)
    }
}

/// The variables of one environment, as mappings see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    types: BTreeMap<String, VariableType>,
    public: String,
}

impl Default for Variables {
    fn default() -> Self {
        Self { types: BTreeMap::new(), public: "{}".to_owned() }
    }
}

impl Variables {
    /// Collects variables by key, each with its value unless it is secret.
    pub fn new<'v>(variables: impl IntoIterator<Item = (&'v str, Option<&'v str>)>) -> Self {
        let (mut types, mut values) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in variables {
            let kind = if value.is_some() { VariableType::Public } else { VariableType::Secret };
            types.insert(key.to_owned(), kind);
            values.extend(value.map(|value| (key, json::quote(value))));
        }
        let public = json::object(values.iter().map(|(key, value)| (*key, value.as_str())));
        Self { types, public }
    }

    /// Returns the public variables, a JSON object of strings.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Refuses the name of a variable that a mapping cannot read. The error is a sentence without its subject.
    pub fn check_reference(&self, name: &str) -> Result<(), String> {
        match self.types.get(name) {
            Some(VariableType::Public) => Ok(()),
            Some(VariableType::Secret) => Err(format!(
                "it reads vars.{name}, which is secret; what a mapping reads is logged, so a mapping reads public variables \
                 only"
            )),
            None => {
                let public = self.types.iter().filter(|(_, kind)| **kind == VariableType::Public);
                let near = nearest(name, public.map(|(key, _)| key.as_str()));
                let near = near.map(|near| format!("; the nearest is vars.{near}")).unwrap_or_default();
                Err(format!("it reads vars.{name}, and the environment has no such variable{near}"))
            }
        }
    }
}

/// Checks the key of a variable. The error is a sentence without its subject.
pub fn check_key(key: &str) -> Result<(), String> {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_key = key.bytes().next().is_some_and(is_start)
        && key.bytes().all(|byte| is_start(byte) || byte.is_ascii_digit())
        && key.len() <= MAX_KEY;
    match is_key {
        true => Ok(()),
        false => Err(format!(
            "found {key:?}, expected a letter or _, then letters, digits and _, at most {MAX_KEY} characters in all"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_variables_are_read_and_a_wrong_name_names_the_nearest() {
        let variables = Variables::new([("base_url", Some("https://a.example\"")), ("token", None)]);
        assert_eq!(variables.public(), r#"{"base_url":"https://a.example\""}"#);
        assert_eq!(Variables::default().public(), "{}");
        assert_eq!(variables.check_reference("base_url"), Ok(()));
        let error = |name| variables.check_reference(name).unwrap_err();
        insta::assert_snapshot!(error("token"), @"it reads vars.token, which is secret; what a mapping reads is logged, so a mapping reads public variables only");
        insta::assert_snapshot!(error("base_ulr"), @"it reads vars.base_ulr, and the environment has no such variable; the nearest is vars.base_url");
        insta::assert_snapshot!(error("tokem"), @"it reads vars.tokem, and the environment has no such variable");
    }

    #[test]
    fn keys_are_names() {
        for key in ["a", "_", "BASE_URL2", &"a".repeat(64)] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
        for key in ["", "2a", "a-b", "a.b", "é", &"a".repeat(65)] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }
}
