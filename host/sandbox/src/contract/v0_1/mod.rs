//! The adapter of contract 0.1.x (`wit/v0.1`).

mod types;

use inlet_core::contract::{ItemOutcome, Notice, Reply, Request, Translation};
use semver::Version;
use wasmtime::{
    Store, StoreContextMut,
    component::{Component, ComponentExportIndex, InstancePre, Linker, WasmStr},
};

use super::{
    checked::Unchecked,
    error::ContractError,
    export::{find_export, resolve_imports},
    version::PACKAGE,
};
use crate::run::{host_function, state::State};

type TranslateParams<'a> = (types::Request<'a>,);
type TranslateResult = (Result<types::Translation, types::Notice>,);
type AnswerParams<'a> = (&'a str, &'a [types::Outcome<'a>]);
type AnswerResult = (types::Reply,);

/// Links the one import, `log`. wasmtime matches it to every 0.1.x.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    // Contains types only, but a component that uses them imports the instance.
    linker.instance("inlet:source/types@0.1.0")?;
    host_function::link(
        &mut linker.instance("inlet:source/log@0.1.0")?,
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

/// A compiled component of contract 0.1.x, with its imports and exports resolved.
pub(crate) struct Adapter {
    instance: InstancePre<State>,
    translate: ComponentExportIndex,
    answer: Option<ComponentExportIndex>,
}

impl Adapter {
    pub(super) fn new(linker: &Linker<State>, component: &Component, version: &Version) -> Result<Self, ContractError> {
        let instance = resolve_imports(linker, component)?;
        let translator = format!("{PACKAGE}translator@{version}");
        let answerer = format!("{PACKAGE}answerer@{version}");
        let translate = find_export::<TranslateParams<'_>, TranslateResult>(&instance, &translator, "translate")?
            .ok_or(ContractError::NoExport { expected: translator })?;
        let answer = find_export::<AnswerParams<'_>, AnswerResult>(&instance, &answerer, "answer")?;
        Ok(Self { instance, translate, answer })
    }

    pub(super) fn answers(&self) -> bool {
        self.answer.is_some()
    }

    pub(super) async fn translate(
        &self,
        store: &mut Store<State>,
        request: &Request,
    ) -> wasmtime::Result<Unchecked<Result<Translation, Notice>>> {
        let fields = types::Fields::of(request);
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<TranslateParams<'_>, TranslateResult>(&mut *store, self.translate)?;
        let (result,) = function.call_async(&mut *store, (fields.request(request),)).await?;
        Ok(Unchecked::new(result.map(Translation::from).map_err(Notice::from)))
    }

    pub(super) async fn answer(
        &self,
        store: &mut Store<State>,
        memo: &str,
        outcomes: &[ItemOutcome],
    ) -> wasmtime::Result<Unchecked<Reply>> {
        let Some(answer) = self.answer else {
            return Err(wasmtime::Error::msg("it does not export answerer; only call it when it does"));
        };
        let outcomes: Vec<_> = outcomes.iter().map(types::Outcome::from).collect();
        let instance = self.instance.instantiate_async(&mut *store).await?;
        let function = instance.get_typed_func::<AnswerParams<'_>, AnswerResult>(&mut *store, answer)?;
        let (reply,) = function.call_async(&mut *store, (memo, &outcomes)).await?;
        Ok(Unchecked::new(reply.into()))
    }
}
