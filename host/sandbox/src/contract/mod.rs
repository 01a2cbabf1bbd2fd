//! The contract versions that this host speaks, one adapter module each.
//!
//! Every released version loads for ever. The names of a component's exports carry the version, so looking them up one
//! by one is the version check. An adapter moves its version's own types to and from the plain values of
//! [`inlet_core::contract`] and judges nothing; `checked` does that, the same for every version.

mod checked;
#[cfg(test)]
mod tiny;
#[cfg(test)]
mod tiny_tests;
mod v0_1;

use inlet_core::contract::{Notice, Outcome, Reply, Request, Translation};
use semver::Version;
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

pub(crate) use checked::Unchecked;

use crate::{load::LoadError, state::State};

/// The contract versions known, for people.
pub(crate) const KNOWN: &str = "0.1";

/// The package that plugins are written against.
pub(crate) const PACKAGE: &str = "inlet:source/";

/// A family of contract versions that share one adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// 0.1.x
    V0_1,
    /// 0.99.x, which only tests know: there is room for more than one.
    #[cfg(test)]
    Tiny,
}

impl Family {
    /// The family of a contract version, if this host knows it.
    pub(crate) fn of(version: &Version) -> Option<Self> {
        match (version.major, version.minor) {
            (0, 1) if version.pre.is_empty() => Some(Family::V0_1),
            #[cfg(test)]
            (0, 99) if version.pre.is_empty() => Some(Family::Tiny),
            _ => None,
        }
    }
}

/// What every version's imports are linked to.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    v0_1::link(&mut linker)?;
    #[cfg(test)]
    tiny::link(&mut linker)?;
    Ok(linker)
}

/// A compiled plugin behind its contract version.
pub(crate) enum Adapter {
    V0_1(v0_1::Adapter),
    #[cfg(test)]
    Tiny(tiny::Adapter),
}

impl Adapter {
    pub(crate) fn new(
        linker: &Linker<State>,
        component: &Component,
        family: Family,
        version: &Version,
    ) -> Result<Self, LoadError> {
        match family {
            Family::V0_1 => v0_1::Adapter::new(linker, component, version).map(Adapter::V0_1),
            #[cfg(test)]
            Family::Tiny => tiny::Adapter::new(linker, component, version).map(Adapter::Tiny),
        }
    }

    pub(crate) fn answers(&self) -> bool {
        match self {
            Adapter::V0_1(adapter) => adapter.answers(),
            #[cfg(test)]
            Adapter::Tiny(adapter) => adapter.answers(),
        }
    }

    pub(crate) async fn translate(
        &self,
        store: &mut Store<State>,
        request: &Request,
    ) -> wasmtime::Result<Unchecked<Result<Translation, Notice>>> {
        match self {
            Adapter::V0_1(adapter) => adapter.translate(store, request).await,
            #[cfg(test)]
            Adapter::Tiny(adapter) => adapter.translate(store, request).await,
        }
    }

    pub(crate) async fn answer(
        &self,
        store: &mut Store<State>,
        memo: &str,
        outcomes: &[Outcome],
    ) -> wasmtime::Result<Unchecked<Reply>> {
        match self {
            Adapter::V0_1(adapter) => adapter.answer(store, memo, outcomes).await,
            #[cfg(test)]
            Adapter::Tiny(adapter) => adapter.answer(store, memo, outcomes).await,
        }
    }
}
