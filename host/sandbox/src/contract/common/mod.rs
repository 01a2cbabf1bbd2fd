//! The adapter of the contract versions that differ in the type of a reply only: 0.1 and 0.2.

mod types;

use std::marker::PhantomData;

use inlet_core::contract::{self as plain, ItemOutcome, Notice, Request, Translation};
use semver::Version;
use wasmtime::{
    Store, StoreContextMut,
    component::{Component, ComponentExportIndex, InstancePre, Lift, Linker, WasmStr},
};

pub(super) use types::Field;

use super::{
    checked::Unchecked,
    error::ContractError,
    export::{find_export, resolve_imports},
    version::PACKAGE,
};
use crate::run::{host_function, state::State};

type TranslateParams<'a> = (types::Request<'a>,);
type TranslateResult<Reply> = (Result<types::Translation<Reply>, types::Notice>,);
type AnswerParams<'a> = (&'a str, &'a [types::Outcome<'a>]);
type AnswerResult<Reply> = (Reply,);

/// The type of a reply in one version, as wasmtime lifts it.
pub(crate) trait LiftedReply: Lift + Into<plain::Reply> + Send + Sync + 'static {}

/// Links the one import, `log`, of a version such as `0.1.0`. wasmtime matches it to every patch of the version.
pub(super) fn link(linker: &mut Linker<State>, version: &str) -> wasmtime::Result<()> {
    // Contains types only, but a component that uses them imports the instance.
    linker.instance(&format!("{PACKAGE}types@{version}"))?;
    host_function::link(
        &mut linker.instance(&format!("{PACKAGE}log@{version}"))?,
        "log",
        |mut store: StoreContextMut<'_, State>, (level, message): (types::Level, WasmStr)| {
            let message = message.to_str(&store)?;
            let (read, message) = (message.len(), store.data().logs.truncate(&message).to_owned());
            let State { clock, logs, .. } = store.data_mut();
            clock.add_work(read);
            logs.push(level.name(), message);
            Ok(())
        },
    )
}

/// A compiled component, with its imports and exports resolved.
pub(crate) struct Adapter<Reply> {
    instance: InstancePre<State>,
    translate: ComponentExportIndex,
    answer: Option<ComponentExportIndex>,
    reply: PhantomData<fn() -> Reply>,
}

impl<Reply: LiftedReply> Adapter<Reply> {
    pub(super) fn new(linker: &Linker<State>, component: &Component, version: &Version) -> Result<Self, ContractError> {
        let instance = resolve_imports(linker, component, version)?;
        let translate =
            find_export::<TranslateParams<'_>, TranslateResult<Reply>>(&instance, "translator", version, "translate")?
                .ok_or_else(|| ContractError::no_translator(version))?;
        let answer = find_export::<AnswerParams<'_>, AnswerResult<Reply>>(&instance, "answerer", version, "answer")?;
        Ok(Self { instance, translate, answer, reply: PhantomData })
    }

    pub(super) async fn translate(
        &self,
        store: &mut Store<State>,
        request: &Request,
    ) -> wasmtime::Result<Unchecked<Result<Translation, Notice>>> {
        let fields = types::Fields::of(request);
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let function =
            instance.get_typed_func::<TranslateParams<'_>, TranslateResult<Reply>>(&mut *store, self.translate)?;
        let (result,) = function.call_async(&mut *store, (fields.request(request),)).await?;
        Ok(Unchecked::new(result.map(Translation::from).map_err(Notice::from)))
    }

    pub(super) async fn answer(
        &self,
        store: &mut Store<State>,
        memo: &str,
        outcomes: &[ItemOutcome],
    ) -> wasmtime::Result<Unchecked<plain::Reply>> {
        let Some(answer) = self.answer else {
            return Err(wasmtime::Error::msg("it does not export answerer; only call it when it does"));
        };
        let outcomes: Vec<_> = outcomes.iter().map(types::Outcome::from).collect();
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<AnswerParams<'_>, AnswerResult<Reply>>(&mut *store, answer)?;
        let (reply,) = function.call_async(&mut *store, (memo, &outcomes)).await?;
        Ok(Unchecked::new(reply.into()))
    }
}
