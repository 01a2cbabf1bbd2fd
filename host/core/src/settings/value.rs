//! Reading the value of one setting.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{
    BadSetting, KeyPaths, MAX_KEY_PATHS, OnReject,
    origin::{ANY_ORIGIN, check_origin},
};
use crate::{path::Path, verification::VerificationHeaders};

/// The value of one setting in a change; null returns the setting to its default.
pub(super) struct SettingValue<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl SettingValue<'_> {
    pub(super) fn expected(&self, what: &str) -> BadSetting {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        BadSetting::new(self.name, format!("found {found}, expected {what} or null"))
    }

    pub(super) fn bool(&self, default: bool) -> Result<bool, BadSetting> {
        match self.value {
            Value::Null => Ok(default),
            Value::Bool(value) => Ok(*value),
            _ => Err(self.expected("true, false")),
        }
    }

    pub(super) fn number(&self, range: RangeInclusive<u64>) -> Result<Option<u64>, BadSetting> {
        match self.value {
            Value::Null => Ok(None),
            Value::Number(number) => match number.as_u64().filter(|number| range.contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(BadSetting::new(
                    self.name,
                    format!("found {number}, expected a whole number from {} to {}", range.start(), range.end()),
                )),
            },
            _ => Err(self.expected("a whole number")),
        }
    }

    pub(super) fn on_reject(&self) -> Result<Option<OnReject>, BadSetting> {
        const EXPECTED: &str = r#""accept" (200)"#;
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) => match serde_json::from_value(self.value.clone()) {
                Ok(choice) => Ok(Some(choice)),
                Err(_) => {
                    let found: String = text.chars().take(100).collect();
                    Err(BadSetting::new(self.name, format!("found {found:?}, expected {EXPECTED} or \"refuse\" (422)")))
                }
            },
            _ => Err(self.expected(&format!("{EXPECTED}, \"refuse\" (422)"))),
        }
    }

    pub(super) fn path(&self, default: &Option<Path>) -> Result<Option<Path>, BadSetting> {
        match self.value {
            Value::Null => Ok(default.clone()),
            Value::String(text) => {
                Path::parse(text).map(Some).map_err(|error| BadSetting::new(self.name, error.to_string()))
            }
            _ => Err(self.expected("a path (a string)")),
        }
    }

    pub(super) fn key_paths(&self, default: &Option<KeyPaths>) -> Result<Option<KeyPaths>, BadSetting> {
        let expected = || self.expected("a path (a string), an array of paths");
        let texts: Vec<&str> = match self.value {
            Value::Null => return Ok(default.clone()),
            Value::String(text) => vec![text],
            Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(expected)?,
            _ => return Err(expected()),
        };
        let count = texts.len();
        let paths = texts.into_iter().map(Path::parse).collect::<Result<Vec<Path>, _>>();
        let paths = paths.map_err(|error| BadSetting::new(self.name, error.to_string()))?;
        KeyPaths::new(paths)
            .map(Some)
            .ok_or_else(|| BadSetting::new(self.name, format!("found {count} paths, expected 1 to {MAX_KEY_PATHS}")))
    }

    fn strings(&self) -> Result<Option<Vec<&str>>, BadSetting> {
        match self.value {
            Value::Null => Ok(None),
            Value::Array(items) if items.len() <= 100 => items
                .iter()
                .map(Value::as_str)
                .collect::<Option<Vec<_>>>()
                .map(Some)
                .ok_or_else(|| self.expected("an array of strings")),
            _ => Err(self.expected("an array of at most 100 strings")),
        }
    }

    pub(super) fn paths(&self, default: &[Path]) -> Result<Vec<Path>, BadSetting> {
        let Some(texts) = self.strings()? else { return Ok(default.to_vec()) };
        texts
            .into_iter()
            .map(|text| Path::parse(text).map_err(|error| BadSetting::new(self.name, error.to_string())))
            .collect()
    }

    pub(super) fn header(&self, default: &Option<String>) -> Result<Option<String>, BadSetting> {
        match self.value {
            Value::Null => Ok(default.clone()),
            Value::String(name) => self.header_name(name).map(Some),
            _ => Err(self.expected("a header's name")),
        }
    }

    pub(super) fn verification_headers(
        &self,
        default: Option<VerificationHeaders>,
    ) -> Result<Option<VerificationHeaders>, BadSetting> {
        match self.value {
            Value::Null => Ok(default),
            Value::String(name) => VerificationHeaders::parse(name).map(Some).ok_or_else(|| {
                BadSetting::new(self.name, format!("found {name:?}, expected webhook, svix, either or null"))
            }),
            _ => Err(self.expected("webhook, svix, either")),
        }
    }

    pub(super) fn origins(&self, default: &[String]) -> Result<Vec<String>, BadSetting> {
        let Some(texts) = self.strings()? else { return Ok(default.to_vec()) };
        if texts.contains(&ANY_ORIGIN) {
            return match texts.len() {
                1 => Ok(vec![ANY_ORIGIN.to_owned()]),
                _ => Err(BadSetting::new(self.name, "\"*\" allows every origin; send it alone, or take it out")),
            };
        }
        let check = |text: &str| check_origin(text).map(|()| text.to_owned());
        texts.into_iter().map(|text| check(text).map_err(|error| BadSetting::new(self.name, error))).collect()
    }

    pub(super) fn headers(&self, default: &[String]) -> Result<Vec<String>, BadSetting> {
        let Some(names) = self.strings()? else { return Ok(default.to_vec()) };
        names.into_iter().map(|name| self.header_name(name)).collect()
    }

    /// Checks the name of a header (RFC 9110, token) and returns it in lower case.
    fn header_name(&self, name: &str) -> Result<String, BadSetting> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let name = name.trim();
        match !name.is_empty() && name.len() <= 256 && name.bytes().all(token) {
            true => Ok(name.to_ascii_lowercase()),
            false => Err(BadSetting::new(self.name, format!("{name:?} is not a header's name"))),
        }
    }
}
