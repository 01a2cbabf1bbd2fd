//! The variables that a mapping reads, found in its text.

use super::template::Template;
use crate::{
    json::{self, Kind},
    path::{Path, Segment},
};

/// The root of the paths to variables.
const VARS: &str = "vars";
/// Parameters that are constants and no paths.
const CONSTANTS: [&str; 2] = ["key", "collection"];

/// Returns the names of the variables that parameters or a condition, JSON texts, read.
pub fn variable_references(parameters: &str, condition: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    in_parameter(parameters, &mut found);
    condition.into_iter().for_each(|text| in_condition(text, &mut found));
    found.sort_unstable();
    found.dedup();
    found
}

fn in_parameter(text: &str, found: &mut Vec<String>) {
    match Kind::of(text) {
        Kind::String => found.extend(json::string(text).and_then(|path| name_in(&Path::parse(&path).ok()?))),
        Kind::Array => json::items(text).unwrap_or_default().into_iter().for_each(|item| in_parameter(item, found)),
        Kind::Object => {
            let members = json::members(text).unwrap_or_default();
            if members.len() == 1 && members.contains_key("value") {
                return;
            }
            for (name, value) in &members {
                match &**name {
                    "$in" | "$default" => {}
                    "$template" => {
                        let template = json::string(value).and_then(|text| Template::parse(&text).ok());
                        found.extend(template.iter().flat_map(Template::paths).filter_map(name_in));
                    }
                    name if CONSTANTS.contains(&name) && Kind::of(value) == Kind::String => {}
                    _ => in_parameter(value, found),
                }
            }
        }
        _ => {}
    }
}

fn in_condition(text: &str, found: &mut Vec<String>) {
    match Kind::of(text) {
        Kind::Array => json::items(text).unwrap_or_default().into_iter().for_each(|item| in_condition(item, found)),
        Kind::Object => {
            for (name, value) in json::members(text).unwrap_or_default() {
                match &*name {
                    "$and" | "$or" | "$not" => in_condition(value, found),
                    path => found.extend(Path::parse(path).ok().as_ref().and_then(name_in)),
                }
            }
        }
        _ => {}
    }
}

fn name_in(path: &Path) -> Option<String> {
    match path.segments() {
        [_, Segment::Name(name) | Segment::Quoted(name), ..] if path.head() == Some(VARS) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_in_every_form_and_never_in_constants() {
        let parameters = r#"{"key":"vars.key","recipients":["vars.a",{"collection":"vars.no","id":"vars[\"b\"]"}],
            "data":{"c":{"value":"vars.no"},"d":{"$template":"{{ vars.d }} vars.no \\{{ vars.no }}"},"e":{"$first":["vars.e","x"],
            "$default":"vars.no"},"f":{"$each":"data.items","$as":{"f":"vars.f.g"}},"h":{"$lookup":"vars.h","$in":{"a":"vars.no"}},
            "all":"vars","other":"data.vars.no"}}"#;
        let condition = r#"{"vars.i":"vars.no","$or":[{"$not":{"vars.j":{"$eq":"vars.no"}}}]}"#;
        let found = variable_references(parameters, Some(condition));
        assert_eq!(found, ["a", "b", "d", "e", "f", "h", "i", "j"]);
    }
}
