//! The native code of a plugin: compiled when it was loaded, or when it is first called.

use tokio::sync::OnceCell;

use crate::{
    load::{Code, LoadError, LoadedPlugin},
    sandbox::Sandbox,
};

/// The native code of a plugin.
pub(crate) struct PluginCode {
    code: OnceCell<Code>,
    /// The file and its compiler, for a plugin that is compiled when it is first called.
    pending: Option<(Sandbox, &'static [u8])>,
}

impl PluginCode {
    /// Code that is there.
    pub(crate) fn compiled(code: Code) -> Self {
        Self { code: OnceCell::new_with(Some(code)), pending: None }
    }

    /// Code that is compiled when it is first needed.
    pub(crate) fn when_called(sandbox: Sandbox, wasm: &'static [u8]) -> Self {
        Self { code: OnceCell::new(), pending: Some((sandbox, wasm)) }
    }

    /// Returns the code if it is there.
    pub(crate) fn get(&self) -> Option<&Code> {
        self.code.get()
    }

    /// Returns the code; the first call compiles it or reads it from the cache, and others wait for it. Takes seconds
    /// where it is compiled.
    pub(crate) async fn get_or_compile(&self, loaded: &LoadedPlugin) -> Result<&Code, CompileFailed> {
        let compile = async || {
            let (sandbox, wasm) = self.pending.clone().ok_or_else(|| CompileFailed("it has no code".to_owned()))?;
            let contract = loaded.contract();
            let compiled = tokio::task::spawn_blocking(move || sandbox.compile(&contract, wasm)).await;
            compiled.map_err(|error| CompileFailed(error.to_string()))?.map_err(CompileFailed::from)
        };
        self.code.get_or_try_init(compile).await
    }
}

/// A plugin could not be compiled when it was called.
#[derive(Debug, thiserror::Error)]
#[error("it does not compile: {0}")]
pub(crate) struct CompileFailed(String);

impl From<LoadError> for CompileFailed {
    fn from(error: LoadError) -> Self {
        Self(error.to_string())
    }
}
