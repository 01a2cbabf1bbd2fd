//! Signatures by the Standard Webhooks specification 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Reads secrets with and without padding; writes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The fewest and the most bytes of a secret by the specification.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

impl SigningSecret {
    /// Parses `whsec_` and base64 of 24 to 64 bytes. The prefix may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
        BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
    }
}

/// Returns the value of `webhook-signature`: one signature for each secret. A receiver accepts any of them, so that a secret
/// is rotated without a failed delivery.
pub fn signatures(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    secrets.iter().filter_map(|secret| secret.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn sign(secrets: &[&str]) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| SigningSecret::parse(secret).unwrap()).collect();
        signatures(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#)
    }

    #[test]
    fn the_example_of_the_specification() {
        assert_eq!(sign(&[SECRET]), SIGNATURE);
        assert_eq!(sign(&["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]), SIGNATURE);
    }

    #[test]
    fn several_secrets_give_several_signatures() {
        let other = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let both = sign(&[other, SECRET]);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!((first, second), (&*sign(&[other]), SIGNATURE));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_a_secret_is_not_shown() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all!", &"QUFB".repeat(30)] {
            assert!(SigningSecret::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{:?}", SigningSecret::parse(SECRET).unwrap()), "SigningSecret");
    }
}
