//! A publisher's secret key: its file, and signing with it.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey};
use inlet_core::json;
use inlet_sandbox::{PublisherKey, SIGNATURE_SECTION, signed_message};

/// The prefix of a key file's text, by which people and secret scanners recognise it.
const PREFIX: &str = "inlet-publisher-key:";
/// The longest text that is read, in bytes; a key file is far shorter.
const MAX_BYTES: u64 = 4096;

/// An Ed25519 signing key.
pub(super) struct PublisherSecretKey(SigningKey);

impl PublisherSecretKey {
    /// Generates a key and writes it into a new file.
    pub(super) fn generate(path: &Path) -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("the system gives no random bytes")?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.and_then(|mut file| {
            writeln!(file, "{PREFIX}{}", STANDARD.encode(seed))?;
            file.sync_all()
        })
        .with_context(|| format!("cannot write {}; name a file that is not there yet", path.display()))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a key file. Only its owner may be able to read it.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mode = file.metadata().with_context(|| format!("cannot read {}", path.display()))?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!("{} may be read by others (its mode is {:03o}); chmod 600 it", path.display(), mode & 0o777);
        }
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
        let seed = text.trim().strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let seed: Option<[u8; 32]> = seed.and_then(|seed| seed.try_into().ok());
        let seed = seed.with_context(|| {
            format!("{} is no publisher's key; expected one that `inlet plugin keygen` made", path.display())
        })?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Returns the fingerprint of the public key, as servers show it.
    pub(super) fn fingerprint(&self) -> String {
        PublisherKey::new(self.0.verifying_key().to_bytes()).fingerprint()
    }

    /// Appends the signature to a plugin. Any later change of the plugin invalidates it.
    fn sign(&self, plugin: &mut Vec<u8>) {
        let signature = STANDARD.encode(self.0.sign(&signed_message(plugin)).to_bytes());
        let publisher_key = STANDARD.encode(self.0.verifying_key().to_bytes());
        let section = json::object([
            ("publisher_key", json::quote(&publisher_key).as_str()),
            ("signature", &json::quote(&signature)),
        ]);
        inlet_pack::append_section(plugin, SIGNATURE_SECTION, section.as_bytes());
    }
}

/// Signs a plugin with the key of a file, if one is given.
pub(super) fn sign(plugin: &mut Vec<u8>, key_file: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = key_file else { return Ok(()) };
    PublisherSecretKey::read(path)?.sign(plugin);
    Ok(())
}
