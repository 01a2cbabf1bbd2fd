//! A filter over hashes: a split block Bloom filter, as the format Apache Parquet specifies it.
//!
//! Filters are stored, so their bits mean the same in every version of the server: a library that changed its hashing would
//! make records invisible, and their actions would be carried out again. The hashes that come in are random already.

use inlet_core::idempotency::RecordId;

/// Bits for each hash. One hash in about a thousand that is not in the filter seems to be.
const BITS_A_HASH: usize = 16;
const BLOCK_BYTES: usize = 32;
/// One odd number for each word of a block, from Parquet's specification.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// Says which hashes are certainly not in a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    blocks: Box<[[u32; 8]]>,
}

impl Filter {
    /// Returns a filter over these hashes.
    pub(super) fn of<'h>(hashes: impl ExactSizeIterator<Item = &'h RecordId>) -> Self {
        let mut filter = Self::with_room(hashes.len());
        hashes.for_each(|hash| filter.add(hash));
        filter
    }

    /// Returns a filter over no hash, for so many.
    pub(super) fn with_room(hashes: usize) -> Self {
        let blocks = hashes.saturating_mul(BITS_A_HASH).div_ceil(BLOCK_BYTES * 8).max(1);
        Self { blocks: vec![[0; 8]; blocks].into() }
    }

    pub(super) fn add(&mut self, hash: &RecordId) {
        let (block, key) = self.place(hash);
        for (word, salt) in self.blocks[block].iter_mut().zip(SALTS) {
            *word |= bit(key, salt);
        }
    }

    /// Returns false if the hash is not in the set. True means that it probably is.
    pub(super) fn may_hold(&self, hash: &RecordId) -> bool {
        let (block, key) = self.place(hash);
        self.blocks[block].iter().zip(SALTS).all(|(word, salt)| word & bit(key, salt) != 0)
    }

    /// Returns the block of a hash, and the bits of the hash that choose within it. A segment's buckets use other bits.
    fn place(&self, RecordId(hash): &RecordId) -> (usize, u32) {
        let [.., a, b, c, d, e, f, g, h] = *hash;
        let block = u64::from(u32::from_le_bytes([a, b, c, d])) * self.blocks.len() as u64;
        ((block >> 32) as usize, u32::from_le_bytes([e, f, g, h]))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Returns none if the bytes are not a filter.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (blocks, []) = bytes.as_chunks::<BLOCK_BYTES>() else { return None };
        let word =
            |block: &[u8; BLOCK_BYTES], at: usize| u32::from_le_bytes(std::array::from_fn(|byte| block[at * 4 + byte]));
        let blocks: Box<[[u32; 8]]> = blocks.iter().map(|block| std::array::from_fn(|at| word(block, at))).collect();
        (!blocks.is_empty()).then_some(Self { blocks })
    }
}

fn bit(key: u32, salt: u32) -> u32 {
    1 << (key.wrapping_mul(salt) >> 27)
}

#[cfg(test)]
mod tests {
    use inlet_core::idempotency::{HashKey, ScopedKey};

    use super::*;

    fn hashes(from: usize, count: usize) -> Vec<RecordId> {
        let hash = |number| ScopedKey::new(&HashKey([3; 16]), 1, "t", format!("key {number}"), 1, 0).id;
        (from..from + count).map(hash).collect()
    }

    #[test]
    fn every_hash_is_found_again_and_few_others() {
        for count in [0, 1, 15, 1000, 65_536] {
            let known = hashes(0, count);
            let filter = Filter::from_bytes(&Filter::of(known.iter()).to_bytes()).unwrap();
            assert!(known.iter().all(|hash| filter.may_hold(hash)));
            let wrong = hashes(1_000_000, 20_000).iter().filter(|hash| filter.may_hold(hash)).count();
            assert!(wrong < 100, "{wrong} of 20,000 beside {count}");
        }
    }

    /// A change of this value makes stored filters useless.
    #[test]
    fn the_stored_form_never_changes() {
        let bytes = Filter::of([RecordId(std::array::from_fn(|at| at as u8))].iter()).to_bytes();
        assert_eq!(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "0000001000001000020000000008000000200000002000000020000000200000"
        );
    }

    #[test]
    fn other_bytes_are_no_filter() {
        assert_eq!(Filter::from_bytes(&[]), None);
        assert_eq!(Filter::from_bytes(&[0; 31]), None);
    }
}
