//! The traits that a plugin implements, and the macros that export them from a component.

use std::marker::PhantomData;

use crate::bindings::{answering, source};
use crate::{Notice, Outcome, Reply, Request, Translation, log};

/// A plugin: a translator from requests to events.
pub trait Plugin {
    /// Translates a request into events.
    ///
    /// The host calls it in a fresh sandbox for every request. No state survives between calls, and equal requests give
    /// equal translations.
    ///
    /// # Errors
    ///
    /// An error rejects the whole request. The host stores its bytes and the reason.
    fn translate(request: &Request) -> Result<Translation, Notice>;
}

/// A plugin that also writes the answer after the commit, for platforms that read it, such as those that speak JSON-RPC.
pub trait Answerer: Plugin {
    /// Writes the answer after the outcomes are durable.
    ///
    /// `memo` is the memo of the translation. If a translation's memo is empty, the host answers by itself and does not
    /// call this.
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply;
}

/// Adapter between the generated bindings and a [`Plugin`]. Only the export macros name it.
#[derive(Debug)]
pub struct Exported<P>(PhantomData<P>);

impl<P: Plugin> source::exports::inlet::source::translator::Guest for Exported<P> {
    fn translate(request: Request) -> Result<Translation, Notice> {
        log::report_panics();
        P::translate(&request)
    }
}

impl<P: Answerer> answering::exports::inlet::source::answerer::Guest for Exported<P> {
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply {
        log::report_panics();
        P::answer(memo, outcomes)
    }
}

/// Exports a type that implements [`Plugin`] as a component. Use it once per crate.
///
/// On native targets it expands to nothing, so that several plugins can be linked into one test.
#[macro_export]
macro_rules! export {
    ($plugin:ident) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::Exported<$plugin>;
            $crate::bindings::source::export_source! { Exported with_types_in $crate::bindings::source }
        };
    };
}

/// Exports a type that implements [`Answerer`] as a component. Use it once per crate, instead of [`export!`].
#[macro_export]
macro_rules! export_answering {
    ($plugin:ident) => {
        $crate::export!($plugin);
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::Exported<$plugin>;
            $crate::bindings::answering::export_answering! { Exported with_types_in $crate::bindings::answering }
        };
    };
}
