//! The files that `make plugins` builds and the build script embeds: the component of plugins without code, and the catalogue.

use anyhow::Context as _;
use inlet_plugin_archive::PluginArchive;

include!(concat!(env!("OUT_DIR"), "/embedded_plugins.rs"));

/// Opens the catalogue of this program.
pub(super) fn catalog() -> anyhow::Result<PluginArchive> {
    PluginArchive::open(CATALOG).context("cannot read the catalogue of this program")
}
