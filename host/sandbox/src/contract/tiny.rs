//! A contract version of another shape, known to tests only: it shows what a second one takes.
//!
//! A module with an adapter, and one line for each of it in [`super`]. Everything else, from the manifest to the limits and
//! the checks of what comes out, is the same for both.

use inlet_core::contract::{Item, Notice, Outcome, Reply, Request, TranslatedEvent, Translation};
use semver::Version;
use wasmtime::{
    Store, StoreContextMut,
    component::{Component, ComponentExportIndex, InstancePre, Linker, WasmStr},
};

use super::{PACKAGE, Unchecked, v0_1::export};
use crate::{clock, load::LoadError, state::State};

/// A body, and the event types in it.
pub(super) const WIT: &str = "
    package inlet:source@0.99.0;
    interface log { log: func(message: string); }
    interface translator { translate: func(body: string) -> list<string>; }
    world source { import log; export translator; }
";

type Params<'a> = (&'a str,);
type Return = (Vec<String>,);

/// An import of the same name as that of 0.1 and of another type: the version in it keeps them apart.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    clock::link(
        &mut linker.instance("inlet:source/log@0.99.0")?,
        "log",
        |mut store: StoreContextMut<'_, State>, (message,): (WasmStr,)| {
            let message = store.data().logs.fitting(&message.to_str(&store)?).to_owned();
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
    pub(super) fn new(linker: &Linker<State>, component: &Component, version: &Version) -> Result<Self, LoadError> {
        let instance =
            linker.instantiate_pre(component).map_err(|error| LoadError::Imports { reason: format!("{error:#}") })?;
        let translator = format!("{PACKAGE}translator@{version}");
        let translate = export::<Params<'_>, Return>(&instance, &translator, "translate")?
            .ok_or(LoadError::NoExport { expected: translator })?;
        Ok(Self { instance, translate })
    }

    pub(super) fn answers(&self) -> bool {
        false
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
        _: &[Outcome],
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
