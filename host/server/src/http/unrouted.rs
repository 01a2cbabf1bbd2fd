//! The answer to a request for a path that leads nowhere, with the reason where it is nearly the path of an endpoint.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use inlet_api_types::ErrorBody;
use inlet_engine::{Engine, ingest};

/// The way in which a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unrouted {
    /// The path of an endpoint, behind something that a proxy added.
    Prefix,
    /// The path of an endpoint but for its slashes.
    Slashes,
    /// The path of an endpoint in capitals.
    Capitals,
    /// The path of an endpoint, at the listener of the management API.
    AdminListener,
    /// The path of an endpoint without a token.
    NoToken,
    /// Another path.
    Other,
}

impl Unrouted {
    fn of(path: &str) -> Self {
        let endpoint = ingest::PREFIX.trim_end_matches('/');
        let single = single_slashes(path);
        if single.trim_end_matches('/') == endpoint {
            return Self::NoToken;
        }
        if path.starts_with(ingest::PREFIX) && single == path {
            return Self::AdminListener;
        }
        if single.starts_with(ingest::PREFIX) {
            return Self::Slashes;
        }
        let lower = single.to_ascii_lowercase();
        if lower.starts_with(ingest::PREFIX) {
            return Self::Capitals;
        }
        if lower.contains(ingest::PREFIX) { Self::Prefix } else { Self::Other }
    }

    fn cause(self) -> &'static str {
        match self {
            Self::Prefix => "prefixed_endpoint",
            Self::AdminListener => "admin_listener",
            Self::Slashes => "doubled_slash",
            Self::Capitals => "capitals",
            Self::NoToken => "no_token",
            Self::Other => "unknown_path",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Prefix => {
                "there is no endpoint at this path: something stands before /integrations/receive/; let the proxy remove the \
                 prefix that it adds, or correct the URL at the sender"
            }
            Self::AdminListener => {
                "this address serves the management API and takes no webhooks; send them to the address of --listen"
            }
            Self::Slashes => {
                "there is no endpoint at this path: it has a slash too many; send to /integrations/receive/{token}, and look at \
                 the proxy and the base URL that end in a slash"
            }
            Self::Capitals => {
                "there is no endpoint at this path: it is spelled in lower case, /integrations/receive/{token}"
            }
            Self::NoToken => {
                "there is no endpoint at this path: the token is missing; send to /integrations/receive/{token}, as \
                 GET /v1/sources/{key} shows it"
            }
            Self::Other => {
                "there is nothing at this path; webhooks are sent to /integrations/receive/{token}, and GET / says what else there is"
            }
        }
    }
}

/// Returns the path with each run of slashes as one.
fn single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    single
}

/// Responds 404 with a sentence. The request is counted, and logged without its path, which may hold a token.
pub async fn answer(State(engine): State<Engine>, uri: Uri) -> Response {
    let unrouted = Unrouted::of(uri.path());
    engine.unrouted(unrouted.cause(), unrouted.message());
    let body = ErrorBody { code: "not_found".to_owned(), message: unrouted.message().to_owned(), field: None };
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_an_endpoint_is_told_apart() {
        for (path, expected) in [
            ("//integrations/receive/TOKEN", Unrouted::Slashes),
            ("/integrations//receive/TOKEN", Unrouted::Slashes),
            ("/integrations/receive/TOKEN", Unrouted::AdminListener),
            ("/integrations/receive", Unrouted::NoToken),
            ("/integrations//receive//", Unrouted::NoToken),
            ("/inlet/integrations/receive/TOKEN", Unrouted::Prefix),
            ("/api/hooks//integrations/receive/TOKEN/v1/batch", Unrouted::Prefix),
            ("/Integrations/Receive/TOKEN", Unrouted::Capitals),
            ("/integrations", Unrouted::Other),
            ("/wp-login.php", Unrouted::Other),
            ("/", Unrouted::Other),
        ] {
            assert_eq!(Unrouted::of(path), expected, "{path}");
        }
    }
}
