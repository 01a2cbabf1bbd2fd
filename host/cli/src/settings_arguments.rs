//! Settings on the command line: `name=value`, where the value is JSON or else a text.

use std::{path::Path, str::FromStr};

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::secret_file;

/// A setting: a dotted name and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    path: Vec<String>,
    value: Value,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => (name, value),
            _ => return Err("expected NAME=VALUE, for example enforce_idempotency=true".to_owned()),
        };
        let path = name.split('.').map(str::to_owned).collect();
        // Numbers stay texts where they would lose digits.
        let read = serde_json::from_str::<Value>(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        let written = read.to_string();
        let value = match read.is_number() && written != value {
            true => Value::String(value.to_owned()),
            false => read,
        };
        Ok(Self { path, value })
    }
}

impl Setting {
    /// Returns the setting with another value.
    pub fn with_value(self, value: Value) -> Self {
        Self { value, ..self }
    }
}

/// Puts settings into an object. A dotted name reaches into objects, which are made where they are missing.
pub fn apply(object: &mut Map<String, Value>, settings: &[Setting]) {
    for Setting { path, value } in settings {
        put(object, path, value);
    }
}

fn put(object: &mut Map<String, Value>, path: &[String], value: &Value) {
    match path {
        [] => {}
        [last] => _ = object.insert(last.clone(), value.clone()),
        [parent, rest @ ..] => {
            let below = object.entry(parent.clone()).or_insert(Value::Null);
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// Reads a secret from a file, or from the standard input if the path is `-`.
pub fn read_secret(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let secret = std::io::read_to_string(std::io::stdin()).context("cannot read the secret")?;
        return Ok(secret.trim().to_owned());
    }
    secret_file::read(path)?.with_context(|| format!("there is no secret in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(settings: &[&str]) -> Value {
        let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
        let mut object = Map::new();
        apply(&mut object, &settings);
        Value::Object(object)
    }

    #[test]
    fn values_are_json_or_texts_and_names_reach_into_objects() {
        let expected = json!({
            "a": true, "b": null, "c": "data.id", "d": 7, "e": "1.10", "f": ["x"], "g": {"h": "=", "i": {"j": 1}},
        });
        let settings = ["a=true", "b=null", "c=data.id", "d=7", "e=1.10", "f=[\"x\"]", "g.h==", "g.i=x", "g.i.j=1"];
        assert_eq!(applied(&settings), expected);
        assert!("=x".parse::<Setting>().is_err() && "x".parse::<Setting>().is_err());
    }
}
