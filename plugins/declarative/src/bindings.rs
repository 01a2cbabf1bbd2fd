//! Code that `wit-bindgen` generates for the import of the rules.

#![allow(
    unsafe_code,
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    reason = "generated: it crosses the border between wasm and the host by raw pointers, and documents itself in WIT"
)]

wit_bindgen::generate!({
    inline: "
        package inlet:declarative@0.1.0;

        /// The rules of the file that holds the component.
        interface rules {
            /// Returns the content of its custom section `inlet:rules`; nothing if it has none.
            compiled: func() -> list<u8>;
        }

        world declarative {
            import rules;
        }
    ",
});
