//! Division of a component into blocks.

/// The most bytes of a block. Rules change one or two blocks of a component; smaller blocks would save 3 % of the archive.
pub const BLOCK_BYTES: usize = 4096;

/// The bytes before the first section of a component: magic number and version.
const HEADER: usize = 8;

/// Returns the blocks of a component, in order. Each section begins a new block, so that a section of another length does
/// not shift the blocks of those after it. Bytes that are no sections are divided too.
pub fn blocks(component: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut sections = Vec::new();
    let mut rest = component;
    while !rest.is_empty() {
        let length = if sections.is_empty() { HEADER.min(rest.len()) } else { section_length(rest) };
        let (section, others) = rest.split_at(length);
        sections.push(section);
        rest = others;
    }
    sections.into_iter().flat_map(|section| section.chunks(BLOCK_BYTES))
}

/// Returns the length of the section that begins here, with its id and its size, or of the whole rest if that is no
/// section.
fn section_length(rest: &[u8]) -> usize {
    let mut size = 0_u64;
    for (at, byte) in rest.iter().enumerate().skip(1).take(5) {
        size |= u64::from(byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            let end = usize::try_from(size).ok().and_then(|size| size.checked_add(at + 1));
            return end.filter(|end| *end <= rest.len()).unwrap_or(rest.len());
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A component with these sections.
    fn component(sections: &[&[u8]]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for section in sections {
            bytes.push(0);
            bytes.extend([section.len() as u8 & 0x7f | 0x80, (section.len() >> 7) as u8]);
            bytes.extend_from_slice(section);
        }
        bytes
    }

    #[test]
    fn a_section_of_another_length_leaves_the_blocks_of_others_as_they_are() {
        let shared = [7; 9000];
        let (one, other) = (component(&[&[1; 10], &shared]), component(&[&[2; 700], &shared]));
        let (one, other): (Vec<_>, Vec<_>) = (blocks(&one).collect(), blocks(&other).collect());
        assert_eq!(one.iter().rev().take(3).collect::<Vec<_>>(), other.iter().rev().take(3).collect::<Vec<_>>());
        assert_eq!(one.iter().map(|block| block.len()).collect::<Vec<_>>(), [8, 13, 4096, 4096, 811]);
    }

    proptest! {
        #[test]
        fn blocks_are_the_whole_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let found: Vec<&[u8]> = blocks(&bytes).collect();
            prop_assert!(found.iter().all(|block| !block.is_empty() && block.len() <= BLOCK_BYTES));
            prop_assert_eq!(found.concat(), bytes);
        }
    }
}
