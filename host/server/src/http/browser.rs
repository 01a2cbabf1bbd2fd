//! Telling browsers, which get pages, from programs, which get text and JSON.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    routing::{MethodRouter, any},
};
use tower::ServiceExt as _;

/// Returns true if the client asks for a page by name. `*/*`, as curl sends it, is no page.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| range.trim_start().starts_with("text/html"))
}

/// Answers a browser that reads with the first, and everybody else with the second.
pub fn or_else<S: Clone + Send + Sync + 'static>(page: MethodRouter<S>, other: MethodRouter<S>) -> MethodRouter<S> {
    any(move |state: axum::extract::State<S>, request: Request| async move {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let chosen = if is_read && wants_page(request.headers()) { page } else { other };
        // A route answers every request.
        let Ok(response) = chosen.with_state(state.0).oneshot(request).await;
        response
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_names_pages() {
        for (accept, expected) in [
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true),
            (Some("application/json, text/html;q=0.5"), true),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(wants_page(&headers), expected, "{accept:?}");
        }
    }
}
