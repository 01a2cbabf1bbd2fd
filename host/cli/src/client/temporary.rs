//! Errors after which the same request may succeed later.

use super::{OtherServer, ServerError};

/// Returns true if nothing answers, or if what answers cannot carry the request out now.
pub fn is_temporary(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        if let Some(ServerError(body)) = cause.downcast_ref() {
            return matches!(body.code.as_str(), "unavailable" | "request_timeout" | "too_many_requests");
        }
        // A proxy in front of the server.
        if let Some(OtherServer { status, .. }) = cause.downcast_ref() {
            return matches!(status, 408 | 429 | 502 | 503 | 504);
        }
        matches!(
            cause.downcast_ref(),
            Some(
                ureq::Error::Io(_)
                    | ureq::Error::Timeout(_)
                    | ureq::Error::ConnectionFailed
                    | ureq::Error::HostNotFound
                    | ureq::Error::Protocol(_)
            )
        )
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use inlet_api_types::ErrorBody;

    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let server = |code: &str| {
            let body = ErrorBody { code: code.to_owned(), message: String::new(), field: None };
            is_temporary(&anyhow::Error::new(ServerError(body)))
        };
        assert!(server("unavailable") && server("request_timeout") && server("too_many_requests"));
        assert!(!server("unauthorized") && !server("invalid") && !server("internal"));
        let other = |status| is_temporary(&OtherServer { base: String::new(), status }.into());
        assert!(other(429) && other(503) && other(502) && !other(404) && !other(401));
        let refused = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let away = Err::<(), _>(ureq::Error::Io(refused())).context("no server answers").unwrap_err();
        assert!(is_temporary(&away));
        assert!(is_temporary(&anyhow::Error::new(ureq::Error::HostNotFound)));
        assert!(!is_temporary(&refused().into()), "a file that cannot be read is no server that is away");
    }
}
