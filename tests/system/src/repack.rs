//! Components with another manifest: another version or key of a plugin, made without building one.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The custom section that holds a plugin's manifest.
const MANIFEST_SECTION: &[u8] = b"inlet:manifest";

/// Bytes before the first section.
const HEADER: usize = 8;

/// The same component with a manifest that was changed.
pub fn repack(wasm: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut packed = wasm[..HEADER].to_vec();
    let mut rest = &wasm[HEADER..];
    let mut found = None;
    while !rest.is_empty() {
        let (size, after) = read_leb(&rest[1..]);
        let (section, next) = after.split_at(size);
        match manifest(rest[0], section) {
            Some(manifest) => found = Some(manifest),
            None => packed.extend_from_slice(&rest[..rest.len() - next.len()]),
        }
        rest = next;
    }
    let mut manifest: Value = serde_json::from_slice(found.unwrap()).unwrap();
    change(&mut manifest);
    let mut section = leb(MANIFEST_SECTION.len());
    section.extend_from_slice(MANIFEST_SECTION);
    section.extend_from_slice(manifest.to_string().as_bytes());
    packed.push(0);
    packed.extend(leb(section.len()));
    packed.extend(section);
    packed
}

/// The digest by which a component is known.
pub fn digest(wasm: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(wasm)))
}

fn manifest(id: u8, section: &[u8]) -> Option<&[u8]> {
    if id != 0 {
        return None;
    }
    let (length, after) = read_leb(section);
    let (name, content) = after.split_at(length);
    (name == MANIFEST_SECTION).then_some(content)
}

fn read_leb(bytes: &[u8]) -> (usize, &[u8]) {
    let last = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    let number = bytes[..=last].iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f));
    (number, &bytes[last + 1..])
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
