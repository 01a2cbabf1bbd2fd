//! Code that `wit-bindgen` generates from the contract.
//!
//! Public because the export macros refer to paths in this module. Authors use the names at the top of the crate
//! instead.

#![allow(
    unsafe_code,
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    reason = "generated: it crosses the border between wasm and the host by raw pointers, and documents itself in WIT"
)]

/// Bindings for the world `source`: a plugin that only translates.
pub mod source {
    wit_bindgen::generate!({
        path: "../../wit/v0.2",
        world: "source",
        additional_derives: [PartialEq, Eq],
        pub_export_macro: true,
        export_macro_name: "export_source",
        default_bindings_module: "inlet_plugin::bindings::source",
    });
}

/// Bindings for the additional exports of a plugin that also writes the answer.
///
/// The contract's world `answering-source` is `source` plus the answerer. Generating it whole would define the
/// translator's macros a second time in this crate, so only the answerer is generated here, and `wit-component` merges
/// the two worlds.
pub mod answering {
    wit_bindgen::generate!({
        inline: "
            package inlet:sdk;
            world answering {
                export inlet:source/answerer@0.2.0;
            }
        ",
        path: "../../wit/v0.2",
        with: { "inlet:source/types@0.2.0": crate::bindings::source::inlet::source::types },
        pub_export_macro: true,
        export_macro_name: "export_answering",
        default_bindings_module: "inlet_plugin::bindings::answering",
    });
}
