//! Reading an archive.

use std::{
    borrow::Cow,
    io::{self, Read as _},
};

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::{ArchivedPlugin, MAGIC, MAX_INDEX_BYTES, index::Index};

/// An archive whose index was read and checked. The default holds no plugins.
#[derive(Debug, Default)]
pub struct PluginArchive {
    index: Index,
    /// The compressed blocks.
    blocks: Cow<'static, [u8]>,
}

/// The reason why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It begins in another way.
    #[error("the file is no catalogue of plugins, or one of another version of inlet; take the one of this version")]
    NotAnArchive,
    /// It is cut off, or bytes of it are others.
    #[error("the catalogue of plugins is damaged: {0}; get it again")]
    Damaged(String),
    /// It says what it must not say.
    #[error("the catalogue of plugins is not valid: {0}; get it again from where it was made")]
    Invalid(String),
}

impl PluginArchive {
    /// Reads the index of an archive. The components stay compressed.
    pub fn open(archive: impl Into<Cow<'static, [u8]>>) -> Result<Self, ArchiveError> {
        let mut archive = archive.into();
        let rest = archive.strip_prefix(MAGIC).ok_or(ArchiveError::NotAnArchive)?;
        let mut decoder = GzDecoder::new(rest);
        let json = read_index(&mut decoder)?;
        let left = decoder.into_inner().len();
        let begin = archive.len() - left;
        let blocks = match &mut archive {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[begin..]),
            Cow::Owned(bytes) => Cow::Owned(bytes.split_off(begin)),
        };
        let index: Index = serde_json::from_slice(&json)
            .map_err(|error| ArchiveError::Invalid(format!("its index cannot be read: {error}")))?;
        index.check().map_err(ArchiveError::Invalid)?;
        Ok(Self { index, blocks })
    }

    /// Returns the descriptions of all plugins, by key.
    pub fn plugins(&self) -> &[ArchivedPlugin] {
        &self.index.plugins
    }

    /// Returns the description of a plugin.
    pub fn get(&self, key: &str) -> Option<&ArchivedPlugin> {
        self.plugins().iter().find(|plugin| plugin.key == key)
    }

    /// Returns the description of the plugin with a key, or with a name that only one publisher has.
    pub fn find(&self, name: &str) -> Option<&ArchivedPlugin> {
        let named = |plugin: &&ArchivedPlugin| plugin.key.split_once('/').is_some_and(|(_, own)| own == name);
        let mut with_name = self.plugins().iter().filter(named);
        self.get(name).or_else(|| with_name.next().filter(|_| with_name.next().is_none()))
    }

    /// Returns the component of a plugin, which has the digest of the index.
    ///
    /// It decompresses the blocks of all plugins, and so blocks for some milliseconds.
    pub fn component(&self, plugin: &ArchivedPlugin) -> Result<Vec<u8>, ArchiveError> {
        let damaged = |what: String| ArchiveError::Damaged(format!("{}: {what}", plugin.key));
        let total: usize = self.index.blocks.iter().sum();
        let mut bytes = Vec::with_capacity(total);
        let mut decoder = GzDecoder::new(&*self.blocks);
        decoder.by_ref().take(total as u64 + 1).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        if bytes.len() != total || !decoder.into_inner().is_empty() {
            return Err(damaged(format!("its blocks are not the {total} bytes that the index lists")));
        }
        let mut begins = Vec::with_capacity(self.index.blocks.len());
        let mut begin = 0;
        for length in &self.index.blocks {
            begins.push(begin..begin + length);
            begin += length;
        }
        let mut component = Vec::with_capacity(plugin.size);
        for block in &plugin.blocks {
            let range = begins.get(*block).cloned();
            let block =
                range.and_then(|range| bytes.get(range)).ok_or_else(|| damaged("a block is missing".to_owned()))?;
            component.extend_from_slice(block);
        }
        let found = format!("sha256:{}", hex::encode(Sha256::digest(&component)));
        match found == plugin.digest {
            true => Ok(component),
            false => Err(damaged(format!("found the digest {found}, expected {}", plugin.digest))),
        }
    }
}

/// Reads the JSON of the index to the end of its stream, which the checksum of gzip covers.
fn read_index(decoder: &mut GzDecoder<&[u8]>) -> Result<Vec<u8>, ArchiveError> {
    let damaged = |error: io::Error| ArchiveError::Damaged(format!("its index cannot be decompressed: {error}"));
    let mut length = [0; 4];
    decoder.read_exact(&mut length).map_err(damaged)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_INDEX_BYTES {
        return Err(ArchiveError::Invalid(format!("its index has {length} bytes, expected at most {MAX_INDEX_BYTES}")));
    }
    let mut json = Vec::new();
    decoder.take(length as u64 + 1).read_to_end(&mut json).map_err(damaged)?;
    match json.len() == length {
        true => Ok(json),
        false => Err(ArchiveError::Invalid(format!("its index is not the {length} bytes that it names"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use std::sync::LazyLock;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        MAX_PLUGINS, Support,
        blocks::BLOCK_BYTES,
        write::{pack, write},
    };

    /// A component whose shared section has many blocks, and whose own one has these bytes.
    fn component(own: &[u8]) -> Vec<u8> {
        let shared: Vec<u8> = (0..4_000_u32).flat_map(|number| (number ^ 0x5bd1).to_be_bytes()).collect();
        let section = |content: &[u8]| {
            let length = content.len();
            let size = [length as u8 & 0x7f | 0x80, (length >> 7) as u8 & 0x7f | 0x80, (length >> 14) as u8];
            [&[0][..], &size, content].concat()
        };
        [&b"\0asm\x0d\0\x01\0"[..], &section(own), &section(&shared)].concat()
    }

    fn manifest(key: &str) -> String {
        json!({
            "key": key, "version": "1.2.3", "name": "CRM", "description": "Contacts.", "categories": ["CRM"], "icon": "<svg/>",
            "support": {"level": "partly", "missing": ["Attachments."]}, "links": {"website": "https://example.com"},
        })
        .to_string()
    }

    fn two() -> (Vec<u8>, [Vec<u8>; 2]) {
        let components = [component(b"one"), component(b"another one")];
        let manifests = [manifest("acme/crm"), manifest("acme/mail")];
        let plugins = components.iter().map(Vec::as_slice).zip(manifests.iter().map(String::as_str));
        (write(plugins).unwrap(), components)
    }

    fn opened(index: &Index, blocks: &[u8]) -> Result<PluginArchive, ArchiveError> {
        PluginArchive::open(pack(index, blocks).unwrap())
    }

    /// The index of one plugin with one block.
    fn small() -> Index {
        let json = json!({"blocks": [3], "plugins": [{
            "key": "acme/crm", "version": "1.0.0", "digest": format!("sha256:{}", hex::encode(Sha256::digest(b"abc"))),
            "size": 3, "name": "CRM", "description": "", "categories": [], "blocks": [0],
        }]});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn plugins_come_out_as_they_went_in_and_share_their_blocks() {
        let (archive, components) = two();
        let archive = PluginArchive::open(archive).unwrap();
        // The header and the four blocks of the shared section are stored once, and a section of each.
        assert_eq!(archive.index.blocks.len(), 1 + 4 + 2);
        let keys: Vec<&str> = archive.plugins().iter().map(|plugin| plugin.key.as_str()).collect();
        assert_eq!(keys, ["acme/crm", "acme/mail"]);
        for (plugin, component) in archive.plugins().iter().zip(&components) {
            assert_eq!(&archive.component(plugin).unwrap(), component);
        }
        let plugin = archive.get("acme/crm").unwrap();
        assert_eq!(
            (plugin.version.as_str(), plugin.size, plugin.icon.as_deref()),
            ("1.2.3", components[0].len(), Some("<svg/>"))
        );
        let support = Support { level: "partly".to_owned(), missing: vec!["Attachments.".to_owned()] };
        assert_eq!(plugin.support, Some(support));
    }

    #[test]
    fn the_same_plugins_make_the_same_archive_in_any_order() {
        let components = [component(b"one"), component(b"another one")];
        let manifests = [manifest("acme/mail"), manifest("acme/crm")];
        let write_in =
            |order: [usize; 2]| write(order.map(|at| (components[at].as_slice(), manifests[at].as_str()))).unwrap();
        assert_eq!(write_in([0, 1]), write_in([1, 0]));
    }

    #[test]
    fn a_plugin_is_found_by_its_key_and_by_a_name_that_only_one_publisher_has() {
        let components = ["acme/crm", "acme/mail", "other/mail"].map(|key| (component(key.as_bytes()), manifest(key)));
        let plugins = components.iter().map(|(component, manifest)| (component.as_slice(), manifest.as_str()));
        let archive = PluginArchive::open(write(plugins).unwrap()).unwrap();
        let find = |name| archive.find(name).map(|plugin| plugin.key.as_str());
        assert_eq!(find("crm"), Some("acme/crm"));
        assert_eq!(find("other/mail"), Some("other/mail"));
        assert_eq!((find("mail"), find("acme"), find("")), (None, None, None));
    }

    #[test]
    fn plugins_that_make_no_archive_are_refused() {
        let component = component(b"one");
        let error = |keys: &[&str]| {
            let manifests: Vec<String> = keys.iter().map(|key| manifest(key)).collect();
            write(manifests.iter().map(|manifest| (component.as_slice(), manifest.as_str()))).unwrap_err().to_string()
        };
        assert_eq!(
            error(&["acme/crm", "acme/crm"]),
            r#"the plugins make no archive: there are two plugins with the key "acme/crm""#
        );
        let expected =
            r#"the plugins make no archive: found the key "segment", expected publisher/name, such as acme/crm"#;
        assert_eq!(error(&["segment"]), expected);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        for bytes in [&b""[..], b"PK\x03\x04", b"inlet catalog 2\n"] {
            assert!(matches!(PluginArchive::open(bytes), Err(ArchiveError::NotAnArchive)), "{bytes:?}");
        }
        assert!(PluginArchive::default().plugins().is_empty());
    }

    #[test]
    fn an_archive_that_is_cut_off_is_refused() {
        let (archive, _) = two();
        for length in [MAGIC.len(), MAGIC.len() + 30] {
            assert!(
                matches!(PluginArchive::open(archive[..length].to_vec()), Err(ArchiveError::Damaged(_))),
                "{length}"
            );
        }
        let cut = PluginArchive::open(archive[..archive.len() - 9].to_vec()).unwrap();
        assert!(matches!(cut.component(&cut.plugins()[0]), Err(ArchiveError::Damaged(_))));
    }

    #[test]
    fn an_index_with_wrong_names_and_numbers_is_refused() {
        type Change = fn(&mut Index);
        let changes: [(Change, &str); 13] = [
            (|index| index.plugins[0].key = "../../etc/passwd".to_owned(), "expected publisher/name"),
            (|index| index.plugins[0].key = "acme/../crm".to_owned(), "expected publisher/name"),
            (|index| index.plugins[0].key = "segment".to_owned(), "expected publisher/name"),
            (|index| index.plugins[0].key = format!("acme/{}", "a".repeat(200)), "expected publisher/name"),
            (|index| index.plugins[0].digest = "sha256:00".to_owned(), "expected sha256: and 64 hexadecimal digits"),
            (|index| index.plugins[0].icon = Some("x".repeat(20_000)), "its icon has more than 16384 bytes"),
            (|index| index.plugins[0].size = 4, "its blocks have 3 bytes, expected 4"),
            (|index| index.plugins[0].blocks = vec![1], "it names the block 1, which is not there"),
            (|index| index.plugins.push(index.plugins[0].clone()), "two plugins with the key"),
            (|index| index.blocks = vec![0], "a length outside of 1 to 4096 bytes"),
            (|index| index.blocks = vec![usize::MAX, 2], "a length outside of 1 to 4096 bytes"),
            (|index| index.blocks = vec![BLOCK_BYTES; 20_000], "expected at most 67108864"),
            (|index| index.plugins = vec![index.plugins[0].clone(); MAX_PLUGINS + 1], "expected at most 1000"),
        ];
        for (change, fault) in changes {
            let mut index = small();
            change(&mut index);
            let error = opened(&index, b"abc").unwrap_err().to_string();
            assert!(error.contains(fault), "{error}, expected {fault}");
        }
    }

    #[test]
    fn a_plugin_of_endlessly_repeated_blocks_is_refused() {
        let mut index = small();
        index.blocks = vec![BLOCK_BYTES];
        index.plugins[0].blocks = vec![0; 20_000];
        index.plugins[0].size = 20_000 * BLOCK_BYTES;
        let error = opened(&index, &[0; BLOCK_BYTES]).unwrap_err().to_string();
        assert!(error.contains("acme/crm: it has more than 67108864 bytes"), "{error}");
    }

    #[test]
    fn a_component_with_another_digest_is_refused() {
        let archive = opened(&small(), b"abd").unwrap();
        let error = archive.component(&archive.plugins()[0]).unwrap_err().to_string();
        assert!(error.contains("acme/crm: found the digest sha256:"), "{error}");
        assert_eq!(opened(&small(), b"abc").unwrap().component(&small().plugins[0]).unwrap(), b"abc");
    }

    #[test]
    fn more_and_fewer_blocks_than_the_index_lists_are_refused() {
        for blocks in [&b"ab"[..], b"abcd", &[0; 1 << 20]] {
            let archive = opened(&small(), blocks).unwrap();
            let error = archive.component(&archive.plugins()[0]).unwrap_err().to_string();
            assert!(error.contains("not the 3 bytes that the index lists"), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_archive_with_one_other_byte_gives_no_other_component(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            static TWO: LazyLock<(Vec<u8>, [Vec<u8>; 2])> = LazyLock::new(two);
            let (archive, components) = &*TWO;
            let mut archive = archive.clone();
            let at = at.index(archive.len());
            archive[at] ^= 1 << bit;
            let Ok(archive) = PluginArchive::open(archive) else { return Ok(()) };
            for plugin in archive.plugins() {
                if let Ok(component) = archive.component(plugin) {
                    prop_assert!(components.contains(&component));
                }
            }
        }
    }
}
