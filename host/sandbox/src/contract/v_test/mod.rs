//! The adapter of a second contract version, 0.99, which exists in tests only.
//!
//! It shows the cost of another version: a module with an adapter, a variant in `version.rs` and the match arms in
//! `adapter.rs`. The manifest, the limits and the checks of the output are shared.

mod tests;

use inlet_core::contract::{Item, ItemOutcome, Notice, Reply, Request, TranslatedEvent, Translation};
use semver::Version;
use wasmtime::{
    Store, StoreContextMut,
    component::{Component, ComponentExportIndex, InstancePre, Linker, WasmStr},
};

use super::{
    checked::Unchecked,
    error::ContractError,
    export::{find_export, resolve_imports},
};
use crate::run::{host_function, state::State};

/// The contract: `translate` takes a body and returns its event types.
pub(super) const WIT: &str = "
    package inlet:source@0.99.0;
    interface log { log: func(message: string); }
    interface translator { translate: func(body: string) -> list<string>; }
    world source { import log; export translator; }
";

type Params<'a> = (&'a str,);
type Return = (Vec<String>,);

/// Links `log`, whose type differs from that in 0.1. The version in the import name separates the two.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    host_function::link(
        &mut linker.instance("inlet:source/log@0.99.0")?,
        "log",
        |mut store: StoreContextMut<'_, State>, (message,): (WasmStr,)| {
            let message = store.data().logs.truncate(&message.to_str(&store)?).to_owned();
            store.data_mut().logs.push("info", message);
            Ok(())
        },
    )
}

pub(crate) struct Adapter {
    instance: InstancePre<State>,
    translate: ComponentExportIndex,
}

impl Adapter {
    pub(super) fn new(linker: &Linker<State>, component: &Component, version: &Version) -> Result<Self, ContractError> {
        let instance = resolve_imports(linker, component, version)?;
        let translate = find_export::<Params<'_>, Return>(&instance, "translator", version, "translate")?
            .ok_or_else(|| ContractError::no_translator(version))?;
        Ok(Self { instance, translate })
    }

    pub(super) async fn translate(
        &self,
        store: &mut Store<State>,
        request: &Request,
    ) -> wasmtime::Result<Unchecked<Result<Translation, Notice>>> {
        let body = request.body.as_text().map_or("", |text| text);
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<Params<'_>, Return>(&mut *store, self.translate)?;
        let (types,) = function.call_async(&mut *store, (body,)).await?;
        let items = types.into_iter().map(event).collect();
        Ok(Unchecked::new(Ok(Translation { items, reply: None, memo: String::new() })))
    }

    pub(super) async fn answer(
        &self,
        _: &mut Store<State>,
        _: &str,
        _: &[ItemOutcome],
    ) -> wasmtime::Result<Unchecked<Reply>> {
        Err(wasmtime::Error::msg("this version has no answerer; only call it when there is one"))
    }
}

fn event(event_type: String) -> Item {
    Item::Event(TranslatedEvent {
        event_type,
        user_id: None,
        data: None,
        idempotency_key: None,
        occurred_at: None,
        original: None,
        tag: String::new(),
        extras: Vec::new(),
    })
}
