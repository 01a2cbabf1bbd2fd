//! The nearest path that exists, for a warning about one that finds nothing.

use super::Scope;
use crate::{
    json::{self, Kind},
    nearest::nearest,
    path::{Path, Segment},
};

/// The most members of one object that are compared. A warning is worth microseconds, not milliseconds.
const MAX_MEMBERS: usize = 200;

/// The longest suggestion, in characters. The names in it are the sender's.
const MAX_CHARS: usize = 200;

/// Names the nearest path to one that finds nothing.
pub(crate) fn advice(scope: &Scope<'_>, path: &Path) -> String {
    let found = nearest_path(scope, path).filter(|found| found.chars().count() <= MAX_CHARS);
    match (found, path.header()) {
        (Some(found), _) => format!("there is `{found}`"),
        // A header that is not kept looks like one that was not sent.
        (None, Some(header)) => format!("the request had no header `{header}`, or keep_headers does not name it"),
        (None, None) => "no path is near it".to_owned(),
    }
}

/// Names the nearest path to one below `item.` that finds nothing in an item of `$each`.
pub(super) fn item_advice(item: &str, path: &Path) -> String {
    let rest = path.segments().get(1..).unwrap_or_default();
    match correct(item, rest).filter(|found| found.chars().count() <= MAX_CHARS) {
        Some(found) => format!("there is `item{found}`"),
        None => "no path is near it".to_owned(),
    }
}

/// Returns the nearest path that finds something.
fn nearest_path(scope: &Scope<'_>, path: &Path) -> Option<String> {
    let (head, rest) = path.segments().split_first()?;
    let root = match path.head() {
        Some("data") => Some(&**scope.data),
        Some("event" | "body") if !rest.is_empty() => Some(scope.item),
        Some("headers") => scope.headers,
        Some("vars") => scope.vars,
        _ => None,
    };
    // Below a root of its own, such as `data`, else in the item as it came.
    let below_root = root.and_then(|root| Some(format!("{}{}", text_of(head, true), correct(root, rest)?)));
    below_root.or_else(|| Some(correct(scope.item, path.segments())?.trim_start_matches('.').to_owned())).or_else(
        || {
            // A root that is misspelled: `dat.total`.
            let Segment::Name(name) = head else { return None };
            let root = nearest(name, ["data", "user_id", "hints", "headers", "body", "event"])?;
            match (root, rest) {
                (root, []) => Some(root.to_owned()),
                ("data", rest) => Some(format!("data{}", correct(scope.data, rest)?)),
                _ => None,
            }
        },
    )
}

/// Follows segments through a JSON text, taking the nearest member where one is missing. Returns the corrected segments;
/// none if nothing is near. What follows the last correction may be less than was asked for.
fn correct(text: &str, segments: &[Segment]) -> Option<String> {
    let Some((segment, rest)) = segments.split_first() else { return Some(String::new()) };
    if let Some(inside) = crate::path::find(text, std::slice::from_ref(segment)) {
        return Some(format!("{}{}", text_of(segment, false), correct(inside, rest)?));
    }
    let (Segment::Name(wanted) | Segment::Quoted(wanted)) = segment else { return None };
    if Kind::of(text) != Kind::Object {
        return None;
    }
    let members = json::members(text)?;
    let near = nearest(wanted, members.keys().take(MAX_MEMBERS).map(AsRef::as_ref));
    if let Some(near) = near {
        let inside = members.get(near)?;
        // If what follows is not there, the member itself is the nearest.
        let rest = correct(inside, rest).unwrap_or_default();
        return Some(format!("{}{rest}", text_of(&Segment::Name(near.to_owned()), false)));
    }
    // One level deeper, where the rest of the path exists as it is written.
    members.iter().take(MAX_MEMBERS).find_map(|(name, inside)| {
        crate::path::find(inside, segments)?;
        let written: String = segments.iter().map(|segment| text_of(segment, false)).collect();
        Some(format!("{}{written}", text_of(&Segment::Name(name.to_string()), false)))
    })
}

/// Writes a segment as a path does, with the dot before a name unless it is the first.
fn text_of(segment: &Segment, is_first: bool) -> String {
    let dot = if is_first { "" } else { "." };
    match segment {
        Segment::Index(index) => format!("[{index}]"),
        Segment::Name(name) if !name.is_empty() && !name.contains(['.', '[', ']', '"', '`']) => format!("{dot}{name}"),
        Segment::Name(name) | Segment::Quoted(name) => format!("[{}]", json::quote(name)),
    }
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;

    use super::*;

    fn found(path: &str) -> Option<String> {
        let data = ByteString::from_static(
            r#"{"total":5,"order":{"id":7,"lines":[{"sku":"a"}]},"a.b":{"c":1},"Shipping Address":{"city":"x"}}"#,
        );
        let item = format!(r#"{{"userId":"u","properties":{data},"context":{{"ip":"::1"}}}}"#);
        let headers = Some(r#"{"x-topic":"t"}"#);
        nearest_path(
            &Scope { user_id: None, data: &data, item: &item, headers, hints: None, vars: None },
            &Path::parse(path).unwrap(),
        )
    }

    #[test]
    fn a_slip_is_corrected_wherever_it_is() {
        for (path, nearest) in [
            ("data.totl", "data.total"),
            ("data.Total", "data.total"),
            ("data.ordr.id", "data.order.id"),
            ("data.order.idd", "data.order.id"),
            ("data.order.lines[0].skuu", "data.order.lines[0].sku"),
            ("data.order.line[0].sku", "data.order.lines[0].sku"),
            ("data[\"a.bb\"].c", "data[\"a.b\"].c"),
            ("data.shipping address.city", "data.Shipping Address.city"),
            ("properties.totl", "properties.total"),
            ("event.contxt.ip", "event.context.ip"),
            ("headers.x-topics", "headers.x-topic"),
            ("user", "userId"),
            ("dta.total", "data.total"),
        ] {
            assert_eq!(found(path).as_deref(), Some(nearest), "{path}");
        }
    }

    #[test]
    fn a_path_one_level_too_high_is_found_deeper() {
        assert_eq!(found("data.lines[0].sku").as_deref(), Some("data.order.lines[0].sku"));
    }

    #[test]
    fn nothing_near_is_said_so() {
        assert_eq!(found("data.zzz"), None);
        assert_eq!(found("data.order.lines[4].sku"), None);
        let data = ByteString::from_static("{}");
        let scope = Scope { user_id: None, data: &data, item: "", headers: None, hints: None, vars: None };
        let path = Path::parse("data.sum").unwrap();
        assert_eq!(advice(&scope, &path), "no path is near it");
        let path = Path::parse("headers.X-Topic").unwrap();
        insta::assert_snapshot!(advice(&scope, &path), @"the request had no header `x-topic`, or keep_headers does not name it");
    }
}
