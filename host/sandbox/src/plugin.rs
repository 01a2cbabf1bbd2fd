//! A loaded plugin, ready to be called.

use std::sync::Arc;

use inlet_core::contract::{ItemOutcome, Notice, Reply, Request, Translation};

use crate::{
    contract::Adapter,
    load::{Compilation, LoadedPlugin, PublisherKey},
    manifest::Manifest,
    plugin_code::PluginCode,
    run::{Call, CallGuard, Fault, Limits, execute::execute, pool::Pool, state::CallInput},
};

/// A loaded plugin. Cheap to clone. Every call runs in its own sandbox.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Arc<Pool>,
    loaded: LoadedPlugin,
    code: PluginCode,
}

impl Inner {
    /// Returns the compiled plugin. The first calls of one that is compiled when it is called wait for the compiler.
    async fn adapter(&self) -> Result<&Adapter, Fault> {
        let code = self.code.get_or_compile(&self.loaded).await;
        code.map(|code| &code.adapter).map_err(|error| Fault::Trap { message: error.to_string() })
    }

    fn input(&self, bytes: usize, now_ms: u64) -> CallInput {
        CallInput { bytes, now_ms, rules: Arc::clone(&self.loaded.rules) }
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("key", &self.manifest().key)
            .field("version", &self.manifest().version)
            .field("digest", &self.digest())
            .finish_non_exhaustive()
    }
}

impl Plugin {
    pub(crate) fn new(pool: Arc<Pool>, loaded: LoadedPlugin, code: PluginCode) -> Self {
        Self { inner: Arc::new(Inner { pool, loaded, code }) }
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.loaded.manifest
    }

    /// Returns `sha256:` and the hexadecimal digest of the file's bytes. Events record it as their translator.
    pub fn digest(&self) -> &str {
        &self.inner.loaded.digest
    }

    /// Returns the key that the plugin is signed with, or `None` if it is not signed.
    pub fn publisher_key(&self) -> Option<PublisherKey> {
        self.inner.loaded.publisher_key
    }

    /// Returns the origin of the native code: compiled, read from the cache, or shared with another plugin.
    pub fn compilation(&self) -> &Compilation {
        self.inner.code.get().map_or(&Compilation::WhenCalled, |code| &code.compilation)
    }

    /// Returns true if both plugins run the same compiled code, which is in memory once.
    pub fn shares_code_with(&self, other: &Self) -> bool {
        let component = |plugin: &Self| plugin.inner.code.get().map(|code| Arc::clone(&code.component));
        matches!((component(self), component(other)), (Some(own), Some(other)) if Arc::ptr_eq(&own, &other))
    }

    /// Returns true if the plugin writes its own answers ([`Self::answer`]).
    pub fn answers(&self) -> bool {
        self.inner.loaded.answers
    }

    /// Translates a request into its items. An inner `Err` is the plugin's decision to reject the whole request; a
    /// [`crate::Fault`] is a failure of the plugin.
    ///
    /// Must run on a tokio runtime with time enabled.
    pub async fn translate(&self, request: &Request, limits: &Limits) -> Call<Result<Translation, Notice>> {
        self.translate_with_guard((), &Arc::new(request.clone()), limits).await
    }

    /// Same as [`Self::translate`]. `guard` learns how the call ended and is dropped after it, even if the returned future
    /// is dropped earlier.
    pub async fn translate_with_guard(
        &self,
        guard: impl CallGuard,
        request: &Arc<Request>,
        limits: &Limits,
    ) -> Call<Result<Translation, Notice>> {
        let (inner, request, limits) = (Arc::clone(&self.inner), Arc::clone(request), limits.clone());
        let translating = async move {
            let adapter = match inner.adapter().await {
                Ok(adapter) => adapter,
                Err(fault) => return Call::failed(fault),
            };
            let input = inner.input(request.body.as_bytes().len(), request.received_at_ms);
            execute(&inner.pool, &limits, input, async |store| adapter.translate(store, &request).await)
                .await
                .and_then(|unchecked| Ok(unchecked.check(&limits)?))
        };
        self.inner.pool.long_calls.run(guard, translating).await
    }

    /// Writes the body of the HTTP answer, once the outcomes are durable. `memo` is the one of the translation,
    /// `received_at_ms` the one of the request. Fails unless [`Self::answers`] returns true.
    pub async fn answer(
        &self,
        received_at_ms: u64,
        memo: &str,
        outcomes: &[ItemOutcome],
        limits: &Limits,
    ) -> Call<Reply> {
        self.answer_with_guard((), received_at_ms, memo, outcomes, limits).await
    }

    /// Same as [`Self::answer`]. `guard` learns how the call ended and is dropped after it, even if the returned future is
    /// dropped earlier.
    pub async fn answer_with_guard(
        &self,
        guard: impl CallGuard,
        received_at_ms: u64,
        memo: &str,
        outcomes: &[ItemOutcome],
        limits: &Limits,
    ) -> Call<Reply> {
        let (inner, memo, outcomes, limits) =
            (Arc::clone(&self.inner), memo.to_owned(), outcomes.to_vec(), limits.clone());
        let answering = async move {
            let adapter = match inner.adapter().await {
                Ok(adapter) => adapter,
                Err(fault) => return Call::failed(fault),
            };
            let input = inner.input(memo.len(), received_at_ms);
            execute(&inner.pool, &limits, input, async |store| adapter.answer(store, &memo, &outcomes).await)
                .await
                .and_then(|unchecked| Ok(unchecked.check(&limits)?))
        };
        self.inner.pool.long_calls.run(guard, answering).await
    }
}
