//! HTML that is ready, and the one function that makes text safe to stand in it.

use std::{
    borrow::Borrow,
    fmt::{self, Display, Write as _},
};

/// HTML that is ready: a template writes it as it is. Everything else in a template is escaped.
///
/// Only the functions of [`crate::components`] make it, from templates or with [`escape`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Takes HTML whose every text has been escaped.
    pub(crate) fn trusted(html: String) -> Self {
        Self(html)
    }

    /// Renders a template of a component.
    pub(crate) fn of(template: &impl askama::Template) -> Self {
        Self(template.render().unwrap_or_else(|error| {
            tracing::error!(%error, "a component of a page was not rendered; please report it");
            String::new()
        }))
    }

    /// Escapes a text.
    pub fn text(text: &str) -> Self {
        Self(escape(text).to_string())
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Html {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Html {}

impl askama::FastWritable for Html {
    fn write_into(&self, dest: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

/// A text, written so that it stays text in an element and in a quoted attribute.
pub fn escape(text: &str) -> Escaped<'_> {
    Escaped(text)
}

/// See [`escape`].
pub struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
            formatter.write_str(&rest[..at])?;
            formatter.write_str(match rest.as_bytes()[at] {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&amp;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        formatter.write_str(rest)
    }
}

/// The characters that are percent-encoded: not the signs of ids and keys, but dots, which alone would lead to another folder.
const ENCODED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// Writes a text with every byte percent-encoded that a path segment or a query value may not hold.
pub fn url_part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, ENCODED).fold(String::with_capacity(text.len()), |mut all, piece| {
        let _ = all.write_str(piece);
        all
    })
}

/// Writes a number with its thousands apart: `1,234,567`.
pub fn grouped(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut grouped = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_text_in_elements_and_attributes() {
        assert_eq!(
            Html::text(r#"<script>alert('1')</script> & "x""#).as_str(),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;"
        );
        assert_eq!([0, 999, 1000, -1_234_567].map(grouped), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!(url_part("track/Order Completed?é"), "track%2FOrder%20Completed%3F%C3%A9");
        assert_eq!(url_part("../my_shop-2"), "%2E%2E%2Fmy_shop-2");
    }
}
