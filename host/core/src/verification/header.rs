//! Reading the claim of a request out of its headers, query or body: signatures, a time, an id.

use std::borrow::Cow;

use super::{
    List, Sent, Signature, SignedTemplate, Unit,
    place::{self, Found, Place},
};

/// The claim of a request: its signatures with the time and the id that they sign.
pub(super) struct Claim<'a> {
    /// The decoded signatures; one valid signature is enough.
    pub(super) signatures: Vec<Vec<u8>>,
    pub(super) timestamp: Option<SignedAt<'a>>,
    pub(super) id: Option<Cow<'a, str>>,
}

/// The time of signing that a request claims.
pub(super) struct SignedAt<'a> {
    /// The text as sent, which is the signed form.
    pub(super) text: Cow<'a, str>,
    /// The time in milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// A header that cannot be read, or that says a thing twice.
pub(super) struct Malformed;

/// The most signatures of a request, more than a rotation ever sends. Each costs a comparison, and a sender must not
/// choose their number.
const MAX_SIGNATURES: usize = 16;

impl Signature {
    /// Reads the claim of a request whose signature stands in this value.
    pub(super) fn read_claim<'a>(&self, sent: &Sent<'a>, value: Cow<'a, [u8]>) -> Result<Claim<'a>, Malformed> {
        let value = place::text(value).ok_or(Malformed)?;
        let (signatures, in_list) = match &self.list {
            None => (vec![&*value], None),
            Some(list) => list.read(&value)?,
        };
        // Unreadable signatures are skipped: a list may hold signatures of another kind under the same name.
        let signatures: Vec<Vec<u8>> = signatures
            .into_iter()
            .filter_map(|text| self.encoding.read(text.strip_prefix(self.prefix.as_str())?))
            .collect();
        if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
            return Err(Malformed);
        }
        let in_list = in_list.map(|text| place::part_of(&value, text));
        Ok(Claim { signatures, timestamp: self.read_timestamp(sent, in_list)?, id: self.read_id(sent)? })
    }

    /// Returns true if a value of the credential's header has the form of a signature of the right length.
    pub(super) fn could_be(&self, value: &[u8]) -> bool {
        let Ok(value) = std::str::from_utf8(value) else { return false };
        let found = match &self.list {
            None => vec![value],
            Some(list) => list.read(value).map(|(signatures, _)| signatures).unwrap_or_default(),
        };
        let read = |text: &str| self.encoding.read(text.strip_prefix(self.prefix.as_str())?);
        found.into_iter().filter_map(read).any(|signature| self.algorithm.lengths().contains(&signature.len()))
    }

    fn read_timestamp<'a>(
        &self,
        sent: &Sent<'a>,
        in_list: Option<Cow<'a, str>>,
    ) -> Result<Option<SignedAt<'a>>, Malformed> {
        let Some(timestamp) = &self.timestamp else { return Ok(None) };
        let text = match timestamp.place() {
            None => in_list,
            Some(place) => optional(sent, place)?,
        };
        text.map(|text| {
            let at_ms = timestamp.unit.read(&text).ok_or(Malformed)?;
            Ok(SignedAt { text, at_ms })
        })
        .transpose()
    }

    fn read_id<'a>(&self, sent: &Sent<'a>) -> Result<Option<Cow<'a, str>>, Malformed> {
        match self.id.as_ref().and_then(super::Id::place) {
            None => Ok(None),
            Some(place) => optional(sent, place),
        }
    }

    /// Returns true if a template signs the timestamp, as `{timestamp}` or with the place in which it stands.
    pub(super) fn signs_timestamp(&self, template: &SignedTemplate) -> bool {
        let place = self.timestamp.as_ref().and_then(super::Timestamp::place);
        template.holds_timestamp() || place.is_some_and(|place| template.holds(place))
    }

    /// Returns true if a template signs the id, as `{id}` or with the place in which it stands.
    pub(super) fn signs_id(&self, template: &SignedTemplate) -> bool {
        let place = self.id.as_ref().and_then(super::Id::place);
        template.holds_id() || place.is_some_and(|place| template.holds(place))
    }

    /// Returns true if the signed time is within the tolerance, or if no time is signed.
    pub(super) fn is_fresh(&self, claim: &Claim<'_>, at_ms: i64) -> bool {
        match (&self.timestamp, &claim.timestamp) {
            (Some(timestamp), Some(signed)) => {
                signed.at_ms.abs_diff(at_ms) <= u64::from(timestamp.tolerance_seconds) * 1000
            }
            _ => true,
        }
    }
}

/// Returns a value that may be missing and must not be sent twice.
fn optional<'a>(sent: &Sent<'a>, place: Place<'_>) -> Result<Option<Cow<'a, str>>, Malformed> {
    match sent.find(place) {
        Found::Missing => Ok(None),
        Found::Doubled => Err(Malformed),
        Found::Once(value) => match place::text(value) {
            Some(text) if !text.is_empty() => Ok(Some(text)),
            _ => Err(Malformed),
        },
    }
}

impl List {
    /// Returns the signatures and the timestamp of a list.
    fn read<'a>(&self, value: &'a str) -> Result<(Vec<&'a str>, Option<&'a str>), Malformed> {
        let (mut signatures, mut timestamp) = (Vec::new(), None);
        for item in value.split(self.separator.as_str()) {
            // Split at the first sign only: base64 may end with the sign that a list assigns with.
            let Some((name, text)) = item.trim().split_once(self.assign.as_str()) else { continue };
            if name == self.signature {
                signatures.push(text);
            } else if Some(name) == self.timestamp.as_deref() && timestamp.replace(text).is_some() {
                return Err(Malformed);
            }
        }
        Ok((signatures, timestamp))
    }
}

impl Unit {
    /// Reads a time. A count is digits and nothing else: a sign or a space would make two texts of one time.
    fn read(self, text: &str) -> Option<i64> {
        if self == Unit::Rfc3339 {
            return read_date(text);
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.then(|| text.parse().ok())??;
        match self {
            Unit::Seconds => number.checked_mul(1000),
            Unit::Milliseconds | Unit::Rfc3339 => Some(number),
        }
    }

    /// Writes a time.
    pub(super) fn write(self, at_ms: i64) -> String {
        match self {
            Unit::Seconds => at_ms.div_euclid(1000).to_string(),
            Unit::Milliseconds => at_ms.to_string(),
            Unit::Rfc3339 => crate::time::write_ms(at_ms),
        }
    }
}

/// Reads a date with a time and an offset as RFC 3339 has it.
fn read_date(text: &str) -> Option<i64> {
    const LONGEST: usize = 40;
    let is_of_its_characters = |byte: u8| byte.is_ascii_digit() || b"-+:.TtZz ".contains(&byte);
    if text.len() > LONGEST || !text.bytes().all(is_of_its_characters) {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
