//! A loaded plugin, ready to be called.

use std::sync::Arc;

use inlet_core::contract::{Notice, Outcome, Reply, Request, Translation};

use crate::{
    call::{Call, Given, Held, call},
    compiled::Compilation,
    contract::Adapter,
    engine::Inner,
    limits::Limits,
    manifest::Manifest,
    signature::PublisherKey,
};

/// A loaded plugin. Cheap to clone; every call runs in a sandbox of its own.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Loaded>,
}

pub(crate) struct Loaded {
    pub(crate) sandbox: Arc<Inner>,
    pub(crate) manifest: Manifest,
    pub(crate) digest: String,
    pub(crate) publisher_key: Option<PublisherKey>,
    pub(crate) compilation: Compilation,
    pub(crate) adapter: Adapter,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("key", &self.inner.manifest.key)
            .field("version", &self.inner.manifest.version)
            .field("digest", &self.inner.digest)
            .finish_non_exhaustive()
    }
}

impl Plugin {
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self { inner: Arc::new(loaded) }
    }

    /// What the plugin says about its platform and itself.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// What was loaded: `sha256:` and the hexadecimal digest of the file's bytes. Names a translation's author for good.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// The key that it is signed with; none: it is not signed.
    pub fn publisher_key(&self) -> Option<PublisherKey> {
        self.inner.publisher_key
    }

    /// Whether it was compiled, or read as compiled before.
    pub fn compilation(&self) -> &Compilation {
        &self.inner.compilation
    }

    /// Whether it writes its own answers ([`Self::answer`]).
    pub fn answers(&self) -> bool {
        self.inner.adapter.answers()
    }

    /// Says which events a request holds. The inner error rejects the whole request, and is the plugin's considered
    /// opinion; a [`crate::Fault`] is not. Needs a tokio runtime with time.
    pub async fn translate(&self, request: &Request, limits: &Limits) -> Call<Result<Translation, Notice>> {
        self.translate_holding((), request, limits).await
    }

    /// The same; `held` is told of the call's end and dropped after it, whoever goes away meanwhile.
    pub async fn translate_holding(
        &self,
        held: impl Held,
        request: &Request,
        limits: &Limits,
    ) -> Call<Result<Translation, Notice>> {
        let (inner, request, limits) = (Arc::clone(&self.inner), request.clone(), limits.clone());
        let translating = async move {
            let Loaded { sandbox, adapter, .. } = &*inner;
            let given = Given { bytes: request.body.as_bytes().len(), now_ms: request.received_at_ms };
            call(sandbox, &limits, given, async |store| adapter.translate(store, &request).await)
                .await
                .and_then(|unchecked| Ok(unchecked.check(&limits)?))
        };
        self.inner.sandbox.slow.run(held, translating).await
    }

    /// Writes the answer's body, once the outcomes are durable. `memo` is the translation's own, and
    /// `received_at_ms` the request's. Call it only if [`Self::answers`].
    pub async fn answer(&self, received_at_ms: u64, memo: &str, outcomes: &[Outcome], limits: &Limits) -> Call<Reply> {
        self.answer_holding((), received_at_ms, memo, outcomes, limits).await
    }

    /// The same; `held` is told of the call's end and dropped after it, whoever goes away meanwhile.
    pub async fn answer_holding(
        &self,
        held: impl Held,
        received_at_ms: u64,
        memo: &str,
        outcomes: &[Outcome],
        limits: &Limits,
    ) -> Call<Reply> {
        let (inner, memo, outcomes, limits) =
            (Arc::clone(&self.inner), memo.to_owned(), outcomes.to_vec(), limits.clone());
        let answering = async move {
            let Loaded { sandbox, adapter, .. } = &*inner;
            let given = Given { bytes: memo.len(), now_ms: received_at_ms };
            call(sandbox, &limits, given, async |store| adapter.answer(store, &memo, &outcomes).await)
                .await
                .and_then(|unchecked| Ok(unchecked.check(&limits)?))
        };
        self.inner.sandbox.slow.run(held, answering).await
    }
}
