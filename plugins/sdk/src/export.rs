//! The traits of a plugin, and the macros that make a component of it.

use std::marker::PhantomData;

use crate::bindings::{answering, source};
use crate::{Notice, Outcome, Reply, Request, Translation, log};

/// What every plugin does.
pub trait Plugin {
    /// Says which events a request holds.
    ///
    /// Called in a fresh sandbox for every request: there is no memory of an earlier one, and the same request gives
    /// the same translation. An error rejects the whole request, which is then stored with its bytes and the reason.
    fn translate(request: &Request) -> Result<Translation, Notice>;
}

/// What a plugin does besides, when its platform reads the answer (JSON-RPC does).
pub trait Answerer: Plugin {
    /// Writes the answer's body once the outcomes are durable. `memo` is the translation's own; a translation with an
    /// empty one is answered by the host.
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply;
}

/// Stands between the generated bindings and a [`Plugin`]; the export macros name it, authors do not.
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

/// Makes a component of a type that implements [`Plugin`]. Once per crate.
///
/// Natively it expands to nothing, so that several plugins can be linked into one test.
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

/// Makes a component of a type that implements [`Answerer`]. Once per crate, instead of [`export!`].
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
