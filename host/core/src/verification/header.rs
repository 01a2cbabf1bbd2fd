//! Reading the claim of a request out of its headers: signatures, a time, an id.

use super::{Header, List, Sent, Signature, Unit};

/// The claim of a request: its signatures with the time and the id that they sign.
pub(super) struct Claim<'a> {
    /// The decoded signatures; one valid signature is enough.
    pub(super) signatures: Vec<Vec<u8>>,
    pub(super) timestamp: Option<SignedAt<'a>>,
    pub(super) id: Option<&'a str>,
}

/// The time of signing that a request claims.
pub(super) struct SignedAt<'a> {
    /// The text as sent, which is the signed form.
    pub(super) text: &'a str,
    /// The time in milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// A header that cannot be read, or that says a thing twice.
pub(super) struct Malformed;

/// The most signatures of a request, more than a rotation ever sends. Each costs a comparison, and a sender must not
/// choose their number.
const MAX_SIGNATURES: usize = 16;

impl Signature {
    /// Reads the claim of a request whose credential header holds this value.
    pub(super) fn read_claim<'a>(&self, sent: &Sent<'a>, value: &'a [u8]) -> Result<Claim<'a>, Malformed> {
        let value = std::str::from_utf8(value).map_err(|_| Malformed)?;
        let (signatures, in_list) = match &self.list {
            None => (vec![value], None),
            Some(list) => list.read(value)?,
        };
        // Unreadable signatures are skipped: a list may hold signatures of another kind under the same name.
        let signatures: Vec<Vec<u8>> = signatures
            .into_iter()
            .filter_map(|text| self.encoding.read(text.strip_prefix(self.prefix.as_str())?))
            .collect();
        if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
            return Err(Malformed);
        }
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
        found.into_iter().filter_map(read).any(|signature| signature.len() == self.algorithm.length())
    }

    fn read_timestamp<'a>(&self, sent: &Sent<'a>, in_list: Option<&'a str>) -> Result<Option<SignedAt<'a>>, Malformed> {
        let Some(timestamp) = &self.timestamp else { return Ok(None) };
        let text = match &timestamp.header {
            None => in_list,
            Some(name) => optional_header(sent, name)?,
        };
        text.map(|text| Ok(SignedAt { text, at_ms: timestamp.unit.read(text).ok_or(Malformed)? })).transpose()
    }

    fn read_id<'a>(&self, sent: &Sent<'a>) -> Result<Option<&'a str>, Malformed> {
        match &self.id {
            None => Ok(None),
            Some(id) => optional_header(sent, &id.header),
        }
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

/// Returns a header that may be missing and must not be sent twice.
fn optional_header<'a>(sent: &Sent<'a>, name: &str) -> Result<Option<&'a str>, Malformed> {
    match sent.header(name) {
        Header::Missing => Ok(None),
        Header::Doubled => Err(Malformed),
        Header::Once(value) => match std::str::from_utf8(value) {
            Ok("") | Err(_) => Err(Malformed),
            Ok(text) => Ok(Some(text)),
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
    /// Reads digits and nothing else: a sign or a space would make two texts of one time.
    fn read(self, text: &str) -> Option<i64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.then(|| text.parse().ok())??;
        match self {
            Unit::Seconds => number.checked_mul(1000),
            Unit::Milliseconds => Some(number),
        }
    }

    /// Writes a time.
    pub(super) fn write(self, at_ms: i64) -> String {
        match self {
            Unit::Seconds => at_ms.div_euclid(1000).to_string(),
            Unit::Milliseconds => at_ms.to_string(),
        }
    }
}
