//! Changing one value of a JSON text. Every other value keeps its digits.

use anyhow::{Context as _, bail};
use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::exit_code::Usage;

/// Puts a value, `PATH=VALUE`, into a JSON object. Objects on the way are made where they are missing.
pub(super) fn set(body: &str, change: &str) -> anyhow::Result<String> {
    let Some((path, value)) = change.split_once('=').filter(|(path, _)| !path.is_empty()) else {
        bail!(Usage(format!("--set is {change:?}; expected PATH=VALUE, for example properties.total=3")));
    };
    let value = match serde_json::from_str::<&RawValue>(value) {
        Ok(value) => value.to_owned(),
        Err(_) => RawValue::from_string(serde_json::to_string(value).context("cannot write the value")?)?,
    };
    let path: Vec<&str> = path.split('.').collect();
    put(body, &path, &value).with_context(|| format!("--set {change} does not fit the example"))
}

fn put(text: &str, path: &[&str], value: &RawValue) -> anyhow::Result<String> {
    let [first, rest @ ..] = path else { return Ok(value.get().to_owned()) };
    if text.trim_start().starts_with('[') {
        let mut items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
        let count = items.len();
        let item = first.parse::<usize>().ok().and_then(|index| items.get_mut(index));
        let item = item.with_context(|| format!("{first:?} is no item of an array of {count}"))?;
        *item = RawValue::from_string(put(item.get(), rest, value)?)?;
        return Ok(serde_json::to_string(&items)?);
    }
    if !text.trim_start().starts_with('{') {
        bail!("there is no {first:?} in {text}");
    }
    let mut members: IndexMap<String, Box<RawValue>> = serde_json::from_str(text)?;
    let below = members.get(*first).map_or("{}", |below| below.get());
    let below = if rest.is_empty() { value.to_owned() } else { RawValue::from_string(put(below, rest, value)?)? };
    members.insert((*first).to_owned(), below);
    Ok(serde_json::to_string(&members)?)
}

#[cfg(test)]
mod tests {
    use super::set;

    #[test]
    fn one_value_changes_and_the_digits_of_the_others_stay() {
        let body = r#"{"id":9007199254740993,"properties":{"total":39.50,"items":[{"n":1.10},{}]}}"#;
        let changed = |change: &str| set(body, change).map_err(|error| format!("{error:#}"));
        assert_eq!(
            changed("properties.total=3").unwrap(),
            r#"{"id":9007199254740993,"properties":{"total":3,"items":[{"n":1.10},{}]}}"#
        );
        assert_eq!(
            changed("properties.items.1.name=Tea").unwrap(),
            r#"{"id":9007199254740993,"properties":{"total":39.50,"items":[{"n":1.10},{"name":"Tea"}]}}"#
        );
        assert_eq!(set("{}", "a.b={\"c\": 1.0}").unwrap(), r#"{"a":{"b":{"c": 1.0}}}"#);
        insta::assert_snapshot!(changed("properties.items.7.n=1").unwrap_err(), @r#"--set properties.items.7.n=1 does not fit the example: "7" is no item of an array of 2"#);
        insta::assert_snapshot!(changed("id.x=1").unwrap_err(), @r#"--set id.x=1 does not fit the example: there is no "x" in 9007199254740993"#);
        insta::assert_snapshot!(changed("id").unwrap_err(), @r#"--set is "id"; expected PATH=VALUE, for example properties.total=3"#);
    }
}
