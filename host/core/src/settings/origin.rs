//! The origins whose pages may send from a browser.

use url::Url;

/// The list's only member if every origin is allowed.
pub const ANY_ORIGIN: &str = "*";

/// Checks that an origin is written as browsers send it, so that it can be compared byte by byte. The error is the part of a
/// sentence behind the name of the setting.
pub(super) fn check_origin(text: &str) -> Result<(), String> {
    let written = match Url::parse(text) {
        // A wildcard would be compared as it stands, and match nothing.
        Ok(_) if text.contains('*') => return Err(no_origin(text)),
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
        // Apps have schemes of their own, such as `capacitor://localhost`.
        Ok(url) => match (url.host_str(), url.port()) {
            (None, _) => return Err(no_origin(text)),
            (Some(host), None) => format!("{}://{host}", url.scheme()),
            (Some(host), Some(port)) => format!("{}://{host}:{port}", url.scheme()),
        },
        Err(_) => return Err(no_origin(text)),
    };
    match written == text {
        true => Ok(()),
        false => Err(format!("found {text:?}, and browsers send that origin as {written:?}; write it so")),
    }
}

fn no_origin(text: &str) -> String {
    let text: String = text.chars().take(100).collect();
    format!("found {text:?}, expected an origin such as \"https://app.example.com\", or \"*\" alone for every origin")
}
