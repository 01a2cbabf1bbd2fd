//! The places of a request that verification reads values from: a header, a query parameter, or a JSON Pointer into the body.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Sent;
use crate::json::{self, Kind};

/// The longest value that is read from the query or from the body, in bytes: more than a signature, a token or a time has.
const MAX_VALUE: usize = 8 * 1024;

/// A place of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'t> {
    /// A header, in lower case.
    Header(&'t str),
    /// A query parameter, decoded.
    Query(&'t str),
    /// A JSON Pointer to a string or a number of the body.
    Body(&'t str),
}

/// A value as it was found at its place.
pub(super) enum Found<'a> {
    /// The place is empty.
    Missing,
    /// One value.
    Once(Cow<'a, [u8]>),
    /// A header or a query parameter that was sent more than once. A proxy in front might have believed the other one.
    Doubled,
}

impl<'t> Place<'t> {
    /// Returns the place that one of three members names; none if none does or several do.
    pub(super) fn of(header: Option<&'t str>, query: Option<&'t str>, body: Option<&'t str>) -> Option<Self> {
        match (header, query, body) {
            (Some(name), None, None) => Some(Self::Header(name)),
            (None, Some(name), None) => Some(Self::Query(name)),
            (None, None, Some(pointer)) => Some(Self::Body(pointer)),
            _ => None,
        }
    }

    /// Returns the name if the place is a header.
    pub(super) fn header(self) -> Option<&'t str> {
        match self {
            Self::Header(name) => Some(name),
            Self::Query(_) | Self::Body(_) => None,
        }
    }

    /// Returns true if the place is a query parameter.
    pub(super) fn is_query(self) -> bool {
        matches!(self, Self::Query(_))
    }
}

impl<'a> Sent<'a> {
    /// Returns the value at a place.
    pub(super) fn find(&self, place: Place<'_>) -> Found<'a> {
        match place {
            Place::Header(name) => self.header(name),
            Place::Query(name) => self.parameter(name),
            Place::Body(pointer) => self.member(pointer),
        }
    }

    /// Returns the value at a place as text; none if it is missing, doubled or not UTF-8.
    pub(super) fn text(&self, place: Place<'_>) -> Option<Cow<'a, str>> {
        match self.find(place) {
            Found::Once(value) => text(value),
            Found::Missing | Found::Doubled => None,
        }
    }

    fn header(&self, name: &str) -> Found<'a> {
        let mut values = self.headers.iter().filter(|(sent, _)| *sent == name).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (None, _) => Found::Missing,
            (Some(value), None) => Found::Once(Cow::Borrowed(value)),
            (Some(_), Some(_)) => Found::Doubled,
        }
    }

    fn parameter(&self, name: &str) -> Found<'a> {
        let mut values = pairs(self.target.query).filter(|(sent, _)| *decode(sent) == *name.as_bytes());
        match (values.next(), values.next()) {
            (None, _) => Found::Missing,
            (Some((_, value)), None) if value.len() > MAX_VALUE => Found::Missing,
            (Some((_, value)), None) => Found::Once(decode(value)),
            (Some(_), Some(_)) => Found::Doubled,
        }
    }

    fn member(&self, pointer: &str) -> Found<'a> {
        let value = std::str::from_utf8(self.body).ok().and_then(|body| json::point(body, pointer));
        match value.filter(|value| value.len() <= MAX_VALUE).map(|value| (Kind::of(value), value)) {
            Some((Kind::String, value)) => {
                json::string(value).map_or(Found::Missing, |text| Found::Once(text.into_bytes().into()))
            }
            Some((Kind::Number, value)) => Found::Once(Cow::Borrowed(value.as_bytes())),
            _ => Found::Missing,
        }
    }
}

/// Returns the text of a value, shared where the value is.
pub(super) fn text(value: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match value {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// Returns a part of a text, shared where the text is.
pub(super) fn part_of<'a>(whole: &Cow<'a, str>, part: &str) -> Cow<'a, str> {
    match whole {
        Cow::Borrowed(whole) => {
            let start = part.as_ptr().addr() - whole.as_ptr().addr();
            Cow::Borrowed(&whole[start..start + part.len()])
        }
        Cow::Owned(_) => Cow::Owned(part.to_owned()),
    }
}

/// Returns the pairs of a query or a form, still encoded.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Decodes a name or a value of a query or a form.
pub(super) fn decode(text: &str) -> Cow<'_, [u8]> {
    match text.contains('+') {
        true => Cow::Owned(percent_decode_str(&text.replace('+', " ")).collect()),
        false => percent_decode_str(text).into(),
    }
}
