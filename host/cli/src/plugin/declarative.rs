//! The declarative component, which the build script embeds: plugins without code are made of it.

include!(concat!(env!("OUT_DIR"), "/declarative.rs"));
