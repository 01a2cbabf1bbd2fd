//! The place in the declarative component where a plugin's rules are.
//!
//! It is a static of a fixed size, so that rules are written into the finished component without moving anything:
//!
//! | bytes | |
//! |---|---|
//! | 24 | the marker, which stands nowhere else in the component |
//! | 4 | the length of the rules, little-endian; 0 before rules are written |
//! | the rest | the rules, then zeros |

/// The bytes by which the region is found in the component.
///
/// The component itself never compares with it: a copy in its code would be a second place. The number in it is that of the
/// program's format, so that a component is never given rules that it cannot read.
pub const MARKER: [u8; 24] = *b"INLET-RULES\x00\x8d\xf3\x1c\x66v3 \xe2\x99\xa6\x00\x00";
/// The size of the region in bytes.
pub const SIZE: usize = 32 * 1024;
/// The most bytes that rules may have.
pub const CAPACITY: usize = SIZE - HEADER;

const HEADER: usize = MARKER.len() + 4;

/// The region, aligned to a page of the host, so that short rules touch one page only.
#[repr(align(4096))]
#[derive(Debug)]
pub struct Region(pub [u8; SIZE]);

impl Region {
    /// Returns a region without rules.
    pub const fn empty() -> Self {
        let mut bytes = [0; SIZE];
        let mut index = 0;
        while index < MARKER.len() {
            bytes[index] = MARKER[index];
            index += 1;
        }
        Self(bytes)
    }

    /// Returns the bytes of the rules; `None` if there are none, or the length is not one.
    pub fn rules(&self) -> Option<&[u8]> {
        rules(&self.0)
    }
}

fn rules(region: &[u8]) -> Option<&[u8]> {
    let length = region.get(MARKER.len()..HEADER)?.first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    region.get(HEADER..SIZE)?.get(..length).filter(|rules| !rules.is_empty())
}

/// Why rules cannot be written into a component.
#[cfg(feature = "text")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionError {
    /// The rules are larger than the region.
    TooLarge {
        /// Their size in bytes.
        bytes: usize,
    },
    /// The component has not exactly one whole region.
    Regions {
        /// The bytes that it has.
        count: usize,
    },
}

#[cfg(feature = "text")]
impl std::fmt::Display for RegionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(
                f,
                "the rules take {bytes} bytes; at most {CAPACITY} can be used: shorten messages, or leave out rules of rare events"
            ),
            Self::Regions { count } => write!(
                f,
                "the component has {count} places for rules; expected exactly one: use the declarative component as Inlet builds it"
            ),
        }
    }
}

#[cfg(feature = "text")]
impl std::error::Error for RegionError {}

/// Writes compiled rules into a component, in place of those that it had.
///
/// # Errors
///
/// See [`RegionError`]. The component is unchanged then.
#[cfg(feature = "text")]
pub fn write(component: &mut [u8], rules: &[u8]) -> Result<(), RegionError> {
    if rules.len() > CAPACITY {
        return Err(RegionError::TooLarge { bytes: rules.len() });
    }
    let region = find(component)?;
    let length = u32::try_from(rules.len()).unwrap_or_default();
    let place = &mut component[region..region + SIZE][MARKER.len()..];
    place.fill(0);
    place[..4].copy_from_slice(&length.to_le_bytes());
    place[4..4 + rules.len()].copy_from_slice(rules);
    Ok(())
}

/// Returns the compiled rules of a component; `None` if it has a region without rules.
///
/// # Errors
///
/// [`RegionError::Regions`] if there is not exactly one region.
#[cfg(feature = "text")]
pub fn read(component: &[u8]) -> Result<Option<&[u8]>, RegionError> {
    let region = find(component)?;
    Ok(rules(&component[region..region + SIZE]))
}

/// Returns where the only region of a component begins.
#[cfg(feature = "text")]
fn find(component: &[u8]) -> Result<usize, RegionError> {
    let mut found = Vec::new();
    for (index, window) in component.windows(MARKER.len()).enumerate() {
        if window[0] == MARKER[0] && window == MARKER {
            found.push(index);
        }
    }
    match found[..] {
        [region] if component.len() - region >= SIZE => Ok(region),
        _ => Err(RegionError::Regions { count: found.len() }),
    }
}
