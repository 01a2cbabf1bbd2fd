//! Writing an archive.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write as _},
};

use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::{ArchivedPlugin, MAGIC, MAX_INDEX_BYTES, Support, blocks::blocks, index::Index};

/// The reason why no archive was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A manifest lacks what the index says of a plugin.
    #[error("a manifest cannot be read: {0}")]
    Manifest(serde_json::Error),
    /// The plugins do not fit into an archive.
    #[error("the plugins make no archive: {0}")]
    Plugins(String),
    /// The archive cannot be compressed.
    #[error("the archive cannot be compressed: {0}")]
    Compression(#[from] io::Error),
}

/// The members of a manifest that an index holds.
#[derive(Deserialize)]
struct Manifest {
    key: String,
    version: String,
    name: String,
    description: String,
    categories: Vec<String>,
    icon: Option<String>,
    support: Option<Support>,
}

/// Returns an archive of plugins, each a component and its manifest, a JSON document. The same plugins give the same
/// bytes, in whatever order they come.
pub fn write<'a>(plugins: impl IntoIterator<Item = (&'a [u8], &'a str)>) -> Result<Vec<u8>, WriteError> {
    let mut by_key: BTreeMap<String, (&[u8], Manifest)> = BTreeMap::new();
    for (component, manifest) in plugins {
        let manifest: Manifest = serde_json::from_str(manifest).map_err(WriteError::Manifest)?;
        let key = manifest.key.clone();
        if by_key.insert(key.clone(), (component, manifest)).is_some() {
            return Err(WriteError::Plugins(format!("there are two plugins with the key {key:?}")));
        }
    }
    let (mut index, mut distinct, mut places) = (Index::default(), Vec::new(), HashMap::new());
    for (component, manifest) in by_key.into_values() {
        let positions = blocks(component).map(|block| {
            *places.entry(block).or_insert_with(|| {
                distinct.extend_from_slice(block);
                index.blocks.push(block.len());
                index.blocks.len() - 1
            })
        });
        let blocks = positions.collect();
        let Manifest { key, version, name, description, categories, icon, support } = manifest;
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(component)));
        let size = component.len();
        index.plugins.push(ArchivedPlugin {
            key,
            version,
            digest,
            size,
            name,
            description,
            categories,
            icon,
            support,
            blocks,
        });
    }
    index.check().map_err(WriteError::Plugins)?;
    pack(&index, &distinct)
}

/// Returns an archive of an index and its blocks, both unchecked.
pub(crate) fn pack(index: &Index, blocks: &[u8]) -> Result<Vec<u8>, WriteError> {
    let json = serde_json::to_vec(index).map_err(WriteError::Manifest)?;
    let length = u32::try_from(json.len()).ok().filter(|_| json.len() <= MAX_INDEX_BYTES);
    let length = length.ok_or_else(|| WriteError::Plugins(format!("the index has {} bytes", json.len())))?;
    let mut archive = MAGIC.to_vec();
    archive.extend(compressed(&[&length.to_le_bytes(), &json])?);
    archive.extend(compressed(&[blocks])?);
    Ok(archive)
}

fn compressed(parts: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    parts.iter().try_for_each(|part| encoder.write_all(part))?;
    encoder.finish()
}
