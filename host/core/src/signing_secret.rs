//! The signing secrets of a source environment: the current one, and the one before it for as long as both are good.
//!
//! A platform and its receiver cannot change a secret at the same moment. So a secret that is replaced stays good for an
//! overlap that the operator chooses. Source of the rules: semantics.md §3.2.

use std::fmt;

use serde_json::{Map, Value};

use crate::settings::BadSetting;

/// How long a replaced secret stays good unless something else is said: a day, in seconds.
pub const DEFAULT_OVERLAP_SECONDS: u64 = 24 * 60 * 60;
/// The longest overlap, of secrets and of endpoints: 30 days, in seconds.
pub const MAX_OVERLAP_SECONDS: u64 = 30 * 24 * 60 * 60;

/// The longest secret, in bytes.
const MAX_LENGTH: usize = 1024;
/// The settings that this file reads.
pub(crate) const NAMES: [&str; 2] = [SECRET, OVERLAP];
const SECRET: &str = "signing_secret";
const OVERLAP: &str = "signing_secret_overlap_seconds";

/// A signing secret that was replaced. No `Debug` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: String,
    /// Until when it is good, in milliseconds since 1970.
    pub until_ms: i64,
}

impl fmt::Debug for PreviousSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreviousSecret").field("until_ms", &self.until_ms).finish_non_exhaustive()
    }
}

/// The secrets that there are.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SigningSecrets {
    /// What requests are signed with.
    pub current: Option<String>,
    /// What they were signed with before.
    pub previous: Option<PreviousSecret>,
}

/// What becomes of the signing secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// They stay.
    Keep,
    /// There are none any more.
    Clear,
    /// This one is the current one.
    Set {
        /// The secret.
        secret: String,
        /// How long the one that it replaces stays good.
        overlap_seconds: u64,
    },
    /// The current one stays, the previous one ends.
    EndPrevious,
}

impl SecretChange {
    /// What a change of settings says about them. What was given is never repeated in an error.
    pub(crate) fn read(patch: &Map<String, Value>) -> Result<Self, BadSetting> {
        let overlap = patch.get(OVERLAP).filter(|value| !value.is_null()).map(read_overlap).transpose()?;
        match (patch.get(SECRET), overlap) {
            (None, None) => Ok(SecretChange::Keep),
            (None, Some(0)) => Ok(SecretChange::EndPrevious),
            (None, Some(_)) => Err(BadSetting::new(
                OVERLAP,
                "it says how long the previous secret stays good once signing_secret is set; send both, or 0 to end the \
                 previous one now",
            )),
            (Some(Value::Null), None | Some(0)) => Ok(SecretChange::Clear),
            (Some(Value::Null), Some(_)) => Err(BadSetting::new(
                OVERLAP,
                "nothing takes the secret's place, so both end at once; leave it out, or set a signing_secret",
            )),
            (Some(Value::String(secret)), overlap) if (1..=MAX_LENGTH).contains(&secret.len()) => {
                let overlap_seconds = overlap.unwrap_or(DEFAULT_OVERLAP_SECONDS);
                Ok(SecretChange::Set { secret: secret.clone(), overlap_seconds })
            }
            (Some(_), _) => {
                Err(BadSetting::new(SECRET, format!("expected a string of 1 to {MAX_LENGTH} bytes, or null")))
            }
        }
    }
}

fn read_overlap(value: &Value) -> Result<u64, BadSetting> {
    let expected = format!("expected a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}");
    match value.as_u64().filter(|seconds| *seconds <= MAX_OVERLAP_SECONDS) {
        Some(seconds) => Ok(seconds),
        None if value.is_number() => Err(BadSetting::new(OVERLAP, format!("found {value}, {expected}"))),
        None => Err(BadSetting::new(OVERLAP, expected)),
    }
}

impl SigningSecrets {
    /// Those that are good at this time, the current one first.
    pub fn valid_at(&self, now_ms: i64) -> impl Iterator<Item = &str> {
        let previous = self.previous.as_ref().filter(|previous| now_ms < previous.until_ms);
        self.current.as_deref().into_iter().chain(previous.map(|previous| previous.secret.as_str()))
    }

    /// The secrets after a change. A previous one whose time is over is gone.
    pub fn change(&self, change: SecretChange, now_ms: i64) -> Self {
        let still_good = || self.previous.clone().filter(|previous| now_ms < previous.until_ms);
        match change {
            SecretChange::Keep => Self { current: self.current.clone(), previous: still_good() },
            SecretChange::Clear => Self::default(),
            SecretChange::EndPrevious => Self { current: self.current.clone(), previous: None },
            // Setting what is set replaces nothing, however often it is sent; 0 still means that nothing else is good.
            SecretChange::Set { secret, overlap_seconds } if self.current.as_ref() == Some(&secret) => {
                Self { current: Some(secret), previous: still_good().filter(|_| overlap_seconds > 0) }
            }
            SecretChange::Set { secret, overlap_seconds } => {
                let replaced = self.current.clone().filter(|_| overlap_seconds > 0);
                let previous =
                    replaced.map(|secret| PreviousSecret { secret, until_ms: overlap_end(now_ms, overlap_seconds) });
                Self { current: Some(secret), previous }
            }
        }
    }
}

/// When an overlap that begins now ends, in milliseconds since 1970.
pub fn overlap_end(now_ms: i64, overlap_seconds: u64) -> i64 {
    let overlap_ms = i64::try_from(overlap_seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    now_ms.saturating_add(overlap_ms)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000_000;
    const DAY_MS: i64 = 86_400_000;

    fn read(patch: Value) -> Result<SecretChange, String> {
        SecretChange::read(patch.as_object().unwrap()).map_err(|error| error.to_string())
    }

    fn set(secret: &str, overlap_seconds: u64) -> SecretChange {
        SecretChange::Set { secret: secret.to_owned(), overlap_seconds }
    }

    fn valid(secrets: &SigningSecrets, now_ms: i64) -> Vec<&str> {
        secrets.valid_at(now_ms).collect()
    }

    fn pair() -> SigningSecrets {
        SigningSecrets::default().change(set("old", 60), NOW).change(set("new", 60), NOW)
    }

    #[test]
    fn a_replaced_secret_is_good_until_its_overlap_ends_and_not_at_its_end() {
        let secrets = pair();
        assert_eq!(valid(&secrets, NOW), ["new", "old"]);
        assert_eq!(valid(&secrets, NOW + 59_999), ["new", "old"]);
        assert_eq!(valid(&secrets, NOW + 60_000), ["new"]);
    }

    #[test]
    fn a_first_secret_replaces_nothing_and_none_means_none() {
        let first = SigningSecrets::default().change(set("s", 60), NOW);
        assert!(first.previous.is_none());
        assert_eq!(valid(&SigningSecrets::default(), NOW), [""; 0]);
    }

    #[test]
    fn there_are_never_more_than_two() {
        let secrets = pair().change(set("newest", 60), NOW + 1000);
        assert_eq!(valid(&secrets, NOW + 1000), ["newest", "new"]);
        let back = pair().change(set("old", 60), NOW + 1000);
        assert_eq!(valid(&back, NOW + 1000), ["old", "new"]);
    }

    #[test]
    fn zero_ends_the_old_one_at_once_and_clearing_ends_both() {
        assert_eq!(valid(&pair().change(set("newest", 0), NOW), NOW), ["newest"]);
        assert_eq!(valid(&pair().change(SecretChange::EndPrevious, NOW), NOW), ["new"]);
        assert!(pair().change(SecretChange::Clear, NOW) == SigningSecrets::default());
    }

    #[test]
    fn setting_the_same_secret_again_replaces_nothing() {
        let secrets = pair();
        assert!(secrets.change(set("new", 86_400), NOW + 1000) == secrets);
        assert_eq!(valid(&secrets.change(set("new", 0), NOW), NOW), ["new"]);
    }

    #[test]
    fn what_is_over_is_dropped_at_the_next_change() {
        assert!(pair().change(SecretChange::Keep, NOW + 59_999) == pair());
        assert!(pair().change(SecretChange::Keep, NOW + 60_000).previous.is_none());
    }

    #[test]
    fn the_overlap_is_a_day_unless_it_is_said() {
        assert!(read(json!({})) == Ok(SecretChange::Keep));
        assert!(read(json!({"signing_secret": null})) == Ok(SecretChange::Clear));
        assert!(read(json!({"signing_secret": "s"})) == Ok(set("s", 86_400)));
        assert!(read(json!({"signing_secret": "s", "signing_secret_overlap_seconds": null})) == Ok(set("s", 86_400)));
        assert!(read(json!({"signing_secret": "s", "signing_secret_overlap_seconds": 0})) == Ok(set("s", 0)));
        assert!(read(json!({"signing_secret_overlap_seconds": 0})) == Ok(SecretChange::EndPrevious));
        assert_eq!(overlap_end(NOW, DEFAULT_OVERLAP_SECONDS), NOW + DAY_MS);
    }

    #[test]
    fn refusals_say_what_was_expected_and_never_the_secret() {
        let error = |patch| read(patch).err().unwrap();
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": 2_592_001})), @"signing_secret_overlap_seconds: found 2592001, expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": -1})), @"signing_secret_overlap_seconds: found -1, expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": "1 day"})), @"signing_secret_overlap_seconds: expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret_overlap_seconds": 60})), @"signing_secret_overlap_seconds: it says how long the previous secret stays good once signing_secret is set; send both, or 0 to end the previous one now");
        insta::assert_snapshot!(error(json!({"signing_secret": null, "signing_secret_overlap_seconds": 60})), @"signing_secret_overlap_seconds: nothing takes the secret's place, so both end at once; leave it out, or set a signing_secret");
        insta::assert_snapshot!(error(json!({"signing_secret": ""})), @"signing_secret: expected a string of 1 to 1024 bytes, or null");
        insta::assert_snapshot!(error(json!({"signing_secret": ["hunter2"]})), @"signing_secret: expected a string of 1 to 1024 bytes, or null");
        assert!(!format!("{:?}", pair().previous).contains("old"));
    }
}
