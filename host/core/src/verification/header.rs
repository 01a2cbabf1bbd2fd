//! What a request claims: signatures, a time, an id, read out of its headers.

use super::{Header, List, Sent, Signature, Unit};

/// What a request claims about itself.
pub(super) struct Claim<'a> {
    /// Decoded; any one may be right.
    pub(super) signatures: Vec<Vec<u8>>,
    pub(super) timestamp: Option<SignedAt<'a>>,
    pub(super) id: Option<&'a str>,
}

/// When a request says that it was signed.
pub(super) struct SignedAt<'a> {
    /// As sent, since that is what is signed.
    pub(super) text: &'a str,
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// A header cannot be read, or says a thing twice.
pub(super) struct Malformed;

/// More signatures than a rotation ever sends: each costs a comparison, and a sender must not choose how many.
const MAX_SIGNATURES: usize = 16;

impl Signature {
    /// Reads the claim of a request whose credential header holds this value.
    pub(super) fn read_claim<'a>(&self, sent: &Sent<'a>, value: &'a [u8]) -> Result<Claim<'a>, Malformed> {
        let value = std::str::from_utf8(value).map_err(|_| Malformed)?;
        let (signatures, in_list) = match &self.list {
            None => (vec![value], None),
            Some(list) => list.read(value)?,
        };
        // Those that cannot be read are not ours: a list may hold signatures of another kind under the same name.
        let signatures: Vec<Vec<u8>> = signatures
            .into_iter()
            .filter_map(|text| self.encoding.read(text.strip_prefix(self.prefix.as_str())?))
            .collect();
        if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
            return Err(Malformed);
        }
        Ok(Claim { signatures, timestamp: self.read_timestamp(sent, in_list)?, id: self.read_id(sent)? })
    }

    /// Whether a value of the credential's header looks like what belongs there: a signature of the right length.
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
            Some(name) => once(sent, name)?,
        };
        text.map(|text| Ok(SignedAt { text, at_ms: timestamp.unit.read(text).ok_or(Malformed)? })).transpose()
    }

    fn read_id<'a>(&self, sent: &Sent<'a>) -> Result<Option<&'a str>, Malformed> {
        match &self.id {
            None => Ok(None),
            Some(id) => once(sent, &id.header),
        }
    }

    /// Whether what was signed is of now, as far as it says when it was.
    pub(super) fn is_fresh(&self, claim: &Claim<'_>, at_ms: i64) -> bool {
        match (&self.timestamp, &claim.timestamp) {
            (Some(timestamp), Some(signed)) => {
                signed.at_ms.abs_diff(at_ms) <= u64::from(timestamp.tolerance_seconds) * 1000
            }
            _ => true,
        }
    }
}

/// A header that may be missing and must not be doubled.
fn once<'a>(sent: &Sent<'a>, name: &str) -> Result<Option<&'a str>, Malformed> {
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
    /// The signatures and the timestamp of a list.
    fn read<'a>(&self, value: &'a str) -> Result<(Vec<&'a str>, Option<&'a str>), Malformed> {
        let (mut signatures, mut timestamp) = (Vec::new(), None);
        for item in value.split(self.separator.as_str()) {
            // Only the first: base64 ends with the sign that some lists assign with.
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
