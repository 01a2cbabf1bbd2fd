//! Reads of the store by a dispatcher that has threads of its own.

use std::{panic::resume_unwind, sync::Arc};

use inlet_store::Store;
use tokio::runtime::Handle;

/// Reads the store. The threads of its connections inherit the priority of the thread that opens them and keep it, so they are
/// never opened on threads of a lower one.
#[derive(Clone)]
pub struct Reads {
    store: Arc<Store>,
    /// The threads to read on; none for those of the caller.
    threads: Option<Handle>,
}

impl Reads {
    /// Reads on these threads; without any, on those of the caller.
    pub fn new(store: Arc<Store>, threads: Option<Handle>) -> Self {
        Self { store, threads }
    }

    /// Returns the threads to read on; none for those of the caller.
    pub fn threads(&self) -> Option<&Handle> {
        self.threads.as_ref()
    }

    /// Reads.
    pub async fn run<T, F>(&self, read: impl FnOnce(Arc<Store>) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let read = read(self.store.clone());
        let Some(threads) = &self.threads else { return read.await };
        match threads.spawn(read).await {
            Ok(found) => found,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The threads end with the process.
            Err(_) => std::future::pending().await,
        }
    }
}
