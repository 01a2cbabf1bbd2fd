//! Blanking the value at a path.

use super::Segment;
use crate::json::{self, Kind};

/// Blanks the value at a path and returns the new text; none if nothing is there. Null holds nothing to hide and stays, so
/// that it goes on to mean absent. Duplicates of a key are blanked too.
pub fn blank(text: &str, segments: &[Segment]) -> Option<String> {
    let Some((segment, rest)) = segments.split_first() else {
        return (Kind::of(text) != Kind::Null).then(|| "\"[redacted]\"".to_owned());
    };
    match (segment, Kind::of(text)) {
        (Segment::Name(name) | Segment::Quoted(name), Kind::Object) => {
            // All members of that name: an earlier duplicate would otherwise stay readable.
            let members = json::all_members(text)?;
            let blanked: Vec<Option<String>> =
                members.iter().map(|(key, value)| if key == name { blank(value, rest) } else { None }).collect();
            blanked.iter().any(Option::is_some).then(|| {
                let values = members.iter().zip(&blanked);
                json::object(values.map(|((key, value), blanked)| (key, blanked.as_deref().unwrap_or(value))))
            })
        }
        (Segment::Name(_) | Segment::Index(_), Kind::Array) => {
            let index = match segment {
                Segment::Index(index) => *index,
                Segment::Name(name) => name.parse().ok()?,
                Segment::Quoted(_) => return None,
            };
            let items = json::items(text)?;
            let blanked = blank(items.get(index)?, rest)?;
            Some(json::array(items.iter().enumerate().map(
                |(at, &item)| {
                    if at == index { blanked.as_str() } else { item }
                },
            )))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Path, *};

    #[test]
    fn blanking_leaves_no_duplicate_readable() {
        let blanked = |text: &str, path: &str| blank(text, Path::parse(path).unwrap().segments());
        assert_eq!(
            blanked(r#"{"a":{"s":"x","s":"y","t":1}}"#, "a.s").unwrap(),
            r#"{"a":{"s":"[redacted]","s":"[redacted]","t":1}}"#
        );
        assert_eq!(blanked(r#"{"a":[1,{"s":2}]}"#, "a[1].s").unwrap(), r#"{"a":[1,{"s":"[redacted]"}]}"#);
        assert_eq!(blanked(r#"{"a":1}"#, "b"), None);
        assert_eq!(blanked(r#"{"a":{"s": null }}"#, "a.s"), None);
        assert_eq!(
            blanked(r#"{"s":"x","s":null,"t":[null]}"#, "s").unwrap(),
            r#"{"s":"[redacted]","s":null,"t":[null]}"#
        );
    }
}
