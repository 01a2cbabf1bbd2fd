//! Resolving `$first`, `$template`, `$each` and `$lookup` against an event.

use std::borrow::Cow;

use bytestring::ByteString;

use super::{
    Parameter, Resolver,
    form::Form,
    missing::Missing,
    place::Place,
    resolver::Failure,
    template::{Piece, Template},
};
use crate::{
    json::{self, Kind},
    path::{self, Path},
};

/// The root of the paths that read the item of an `$each`.
const ITEM: &str = "item";
/// The longest text of a template, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// The largest result of an `$each`, in bytes. Without a limit, a thousand items could each repeat a whole body.
const MAX_EACH_BYTES: usize = 4 * 1024 * 1024;

impl<'a> Resolver<'a> {
    pub(super) fn resolve_form(&mut self, place: &Place<'_>, form: &'a Form, item: Option<&str>) -> Option<ByteString> {
        match form {
            Form::First { candidates, default } => self.first(place, candidates, default.as_deref(), item),
            Form::Template(template) => self.template(place, template, item),
            Form::Each { items, value } => self.each(place, items, value),
            Form::Lookup { key, table, default } => {
                let missing = self.missing.len();
                let key = self.resolve(&Place::Member(place, "$lookup"), key, item);
                let entry = key.as_deref().and_then(key_text).and_then(|key| table.get(key.as_ref()));
                match (entry, default) {
                    (Some(entry), _) => {
                        self.record(&Place::Member(place, "$in"), "constant");
                        Some(entry.as_str().into())
                    }
                    (None, Some(default)) => {
                        self.missing.truncate(missing);
                        self.default(place, default)
                    }
                    (None, None) => {
                        // A key that is missing has its own warning.
                        if key.is_some() {
                            self.missing.push(Missing::Lookup { place: place.to_string() });
                        }
                        None
                    }
                }
            }
        }
    }

    /// Returns the value at a path and records its origin. A path that begins with `item` reads the item of the `$each`
    /// around it.
    pub(super) fn find(&mut self, place: &Place<'_>, path: &Path, item: Option<&str>) -> Option<ByteString> {
        let (value, origin) = match item.filter(|_| path.head() == Some(ITEM)) {
            Some(item) => {
                let rest = path.segments().get(1..).unwrap_or_default();
                path::find(item, rest).map(|found| (ByteString::from(found), "each"))
            }
            None => self.scope.find(path),
        }?;
        self.record(place, origin);
        Some(value)
    }

    /// Records that a path finds nothing; for the items of an `$each` once.
    pub(super) fn miss(&mut self, place: &Place<'_>, path: &'a Path, item: Option<&str>) {
        if item.is_some() && self.is_recorded(path) {
            return;
        }
        let place = place.to_string();
        self.missing.push(match item.filter(|_| path.head() == Some(ITEM)) {
            Some(item) => Missing::InItem { place, path, item: item.to_owned() },
            None => Missing::Path { place, path },
        });
    }

    fn is_recorded(&self, path: &Path) -> bool {
        self.missing.iter().filter_map(Missing::path).any(|recorded| std::ptr::eq(recorded, path))
    }

    fn first(
        &mut self,
        place: &Place<'_>,
        candidates: &'a [Parameter],
        default: Option<&str>,
        item: Option<&str>,
    ) -> Option<ByteString> {
        let list = Place::Member(place, "$first");
        for (index, candidate) in candidates.iter().enumerate() {
            let (found_in, missing) = (self.found_in.len(), self.missing.len());
            let value = self.resolve(&Place::Index(&list, index), candidate, item);
            if let Some(value) = value.filter(|value| Kind::of(value) != Kind::Null) {
                return Some(value);
            }
            self.found_in.truncate(found_in);
            self.missing.truncate(missing);
        }
        if let Some(default) = default {
            return self.default(place, default);
        }
        let path = candidates.iter().find_map(|candidate| match candidate {
            Parameter::Path(path) => Some(path),
            _ => None,
        });
        if item.is_none() || path.is_none_or(|path| !self.is_recorded(path)) {
            self.missing.push(Missing::First { place: place.to_string(), path });
        }
        None
    }

    fn template(&mut self, place: &Place<'_>, template: &'a Template, item: Option<&str>) -> Option<ByteString> {
        let mut text = String::new();
        for piece in template.pieces() {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Path(path) => {
                    let written = format!("{{{{ {path} }}}}");
                    match self.find(&Place::Member(place, &written), path, item) {
                        Some(value) => text.push_str(&text_of(&value)),
                        None if item.is_some() && self.is_recorded(path) => {}
                        None => {
                            let item = item.filter(|_| path.head() == Some(ITEM)).map(str::to_owned);
                            self.missing.push(Missing::InTemplate { place: place.to_string(), path, item });
                        }
                    }
                }
            }
            if text.len() > MAX_TEXT_BYTES {
                let message = format!("`{place}`: the text of its template is longer than {MAX_TEXT_BYTES} bytes");
                return self.fail(Failure::Value(message));
            }
        }
        Some(json::quote(&text).into())
    }

    fn each(&mut self, place: &Place<'_>, path: &'a Path, value: &'a Parameter) -> Option<ByteString> {
        let list = Place::Member(place, "$each");
        let Some(found) = self.find(&list, path, None) else {
            self.miss(&list, path, None);
            return None;
        };
        match Kind::of(&found) {
            Kind::Array => {}
            Kind::Null => return Some(found),
            other => {
                let message = format!("`{list}`: the path `{path}` finds {}; expected an array", other.with_article());
                return self.fail(Failure::Value(message));
            }
        }
        let count = json::array_len(&found).unwrap_or_default();
        let max = self.max_items;
        if count > max {
            let message = format!("`{list}`: `{path}` has {count} items; at most {max} are allowed");
            return self.fail(Failure::TooMany { found: count, message });
        }
        let mut results = Vec::with_capacity(count);
        let mut bytes = 0;
        for item in json::items(&found).unwrap_or_default() {
            let result = self.resolve(&Place::Member(place, "$as"), value, Some(item));
            self.is_repeated = true;
            bytes += result.as_ref().map_or(0, |result| result.len());
            if bytes > MAX_EACH_BYTES {
                self.is_repeated = false;
                let message = format!("`{place}`: the result of its $each is larger than {MAX_EACH_BYTES} bytes");
                return self.fail(Failure::Value(message));
            }
            results.push(result);
        }
        self.is_repeated = false;
        Some(json::array(results.iter().map(|result| result.as_deref().unwrap_or("null"))).into())
    }

    fn default(&mut self, place: &Place<'_>, default: &str) -> Option<ByteString> {
        self.record(&Place::Member(place, "$default"), "constant");
        Some(default.into())
    }

    fn fail(&mut self, failure: Failure) -> Option<ByteString> {
        self.failure.get_or_insert(failure);
        None
    }
}

/// Returns a value as a template writes it: a string without quotes, nothing for null, arrays and objects as compact JSON.
fn text_of(value: &str) -> Cow<'_, str> {
    match Kind::of(value) {
        Kind::Null => Cow::Borrowed(""),
        Kind::String => Cow::Owned(json::string(value).unwrap_or_default()),
        Kind::Bool | Kind::Number => Cow::Borrowed(value.trim()),
        Kind::Array | Kind::Object => json::compact(value),
    }
}

/// Returns the key of a table that a value names: a string, a number in plain digits, `true` or `false`.
fn key_text(value: &str) -> Option<Cow<'_, str>> {
    match Kind::of(value) {
        Kind::String => json::string(value).map(Cow::Owned),
        Kind::Number => Some(json::decimal(value)),
        Kind::Bool => Some(Cow::Borrowed(value.trim())),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}
