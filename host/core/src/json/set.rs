//! Writing one value into JSON text.

use super::{Kind, object, point, quote, unescape};

/// Returns a JSON text with a value at a JSON Pointer, in place of the value there or as a new member. Everything else keeps its
/// letters. Objects that are absent on the way are created; none if the way leads through a value that is neither an object nor
/// an item that is there.
pub fn set(text: &str, pointer: &str, value: &str) -> Option<String> {
    if let Some(found) = point(text, pointer) {
        return Some(replaced(text, found, value));
    }
    let (parent, token) = pointer.rsplit_once('/')?;
    let name = unescape(token);
    match point(text, parent) {
        Some(found) if Kind::of(found) == Kind::Object => {
            let (_, members) = found.split_once('{')?;
            let separator = if members.trim_start().starts_with('}') { "" } else { "," };
            Some(replaced(text, found, &format!("{{{}:{value}{separator}{members}", quote(&name))))
        }
        Some(_) => None,
        None => set(text, parent, &object([(name, value)])),
    }
}

/// Returns a text with another text in place of a part of it.
fn replaced(text: &str, part: &str, by: &str) -> String {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    [&text[..start], by, &text[start + part.len()..]].concat()
}
