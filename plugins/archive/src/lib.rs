//! The archive of the plugins that ship with Inlet and are installed on demand.
//!
//! ```text
//! "inlet catalog 1\n" │ index: its length (u32, little-endian), then JSON │ blocks, one after another
//!                       └──────────────── gzip ───────────────┘   └───────────── gzip ───────────┘
//! ```
//!
//! The index describes each plugin, so that a list reads no component. A component is a sequence of blocks. Equal blocks
//! are stored once: plugins without code share all but the few blocks that hold their rules and their manifest.
//!
//! An archive may come from anywhere. The reader bounds everything that it allocates, and a component is returned only if
//! it has the digest of the index.

mod blocks;
mod index;
mod read;
mod write;

pub use index::{ArchivedPlugin, Support};
pub use read::{ArchiveError, PluginArchive};
pub use write::{WriteError, write};

/// The first bytes of an archive. The number is the version of the format.
const MAGIC: &[u8] = b"inlet catalog 1\n";

/// The most plugins of an archive.
pub const MAX_PLUGINS: usize = 1000;

/// The most bytes of an index, decompressed. An icon has at most 16 KiB.
const MAX_INDEX_BYTES: usize = 16 << 20;

/// The most bytes of all distinct blocks together, decompressed.
const MAX_BLOCK_BYTES: usize = 64 << 20;

/// The most bytes of a component.
const MAX_PLUGIN_BYTES: usize = 64 << 20;

/// The most bytes of an icon.
const MAX_ICON_BYTES: usize = 16 << 10;
