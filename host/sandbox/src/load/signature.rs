//! The publisher's signature: the custom section `inlet:signature`, the last section of a component.
//!
//! The section holds a public key and an Ed25519 signature of everything before it, which includes the manifest. A valid
//! signature proves that the file is unchanged and that its publisher has the private key. The server pins the key of a
//! publisher's first signed plugin. The format is documented in `plugins/README.md`, "Publishing".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use wasmparser::BinaryReaderError;

use super::outer_sections::outer_sections;

/// The custom section that holds a plugin's signature.
pub const SIGNATURE_SECTION: &str = "inlet:signature";

/// The prefix of the signed message. It makes a plugin's signature useless for any other purpose.
pub const SIGNED_PREFIX: &[u8] = b"inlet:signature:v1\n";

/// A publisher's public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublisherKey([u8; 32]);

impl PublisherKey {
    /// Creates a key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns a short name of the key for display: `ed25519:` and half of its SHA-256 in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        format!("ed25519:{}", hex::encode(&Sha256::digest(self.0)[..16]))
    }
}

/// The reason why a signature is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The file continues after the signature, which does not cover the rest.
    #[error(
        "the section {SIGNATURE_SECTION:?} is not the last of the component; sign the plugin after everything else was done to \
         it, and once"
    )]
    NotLast,
    /// The section is not in the documented format.
    #[error(
        "the section {SIGNATURE_SECTION:?} is not as plugins/README.md says: {reason}; sign the plugin with `inlet plugin pack \
         --sign`"
    )]
    Form {
        /// The violated rule.
        reason: String,
    },
    /// The signature does not match the file.
    #[error(
        "the plugin's signature is wrong: the file was changed after it was signed with the key {fingerprint}; get it from its \
         publisher again, or sign it again"
    )]
    Wrong {
        /// Fingerprint of the key that the section names.
        fingerprint: String,
    },
}

/// The content of the section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    publisher_key: String,
    signature: String,
}

/// Returns the key that a component is signed with, or `None` if it is not signed.
pub(super) fn publisher_key(wasm: &[u8]) -> Result<Option<PublisherKey>, SignatureError> {
    // The other checks refuse a file that cannot be parsed.
    let Some((before, section)) = first_signature(wasm).unwrap_or_default() else { return Ok(None) };
    let section = section.ok_or(SignatureError::NotLast)?;
    let section: Section = serde_json::from_slice(section).map_err(|error| form(error.to_string()))?;
    let key: [u8; 32] = read(&section.publisher_key, "publisher_key")?;
    let signature: [u8; 64] = read(&section.signature, "signature")?;
    let verifying = VerifyingKey::from_bytes(&key).map_err(|_| form("publisher_key is no Ed25519 key".to_owned()))?;
    let key = PublisherKey(key);
    verifying
        .verify_strict(&signed_message(before), &Signature::from_bytes(&signature))
        .map_err(|_| SignatureError::Wrong { fingerprint: key.fingerprint() })?;
    Ok(Some(key))
}

/// Returns the signed message: [`SIGNED_PREFIX`] and the SHA-256 of the component up to the signature section.
pub fn signed_message(component: &[u8]) -> Vec<u8> {
    [SIGNED_PREFIX, Sha256::digest(component).as_slice()].concat()
}

/// The bytes before the first signature section, and the content of that section if it is the last one.
type Found<'a> = Option<(&'a [u8], Option<&'a [u8]>)>;

/// Finds the first signature among the outermost sections.
fn first_signature(wasm: &[u8]) -> Result<Found<'_>, BinaryReaderError> {
    let sections = outer_sections(wasm)?;
    let signature = sections.iter().find_map(|section| match section.custom()? {
        (SIGNATURE_SECTION, content) => Some((section, content)),
        _ => None,
    });
    Ok(signature
        .map(|(section, content)| (&wasm[..section.range.start], (section.range.end == wasm.len()).then_some(content))))
}

fn read<const N: usize>(text: &str, member: &str) -> Result<[u8; N], SignatureError> {
    let bytes = STANDARD.decode(text).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| form(format!("{member} is not {N} bytes in base64")))
}

fn form(reason: String) -> SignatureError {
    SignatureError::Form { reason }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use serde_json::json;

    use super::{super::outer_sections::CUSTOM, *};

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn append(component: &mut Vec<u8>, name: &str, content: &[u8]) {
        let size = 1 + name.len() + content.len();
        // Always two bytes of LEB128.
        component.extend([CUSTOM, (size & 0x7f) as u8 | 0x80, (size >> 7) as u8, name.len() as u8]);
        component.extend_from_slice(name.as_bytes());
        component.extend_from_slice(content);
    }

    fn signed(component: &[u8], seed: u8) -> Vec<u8> {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let signature = key.sign(&signed_message(component)).to_bytes();
        let section = json!({
            "publisher_key": STANDARD.encode(key.verifying_key().as_bytes()),
            "signature": STANDARD.encode(signature),
        });
        let mut signed = component.to_vec();
        append(&mut signed, SIGNATURE_SECTION, section.to_string().as_bytes());
        signed
    }

    fn with_manifest() -> Vec<u8> {
        let mut component = EMPTY.to_vec();
        append(&mut component, "inlet:manifest", br#"{"key":"acme/crm"}"#);
        component
    }

    #[test]
    fn the_key_of_a_signature_is_returned_and_none_without_one() {
        let component = with_manifest();
        assert_eq!(publisher_key(&component), Ok(None));
        let key = publisher_key(&signed(&component, 7)).unwrap().unwrap();
        assert_eq!(key.as_bytes(), SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes());
        insta::assert_snapshot!(key.fingerprint(), @"ed25519:fe812c12f3ab4ce6ac5db69ac352f906");
    }

    #[test]
    fn a_change_before_the_signature_is_detected() {
        let whole = signed(&with_manifest(), 7);
        let at = whole.windows(4).position(|window| window == b"acme").unwrap();
        let mut changed = whole.clone();
        changed[at] = b'A';
        insta::assert_snapshot!(publisher_key(&changed).unwrap_err(), @"the plugin's signature is wrong: the file was changed after it was signed with the key ed25519:fe812c12f3ab4ce6ac5db69ac352f906; get it from its publisher again, or sign it again");
        // A signature does not fit another component.
        let mut other = EMPTY.to_vec();
        other.extend_from_slice(&whole[with_manifest().len()..]);
        assert!(matches!(publisher_key(&other), Err(SignatureError::Wrong { .. })));
    }

    #[test]
    fn a_section_after_the_signature_is_refused() {
        let mut extended = signed(&with_manifest(), 7);
        append(&mut extended, "note", b"hello");
        insta::assert_snapshot!(publisher_key(&extended).unwrap_err(), @r#"the section "inlet:signature" is not the last of the component; sign the plugin after everything else was done to it, and once"#);
        assert_eq!(publisher_key(&signed(&signed(&with_manifest(), 7), 8)), Err(SignatureError::NotLast), "twice");
    }

    #[test]
    fn an_unreadable_signature_says_why() {
        let error = |content: &str| {
            let mut component = with_manifest();
            append(&mut component, SIGNATURE_SECTION, content.as_bytes());
            publisher_key(&component).unwrap_err().to_string()
        };
        insta::assert_snapshot!(error("{}"), @r#"the section "inlet:signature" is not as plugins/README.md says: missing field `publisher_key` at line 1 column 2; sign the plugin with `inlet plugin pack --sign`"#);
        insta::assert_snapshot!(error(r#"{"publisher_key":"AAAA","signature":""}"#), @r#"the section "inlet:signature" is not as plugins/README.md says: publisher_key is not 32 bytes in base64; sign the plugin with `inlet plugin pack --sign`"#);
    }
}
