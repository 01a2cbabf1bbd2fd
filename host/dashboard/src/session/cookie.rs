//! Cookies of the dashboard.

use axum::http::{HeaderMap, HeaderValue, header};

/// The cookie of a session.
pub const SESSION: &str = "inlet_session";
/// The cookie with the chosen colours: `light` or `dark`.
pub const THEME: &str = "inlet_theme";
/// The cookie with the environment that was looked at last.
pub const ENVIRONMENT: &str = "inlet_environment";

/// Returns the value of a request's cookie.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Sets a cookie, for https only if the browser uses it. `value` has only characters that a cookie may have.
/// `max_age_seconds` of 0 removes it.
pub fn set(headers: &mut HeaderMap, is_https: bool, name: &str, value: &str, max_age_seconds: i64) {
    // Lax: a link from a chat leads to a page and not to the sign-in. Changes are guarded on their own.
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; inlet_session=abc; b=2".parse().unwrap());
        headers.append(header::COOKIE, "inlet_theme=dark".parse().unwrap());
        assert_eq!(read(&headers, SESSION), Some("abc"));
        assert_eq!(read(&headers, THEME), Some("dark"));
        assert_eq!(read(&headers, "inlet"), None);
    }

    #[test]
    fn a_cookie_is_for_the_server_alone() {
        let mut headers = HeaderMap::new();
        set(&mut headers, true, SESSION, "abc", 60);
        insta::assert_snapshot!(headers[header::SET_COOKIE].to_str().unwrap(), @"inlet_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    }
}
