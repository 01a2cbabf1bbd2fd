//! Redaction of an item before it is planned or stored (semantics.md §7).

mod parameters;

use std::sync::Arc;

use bytestring::ByteString;

pub(crate) use self::parameters::is_form;
use self::parameters::{BLANK, blank_form, blank_object, blank_parameter};
use super::{
    context::Context,
    item::ItemReader,
    slots::{EventSlots, ValueSlots},
};
use crate::{
    contract::{Field, TranslatedEvent, Value},
    hints::{Hints, holds},
    json::{self, Kind, MAX_DEPTH},
    path::{self, Path, Segment},
};

/// The name of a body that was redacted as a whole, because no path can find a value in its format.
const WHOLE_BODY: &str = "body";

/// The place in its item that an event's data was cut from. Steps lead from the item to a value.
#[derive(Debug, Default)]
pub(super) enum DataPlace {
    /// There is no data, or it lies outside of the item.
    #[default]
    Outside,
    /// The data is one value; the operator's path may be read in several ways.
    At(Vec<Vec<Segment>>),
    /// The data's members, by name.
    Members(Vec<(String, Vec<Segment>)>),
    /// The plugin wrote the data.
    Written,
}

impl DataPlace {
    /// Returns the place of a JSON Pointer relative to the item.
    pub(super) fn at(pointer: &str) -> DataPlace {
        DataPlace::At(vec![steps(pointer)])
    }

    /// Returns the steps from the item to what a path names in the data.
    fn targets(&self, rest: &[Segment]) -> Vec<Vec<Segment>> {
        match self {
            DataPlace::Outside | DataPlace::Written => Vec::new(),
            DataPlace::At(places) => places.iter().map(|place| [place, rest].concat()).collect(),
            DataPlace::Members(members) => match rest.split_first() {
                None => members.iter().map(|(_, place)| place.clone()).collect(),
                Some((Segment::Name(first) | Segment::Quoted(first), rest)) => {
                    let named = members.iter().filter(|(name, _)| name == first);
                    named.map(|(_, place)| [place, rest].concat()).collect()
                }
                Some((Segment::Index(_), _)) => Vec::new(),
            },
        }
    }
}

/// Returns the steps of a JSON Pointer.
fn steps(pointer: &str) -> Vec<Segment> {
    let tokens = pointer.split('/').skip(1);
    tokens.map(|token| Segment::Name(token.replace("~1", "/").replace("~0", "~"))).collect()
}

/// A text of a request, before and after its values were blanked.
pub(super) struct Blanked<'t> {
    pub(super) before: &'t str,
    /// None if nothing was blanked.
    pub(super) after: Option<&'t str>,
    pub(super) is_json: bool,
}

impl<'t> Blanked<'t> {
    /// Forwarded headers, JSON objects.
    pub(super) fn headers(before: Option<&'t str>, after: Option<&'t str>) -> Self {
        Self { before: before.unwrap_or_default(), after, is_json: true }
    }

    /// Returns true if a value was blanked, or may have been: values of texts that are not JSON are not compared.
    fn lost(&self, value: &str) -> bool {
        let lost = |after| !self.is_json || holds(self.before, value) && !holds(after, value);
        self.after.is_some_and(lost)
    }
}

/// The redact paths in force for one item, and which of them blanked a value of it.
pub(super) struct Redaction<'c> {
    paths: Vec<(&'c Path, bool)>,
    is_body_blanked: bool,
}

impl<'c> Redaction<'c> {
    pub(super) fn new(context: &Context<'c>) -> Self {
        let paths = context.redact_paths.iter().chain(&context.settings.redact_paths);
        Redaction { paths: paths.map(|path| (path, false)).collect(), is_body_blanked: false }
    }

    /// Returns true if there are redact paths.
    pub(super) fn is_in_force(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Returns an item with its values blanked; `None` if no path names a value of it.
    pub(super) fn item(&mut self, item: &str, place: &DataPlace) -> Option<ByteString> {
        let is_text = self.is_in_force() && json::check(item, MAX_DEPTH).is_err();
        if is_text && is_form(item) {
            let paths = &mut self.paths;
            return blank_form(item, |name, value| blank_by_all(paths, name, value)).map(ByteString::from);
        }
        let mut text: Option<String> = None;
        for (path, hit) in &mut self.paths {
            for segments in item_readings(path, place) {
                let old = text.as_deref().unwrap_or(item);
                let blanked = path::blank(old, &segments).or_else(|| is_text.then(|| blank_lines(old, &segments))?);
                if let Some(blanked) = blanked {
                    (text, *hit) = (Some(blanked), true);
                }
            }
        }
        text.map(ByteString::from)
    }

    /// Returns the text that stands for a body in which no path can find a value; `None` if paths can, or none is in force.
    pub(super) fn opaque(&mut self, text: &str, is_binary: bool) -> Option<ByteString> {
        let is_opaque = self.is_in_force() && (is_binary || is_opaque(text));
        self.is_body_blanked |= is_opaque;
        is_opaque.then(|| ByteString::from_static(BLANK))
    }

    /// Returns an event's data with its values blanked. `data` was cut from the redacted item, unless the plugin wrote it.
    /// `is_of_json` is true if the item is JSON.
    pub(super) fn data(&mut self, data: ByteString, place: &DataPlace, is_of_json: bool) -> ByteString {
        let mut text: Option<String> = None;
        for (path, hit) in &mut self.paths {
            let old = text.as_deref().unwrap_or(&data);
            let blanked = match place {
                // A plugin that writes data of JSON may have left out any of the path's first names.
                DataPlace::Written if is_of_json && *hit => blank_suffixes(old, path),
                DataPlace::Written => blank_object(old, path),
                _ => below(path, &["data"]).filter(|_| old != "{}").and_then(|rest| path::blank(old, rest)),
            };
            if let Some(blanked) = blanked {
                (text, *hit) = (Some(blanked), true);
            }
        }
        text.map_or(data, |text| object_or_empty(Some(text.into())))
    }

    /// Returns forwarded headers with their values blanked.
    pub(super) fn headers(&mut self, headers: Option<Arc<str>>) -> Option<Arc<str>> {
        let mut headers = headers?;
        for (path, hit) in &mut self.paths {
            let name = path.header().map(Segment::Quoted);
            if let Some(blanked) = name.and_then(|name| path::blank(&headers, &[name])) {
                (headers, *hit) = (blanked.into(), true);
            }
        }
        Some(headers)
    }

    /// Returns the hints that are kept. Those that a path names are dropped, and copies of what was blanked elsewhere: the
    /// plugin does not say where it found a hint.
    pub(super) fn hints(&mut self, hints: Option<Box<Hints>>, texts: [Blanked<'_>; 2]) -> Option<Box<Hints>> {
        hints?.without(|name, value| {
            let mut is_named = false;
            for (path, hit) in &mut self.paths {
                let names_it = |rest: &[Segment]| match rest {
                    [] => true,
                    [Segment::Name(named) | Segment::Quoted(named)] => named == name,
                    _ => false,
                };
                if below(path, &["hints"]).is_some_and(names_it) {
                    (is_named, *hit) = (true, true);
                }
            }
            is_named || texts.iter().any(|text| text.lost(value))
        })
    }

    /// Returns the names for the log: the paths that blanked a value, and the query parameters that were withheld.
    pub(super) fn names(&self, withheld: &[String]) -> Vec<String> {
        let hits = self.paths.iter().filter(|(_, hit)| *hit).map(|(path, _)| path.to_string());
        let body = self.is_body_blanked.then(|| WHOLE_BODY.to_owned());
        hits.chain(body).chain(withheld.iter().cloned()).collect()
    }
}

/// Returns query parameters with the values at redact paths blanked.
pub fn redact_query(paths: &[&Path], query: &[Field]) -> Vec<Field> {
    let mut paths: Vec<(&Path, bool)> = paths.iter().map(|path| (*path, false)).collect();
    let blanked = |field: &Field| {
        let value = blank_by_all(&mut paths, &field.name, &field.value);
        Field::new(field.name.clone(), value.unwrap_or_else(|| field.value.clone()))
    };
    query.iter().map(blanked).collect()
}

/// Returns headers with the values at redact paths blanked.
pub fn redact_headers(paths: &[&Path], headers: &[Field]) -> Vec<Field> {
    let blanked = |field: &Field| {
        let is_named = |path: &&Path| path.header().is_some_and(|name| name.eq_ignore_ascii_case(&field.name));
        let value = if paths.iter().any(is_named) { BLANK.to_owned() } else { field.value.clone() };
        Field::new(field.name.clone(), value)
    };
    headers.iter().map(blanked).collect()
}

/// Returns true for a text in which no path can find a value: neither JSON, nor lines of it, nor a form.
pub(super) fn is_opaque(text: &str) -> bool {
    !text.is_empty()
        && json::check(text, usize::MAX).is_err()
        && !is_form(text)
        && !text.lines().all(|line| json::check(line, usize::MAX).is_ok())
}

fn blank_by_all(paths: &mut [(&Path, bool)], name: &str, value: &str) -> Option<String> {
    let mut new: Option<String> = None;
    for (path, hit) in paths {
        if let Some(blanked) = blank_parameter(name, new.as_deref().unwrap_or(value), path) {
            (new, *hit) = (Some(blanked), true);
        }
    }
    new
}

/// Returns all readings of a path over an item. All are blanked, because a path of the settings could find a value in each.
fn item_readings(path: &Path, place: &DataPlace) -> Vec<Vec<Segment>> {
    let below_item = below(path, &["body", "event"]).filter(|rest| !rest.is_empty()).map(<[Segment]>::to_vec);
    let in_data = below(path, &["data"]).map(|rest| place.targets(rest)).unwrap_or_default();
    below_item.into_iter().chain([path.segments().to_vec()]).chain(in_data).collect()
}

/// Returns the steps behind the first one if it is one of the names.
fn below<'p>(path: &'p Path, names: &[&str]) -> Option<&'p [Segment]> {
    path.head().filter(|head| names.contains(head)).and_then(|_| path.segments().get(1..))
}

/// Blanks the values at some steps in every line that is JSON.
fn blank_lines(text: &str, segments: &[Segment]) -> Option<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let blanked: Vec<Option<String>> =
        lines.iter().map(|line| json::check(line, MAX_DEPTH).ok().and_then(|()| path::blank(line, segments))).collect();
    let joined = lines.iter().zip(&blanked).map(|(line, blanked)| blanked.as_deref().unwrap_or(line));
    blanked.iter().any(Option::is_some).then(|| joined.collect::<Vec<_>>().join("\n"))
}

/// Blanks the values at every suffix of a path: of `properties.email`, also `email`.
fn blank_suffixes(object: &str, path: &Path) -> Option<String> {
    let mut text = blank_object(object, path);
    for first in 0..path.segments().len() {
        if let Some(blanked) = path::blank(text.as_deref().unwrap_or(object), &path.segments()[first..]) {
            text = Some(blanked);
        }
    }
    text
}

impl ItemReader<'_, '_> {
    /// Returns the place of an event's data in its item.
    pub(super) fn data_place(&self, event: &TranslatedEvent) -> DataPlace {
        let original = event.original.as_deref().unwrap_or_default();
        if let Some(path) = &self.context.settings.data_path {
            let below = below(path, &["body", "event"]).filter(|rest| !rest.is_empty()).map(<[Segment]>::to_vec);
            return DataPlace::At(below.into_iter().chain([path.segments().to_vec()]).collect());
        }
        match &event.data {
            None => DataPlace::Outside,
            Some(Value::Made(_)) => DataPlace::Written,
            Some(Value::At(pointer)) => {
                inside(original, pointer).map_or(DataPlace::Outside, |rest| DataPlace::at(&rest))
            }
            Some(Value::Assembled(members)) => {
                let inside = members
                    .iter()
                    .filter_map(|(name, pointer)| Some((name.clone(), steps(&inside(original, pointer)?))));
                DataPlace::Members(inside.collect())
            }
        }
    }

    /// Cuts the data out of a redacted item.
    pub(super) fn data_within(
        &self,
        event: &TranslatedEvent,
        slots: &EventSlots<'_>,
        item: &ByteString,
        data: ByteString,
    ) -> ByteString {
        let original = event.original.as_deref().unwrap_or_default();
        let again = match (&self.context.settings.data_path, &event.data, &slots.data) {
            (Some(path), _, _) => self.at_path(path, item),
            (None, Some(Value::At(pointer)), _) => match inside(original, pointer) {
                Some(rest) => json::point(item, &rest).map(ByteString::from),
                None => return data,
            },
            (None, Some(Value::Assembled(members)), Some(ValueSlots::Assembled(slots))) => {
                let members = members.iter().zip(slots).filter_map(|((key, pointer), (_, slot))| {
                    let value = match inside(original, pointer) {
                        Some(rest) => json::point(item, &rest),
                        None => self.pieces.get(*slot),
                    };
                    Some((key, value?))
                });
                Some(json::object(members.collect::<indexmap::IndexMap<_, _>>()).into())
            }
            _ => return data,
        };
        object_or_empty(again)
    }
}

/// Returns data that was cut again; an empty object if it is not there any more or was blanked as a whole.
pub(super) fn object_or_empty(data: Option<ByteString>) -> ByteString {
    data.filter(|text| Kind::of(text) == Kind::Object).unwrap_or_else(|| ByteString::from_static("{}"))
}

/// Returns a pointer relative to the item; `None` outside of it, where only paths into the data reach.
fn inside(original: &str, pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix(original)?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
}
