//! A compiled component behind the adapter of its contract version.

use inlet_core::contract::{ItemOutcome, Notice, Reply, Request, Translation};
use semver::Version;
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

#[cfg(test)]
use super::v_test;
use super::{checked::Unchecked, error::ContractError, rules, v0_1, v0_2, version::VersionFamily};
use crate::run::state::State;

/// Links the imports of every contract version, and of plugins without code.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    v0_1::link(&mut linker)?;
    v0_2::link(&mut linker)?;
    rules::link(&mut linker)?;
    #[cfg(test)]
    v_test::link(&mut linker)?;
    Ok(linker)
}

/// A compiled component, called through its contract version.
pub(crate) enum Adapter {
    V0_1(v0_1::Adapter),
    V0_2(v0_2::Adapter),
    #[cfg(test)]
    VTest(v_test::Adapter),
}

impl Adapter {
    pub(crate) fn new(
        linker: &Linker<State>,
        component: &Component,
        family: VersionFamily,
        version: &Version,
    ) -> Result<Self, ContractError> {
        match family {
            VersionFamily::V0_1 => v0_1::Adapter::new(linker, component, version).map(Adapter::V0_1),
            VersionFamily::V0_2 => v0_2::Adapter::new(linker, component, version).map(Adapter::V0_2),
            #[cfg(test)]
            VersionFamily::VTest => v_test::Adapter::new(linker, component, version).map(Adapter::VTest),
        }
    }

    pub(crate) async fn translate(
        &self,
        store: &mut Store<State>,
        request: &Request,
    ) -> wasmtime::Result<Unchecked<Result<Translation, Notice>>> {
        match self {
            Adapter::V0_1(adapter) => adapter.translate(store, request).await,
            Adapter::V0_2(adapter) => adapter.translate(store, request).await,
            #[cfg(test)]
            Adapter::VTest(adapter) => adapter.translate(store, request).await,
        }
    }

    pub(crate) async fn answer(
        &self,
        store: &mut Store<State>,
        memo: &str,
        outcomes: &[ItemOutcome],
    ) -> wasmtime::Result<Unchecked<Reply>> {
        match self {
            Adapter::V0_1(adapter) => adapter.answer(store, memo, outcomes).await,
            Adapter::V0_2(adapter) => adapter.answer(store, memo, outcomes).await,
            #[cfg(test)]
            Adapter::VTest(adapter) => adapter.answer(store, memo, outcomes).await,
        }
    }
}
