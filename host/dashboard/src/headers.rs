//! The headers of every page: a content security policy that runs and loads nothing but the dashboard's own files.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Returns a number that is used once, for the policy of one page.
pub fn new_nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Adds the headers of a page. `nonce` marks the scripts, and the elements whose `hx-…` attributes are obeyed; a page without
/// scripts has none.
pub fn protect(headers: &mut HeaderMap, nonce: Option<&str>) {
    let scripts = nonce.map_or_else(|| "'none'".to_owned(), |nonce| format!("'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types htmx"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages hold what events hold.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_scripts_permits_none() {
        let policy = |nonce| {
            let mut headers = HeaderMap::new();
            protect(&mut headers, nonce);
            headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
        };
        assert!(policy(None).contains("; script-src 'none';"));
        assert!(policy(Some("0f")).contains("; script-src 'nonce-0f';"));
    }
}
