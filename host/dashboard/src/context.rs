//! The context of every request of a page: its session, the API on the session's behalf, and where it is.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use inlet_api::{Operator, Scope};
use inlet_api_types::environments::{Environment, EnvironmentList};

use crate::{
    components::filter::Filters,
    csrf,
    error::{ErrorView, PageError},
    headers,
    html::url_part,
    session::{self, Session, cookie, https},
    state::Dashboard,
};

/// The largest body of a form, in bytes.
const MAX_FORM_BYTES: usize = 6 << 20;
/// The largest body with files, in bytes.
const MAX_UPLOAD_BYTES: usize = 80 << 20;
/// The time for which the choice of colours and the last environment are remembered, in seconds.
const YEAR_SECONDS: i64 = 31_536_000;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_TARGET: HeaderName = HeaderName::from_static("hx-target");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// The path of the search, whose query may name an environment.
pub(crate) const SEARCH: &str = "/search";

/// The address of a request's sender, which the server puts into the request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The colours of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// The system's choice.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the name in a cookie or a form.
    pub fn parse(name: Option<&str>) -> Self {
        match name {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// Returns the name in cookies, forms and `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The context of every request of a page. Handlers take it as [`Page`].
pub struct Context {
    pub(crate) dashboard: Dashboard,
    /// The session.
    pub session: Session,
    /// The number that marks scripts and `hx-…` elements of this answer.
    pub nonce: String,
    /// The colours.
    pub theme: Theme,
    /// True if the browser uses https, so that cookies are for https only.
    pub is_https: bool,
    /// The environments that the token gives access to.
    pub environments: Vec<Environment>,
    /// The environment of the path or of a search, else the one looked at last; none if the token gives access to none.
    pub environment: Option<Environment>,
    /// True if the path names the environment.
    pub is_in_environment: bool,
    /// The path.
    pub path: String,
    /// The query string, without `?`.
    pub query: String,
    /// True if htmx asks for a part of a page.
    pub is_partial: bool,
    /// The id of the element that htmx fills.
    pub target: Option<String>,
}

/// The extractor of a page's [`Context`].
#[derive(Clone)]
pub struct Page(pub Arc<Context>);

impl std::ops::Deref for Page {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        // The middleware puts it there, or answers itself.
        parts.extensions.get::<Page>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Context {
    /// The bearer of the session's token.
    pub fn operator(&self) -> &Operator {
        &self.session.operator
    }

    /// Returns true if the token has a scope, so that a page can leave out what would be refused.
    pub fn can(&self, scope: Scope) -> bool {
        self.session.operator.can(scope)
    }

    /// Returns true if htmx fills the element with this id.
    pub fn fills(&self, id: &str) -> bool {
        self.is_partial && self.target.as_deref().is_some_and(|target| target.rsplit('#').next() == Some(id))
    }

    async fn of(dashboard: Dashboard, session: Session, parts: &Parts, nonce: String) -> Result<Self, PageError> {
        let EnvironmentList { entries: environments, .. } =
            dashboard.api.get(&session.operator, "/v1/environments").await?;
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let in_path = path.strip_prefix("/e/").and_then(|rest| rest.split('/').next());
        let searched = (path == SEARCH).then(|| Filters::of(&path, &query));
        let searched = searched.as_ref().and_then(|filters| filters.get("environment"));
        let find = |slug: &str| environments.iter().find(|environment| environment.slug == slug);
        let environment = match in_path {
            Some(slug) => find(slug),
            None => {
                let looked_at = || cookie::read(&parts.headers, cookie::ENVIRONMENT).and_then(find);
                searched.and_then(find).or_else(looked_at).or(environments.first())
            }
        }
        .cloned();
        let peer = parts.extensions.get::<Peer>().map(|Peer(address)| *address);
        let is_https = https::of_request(&dashboard, peer, &parts.headers);
        let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Self {
            dashboard,
            session,
            nonce,
            theme: Theme::parse(cookie::read(&parts.headers, cookie::THEME)),
            is_https,
            environment,
            environments,
            is_in_environment: in_path.is_some(),
            query,
            path,
            is_partial: text(HX_REQUEST) == Some("true"),
            target: text(HX_TARGET).map(str::to_owned),
        })
    }
}

/// Puts the [`Page`] into a request, or answers it: without a session with the way to sign in, and a change that does not
/// come from the dashboard's own pages with 403.
pub async fn provide(State(dashboard): State<Dashboard>, request: Request, next: Next) -> Response {
    let Ok(nonce) = headers::new_nonce() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let found = match session::find(&dashboard.engine, request.headers()).await {
        Ok(None) => Ok(by_proxy(&dashboard, &request)),
        found => found,
    };
    let mut response = match found {
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
            *response.body_mut() = Body::from("The storage cannot be read now. Try again.\n");
            response
        }
        Ok(None) => sign_in_first(&request),
        Ok(Some(session)) => with_session(dashboard, session, request, next, nonce.clone()).await,
    };
    headers::protect(response.headers_mut(), Some(nonce.as_str()));
    response
}

/// Finds the person whom a trusted proxy has signed in.
fn by_proxy(dashboard: &Dashboard, request: &Request) -> Option<Session> {
    let header = dashboard.options.person.as_ref()?;
    let Peer(peer) = request.extensions().get::<Peer>()?;
    session::proxy::find(&dashboard.engine, header, *peer, request.headers())
}

/// Leads to the sign-in page, and back to the wanted page afterwards.
fn sign_in_first(request: &Request) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_partial = request.headers().contains_key(HX_REQUEST);
    // A stream that connects again would take the sign-in page for one that ended, and come back at once.
    if request.headers().contains_key("last-event-id") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let next = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let address = match is_read && !is_partial && next != "/" {
        true => format!("/sign-in?next={}", url_part(next)),
        false => "/sign-in".to_owned(),
    };
    match is_partial {
        // htmx follows it with the whole window.
        true => (StatusCode::OK, [(HX_REDIRECT, address)]).into_response(),
        false => Redirect::to(&address).into_response(),
    }
}

async fn with_session(dashboard: Dashboard, session: Session, request: Request, next: Next, nonce: String) -> Response {
    let (mut parts, body) = request.into_parts();
    let context = match Context::of(dashboard, session, &parts, nonce).await {
        Ok(context) => Page(Arc::new(context)),
        Err(error) => return error.into_response(),
    };
    let body = match checked_body(&parts, body, &context.session.csrf).await {
        Ok(body) => body,
        Err(error) => return render_error(&context, error.into_response()),
    };
    parts.extensions.insert(context.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let names_environment = context.is_in_environment || context.path == SEARCH;
    if let Some(environment) = context.environment.as_ref().filter(|_| names_environment && !context.is_partial) {
        cookie::set(response.headers_mut(), context.is_https, cookie::ENVIRONMENT, &environment.slug, YEAR_SECONDS);
    }
    render_error(&context, response)
}

/// Reads the body of a change, and checks where it comes from.
async fn checked_body(parts: &Parts, body: Body, csrf: &str) -> Result<Body, PageError> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(body);
    }
    if !csrf::is_same_origin(&parts.headers) {
        return Err(PageError::forbidden(
            "this change comes from another site, so nothing was changed; make it on the page itself",
        ));
    }
    let has_files = media_type(&parts.headers).starts_with("multipart/form-data");
    let limit = if has_files { MAX_UPLOAD_BYTES } else { MAX_FORM_BYTES };
    let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| {
        PageError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the form is over the limit of {limit} bytes, or broke off"),
        )
    })?;
    match csrf::holds(&parts.headers, &bytes, csrf) {
        true => Ok(Body::from(bytes)),
        false => {
            Err(PageError::forbidden("the page is from an earlier session, so nothing was changed; load it again"))
        }
    }
}

fn media_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Puts the error of a handler into the page, or into the part of it that was asked for.
fn render_error(page: &Page, response: Response) -> Response {
    match response.extensions().get::<ErrorView>() {
        None => response,
        Some(view) => {
            let mut rendered = view.clone().render(page);
            *rendered.status_mut() = response.status();
            if let Some(after) = response.headers().get(header::RETRY_AFTER) {
                rendered.headers_mut().insert(header::RETRY_AFTER, after.clone());
            }
            rendered
        }
    }
}

/// `text/html`, for answers.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
