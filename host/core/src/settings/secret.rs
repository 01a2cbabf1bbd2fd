//! Reading a change of a secret: the signing secret or the write key.

use serde_json::{Map, Value};

use super::BadSetting;
use crate::rotating_secret::{DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS, SecretChange};

/// The longest write key, in bytes.
const MAX_WRITE_KEY: usize = 1024;
/// The longest signing secret, in bytes: a set of public keys or a certificate is larger than a shared secret.
const MAX_SIGNING_SECRET: usize = 16 * 1024;
/// The settings that are read here.
pub(super) const NAMES: [&str; 4] =
    [SIGNING_SECRET.secret, SIGNING_SECRET.overlap, WRITE_KEY.secret, WRITE_KEY.overlap];

/// The names of the settings by which a secret is changed.
pub(super) struct SecretSettings {
    pub(super) secret: &'static str,
    overlap: &'static str,
    longest: usize,
}

/// The secret that requests are signed with.
pub(super) const SIGNING_SECRET: SecretSettings =
    SecretSettings { secret: "signing_secret", overlap: "signing_secret_overlap_seconds", longest: MAX_SIGNING_SECRET };
/// The key that requests carry.
pub(super) const WRITE_KEY: SecretSettings =
    SecretSettings { secret: "write_key", overlap: "write_key_overlap_seconds", longest: MAX_WRITE_KEY };

impl SecretSettings {
    /// Reads the change of the secret out of a change of settings, with a note if the secret was trimmed. Errors never repeat
    /// a secret.
    pub(super) fn read(&self, patch: &Map<String, Value>) -> Result<(SecretChange, Option<String>), BadSetting> {
        let Self { secret: name, .. } = self;
        match patch.get(*name).and_then(Value::as_str) {
            // No platform gives out secrets with white space around them; what copies them does.
            Some(pasted) if trim(pasted) != pasted => {
                let mut trimmed = patch.clone();
                trimmed.insert((*name).to_owned(), trim(pasted).into());
                Ok((self.read_trimmed(&trimmed)?, Some(format!("{name}: white space around it was removed"))))
            }
            _ => Ok((self.read_trimmed(patch)?, None)),
        }
    }

    fn read_trimmed(&self, patch: &Map<String, Value>) -> Result<SecretChange, BadSetting> {
        let Self { secret: name, overlap, longest } = self;
        let seconds = patch.get(*overlap).filter(|value| !value.is_null());
        let seconds = seconds.map(|value| self.read_overlap(value)).transpose()?;
        match (patch.get(*name), seconds) {
            (None, None) => Ok(SecretChange::Keep),
            (None, Some(0)) => Ok(SecretChange::EndPrevious),
            (None, Some(_)) => {
                let message = format!(
                    "it says how long the previous secret stays good once {name} is set; send both, or 0 to end the previous \
                     one now"
                );
                Err(BadSetting::new(overlap, message))
            }
            (Some(Value::Null), None | Some(0)) => Ok(SecretChange::Clear),
            (Some(Value::Null), Some(_)) => {
                let message =
                    format!("nothing takes the secret's place, so both end at once; leave it out, or set a {name}");
                Err(BadSetting::new(overlap, message))
            }
            (Some(Value::String(secret)), seconds) if (1..=*longest).contains(&secret.len()) => {
                let overlap_seconds = seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS);
                Ok(SecretChange::Set { secret: secret.clone(), overlap_seconds })
            }
            (Some(_), _) => Err(BadSetting::new(name, format!("expected a string of 1 to {longest} bytes, or null"))),
        }
    }

    fn read_overlap(&self, value: &Value) -> Result<u64, BadSetting> {
        let expected = format!("expected a whole number of seconds from 0 to {MAX_OVERLAP_SECONDS}");
        match value.as_u64().filter(|seconds| *seconds <= MAX_OVERLAP_SECONDS) {
            Some(seconds) => Ok(seconds),
            None if value.is_number() => Err(BadSetting::new(self.overlap, format!("found {value}, {expected}"))),
            None => Err(BadSetting::new(self.overlap, expected)),
        }
    }
}

/// Checks that senders can send a write key: as a user name of HTTP Basic it holds no colon and nothing invisible.
pub(super) fn check_write_key(key: &str) -> Result<(), BadSetting> {
    match key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        true => Ok(()),
        false => {
            let message = "it holds a colon, a space or a character beyond ASCII, which an SDK cannot send as a user name; \
                           expected visible ASCII characters without a colon";
            Err(BadSetting::new(WRITE_KEY.secret, message))
        }
    }
}

/// Removes white space and the invisible characters that come along with copied text.
fn trim(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || matches!(char, '\u{feff}' | '\u{200b}'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rotating_secret::{RotatingSecret, overlap_end};

    const NOW: i64 = 1_700_000_000_000;
    const DAY_MS: i64 = 86_400_000;

    fn read(patch: Value) -> Result<SecretChange, String> {
        SIGNING_SECRET.read(patch.as_object().unwrap()).map(|(change, _)| change).map_err(|error| error.to_string())
    }

    fn set(secret: &str, overlap_seconds: u64) -> SecretChange {
        SecretChange::Set { secret: secret.to_owned(), overlap_seconds }
    }

    fn pair() -> RotatingSecret {
        RotatingSecret::default().change(set("old", 60), NOW).change(set("new", 60), NOW)
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
    fn a_pasted_secret_is_trimmed_and_the_note_says_so() {
        for pasted in ["s\n", " s", "\ts\r\n", "\u{feff}s\u{200b}", "s\u{a0}"] {
            let patch = json!({"signing_secret": pasted});
            let (change, note) = SIGNING_SECRET.read(patch.as_object().unwrap()).unwrap();
            assert!(change == set("s", 86_400), "{pasted:?}");
            assert_eq!(note.as_deref(), Some("signing_secret: white space around it was removed"));
        }
        let (change, note) =
            SIGNING_SECRET.read(json!({"signing_secret": "open sesame"}).as_object().unwrap()).unwrap();
        assert!(change == set("open sesame", 86_400), "white space within it stays");
        assert_eq!(note, None);
        assert!(read(json!({"signing_secret": " \n"})).is_err(), "nothing is left");
    }

    #[test]
    fn refusals_say_what_was_expected_and_never_the_secret() {
        let error = |patch| read(patch).err().unwrap();
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": 2_592_001})), @"signing_secret_overlap_seconds: found 2592001, expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": -1})), @"signing_secret_overlap_seconds: found -1, expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret": "s", "signing_secret_overlap_seconds": "1 day"})), @"signing_secret_overlap_seconds: expected a whole number of seconds from 0 to 2592000");
        insta::assert_snapshot!(error(json!({"signing_secret_overlap_seconds": 60})), @"signing_secret_overlap_seconds: it says how long the previous secret stays good once signing_secret is set; send both, or 0 to end the previous one now");
        insta::assert_snapshot!(error(json!({"signing_secret": null, "signing_secret_overlap_seconds": 60})), @"signing_secret_overlap_seconds: nothing takes the secret's place, so both end at once; leave it out, or set a signing_secret");
        insta::assert_snapshot!(error(json!({"signing_secret": ""})), @"signing_secret: expected a string of 1 to 16384 bytes, or null");
        insta::assert_snapshot!(error(json!({"signing_secret": ["hunter2"]})), @"signing_secret: expected a string of 1 to 16384 bytes, or null");
        assert!(!format!("{:?}", pair().previous).contains("old"));
    }
}
