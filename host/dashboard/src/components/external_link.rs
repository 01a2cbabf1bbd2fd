//! Links to pages of others, such as those that a manifest names.

use super::{Html, icon::icon};
use crate::html::escape;

/// A link to a page of somebody else. Only addresses of the web become links; all others, such as `javascript:`, stay text.
pub fn external_link(url: &str, label: &str) -> Html {
    let lower = url.trim().to_ascii_lowercase();
    match lower.starts_with("https://") || lower.starts_with("http://") {
        true => Html::trusted(format!(
            r#"<a class="external" href="{}" target="_blank" rel="noopener noreferrer">{}{}</a>"#,
            escape(url.trim()),
            escape(label),
            icon("i-external")
        )),
        false => Html::text(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert!(
            external_link(" HTTPS://example.com/?a=\"b", "Docs")
                .as_str()
                .contains(r#"href="HTTPS://example.com/?a=&quot;b""#)
        );
        for url in ["javascript:alert(1)", "data:text/html,x", "//example.com", ""] {
            assert_eq!(external_link(url, "Docs"), Html::text(url), "{url}");
        }
    }
}
