//! The bundled plugins, which the build script embeds.

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
