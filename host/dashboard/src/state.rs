//! The state that all pages share.

use std::{ops::Deref, sync::Arc};

use axum::{Router, http::HeaderName};
use inlet_api::in_process::Client;
use inlet_engine::Engine;

use crate::session::attempts::SignInAttempts;

/// The settings of the dashboard.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The host of a `public_url` with https, with its port if it names one. A browser that reaches the dashboard under it and
    /// says nothing else gets cookies for https only.
    pub https_host: Option<String>,
    /// The header in which a trusted proxy names the person that it has signed in, and the management token whose rights
    /// such a person has.
    pub person: Option<PersonHeader>,
}

/// The header of a trusted proxy.
#[derive(Clone)]
pub struct PersonHeader {
    /// The name of the header.
    pub name: HeaderName,
    /// The management token.
    pub token: String,
}

impl std::fmt::Debug for PersonHeader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PersonHeader").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The state that all pages share. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard(Arc<Shared>);

/// See [`Dashboard`].
pub struct Shared {
    /// The settings.
    pub options: Options,
    /// The engine, for sessions; pages read and change everything else through `api`.
    pub(crate) engine: Engine,
    /// The API.
    pub api: Client,
    /// The failed tries to sign in.
    pub attempts: SignInAttempts,
}

impl Dashboard {
    /// Returns the state of an engine's dashboard. `api` is the router of the API.
    pub fn new(engine: &Engine, api: Router<Engine>, options: Options) -> Self {
        let (engine, api) = (engine.clone(), Client::new(engine, api));
        Self(Arc::new(Shared { options, engine, api, attempts: SignInAttempts::default() }))
    }
}

impl Deref for Dashboard {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
