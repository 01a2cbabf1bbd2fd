//! The native code of a plugin: compiled when it was loaded, or when it is first called.

use std::sync::OnceLock;

use crate::{
    load::{Code, LoadError, LoadedPlugin},
    sandbox::Sandbox,
};

/// The native code of a plugin.
pub(crate) struct PluginCode {
    code: OnceLock<Code>,
    /// The file and its compiler, for a plugin that is compiled when it is first called.
    pending: Option<(Sandbox, &'static [u8])>,
}

impl PluginCode {
    /// Code that is there.
    pub(crate) fn compiled(code: Code) -> Self {
        Self { code: OnceLock::from(code), pending: None }
    }

    /// Code that is compiled when it is first needed.
    pub(crate) fn when_called(sandbox: Sandbox, wasm: &'static [u8]) -> Self {
        Self { code: OnceLock::new(), pending: Some((sandbox, wasm)) }
    }

    /// Returns the code if it is there.
    pub(crate) fn get(&self) -> Option<&Code> {
        self.code.get()
    }

    /// Compiles the plugin if that was not done yet. Takes seconds of processor time. Of several calls at once, the compiler
    /// serves the first, and the others find its result in the cache of compiled plugins, if there is one.
    pub(crate) fn compile(&self, loaded: &LoadedPlugin) -> Result<(), LoadError> {
        if let (None, Some((sandbox, wasm))) = (self.get(), &self.pending) {
            let code = sandbox.compile(loaded, wasm)?;
            let _ = self.code.set(code);
        }
        Ok(())
    }
}
