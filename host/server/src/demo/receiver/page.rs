//! The page of the last deliveries. It needs no script.

use std::{fmt::Write as _, sync::Arc};

use super::{json_lines::json_lines, received::Received};

/// The most bytes of a body that the page shows.
const MAX_SHOWN: usize = 256 << 10;

const STYLE: &str = include_str!("page.css");

/// Returns the page of these deliveries, the newest first.
pub fn html(kept: &[Arc<Received>]) -> String {
    // Only an empty page loads itself again, so that nobody loses their place.
    let refresh = if kept.is_empty() { r#"<meta http-equiv="refresh" content="2">"# } else { "" };
    let mut html = format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{refresh}
<title>Deliveries to the demo's receiver</title><style>{STYLE}</style></head>
<body><main>
<h1>Deliveries</h1>
<p class="lead">What the target <code>demo</code> of Inlet got here, newest first. A receiver of your own does the same: it takes
a <code>POST</code>, verifies <code>webhook-signature</code>, and remembers <code>webhook-id</code>, because the same delivery may
come twice.</p>
"#
    );
    if kept.is_empty() {
        html.push_str(
            "<p class=\"empty\">Nothing has arrived yet. Paste the first line that the demo printed into another terminal; \
             this page looks again every two seconds.</p>\n",
        );
    }
    for received in kept {
        article(&mut html, received);
    }
    html.push_str("</main></body></html>\n");
    html
}

fn article(html: &mut String, received: &Received) {
    let (class, time, verdict) =
        (if received.verified.is_ok() { "good" } else { "bad" }, received.time(), escape(&received.verdict()));
    let (workflow, recipients) = (escape(&received.workflow), escape(&received.recipients));
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<article>\n<h2><span class=\"workflow\">{workflow}</span> <span class=\"to\">{recipients}</span> \
         <time>{time} UTC</time> <span class=\"verdict {class}\">{verdict}</span></h2>\n<table>\n"
    );
    for (name, value) in &received.headers {
        let _ = writeln!(html, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(value));
    }
    let whole = String::from_utf8_lossy(&received.body);
    let shown = whole.get(..whole.floor_char_boundary(MAX_SHOWN)).unwrap_or(&whole);
    let _ = writeln!(html, "</table>\n<pre>{}</pre>", escape(&json_lines(shown)));
    if shown.len() < whole.len() {
        let _ = writeln!(html, "<p class=\"lead\">The body is cut here; it has {} bytes.</p>", received.body.len());
    }
    html.push_str("</article>\n");
}

/// Escapes text for HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, http::HeaderMap};

    use super::*;
    use crate::demo::receiver::verify::Verifier;

    fn page(body: String) -> String {
        let verifier = Verifier::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let headers = HeaderMap::from_iter([("x-a".parse().unwrap(), "<b>".parse().unwrap())]);
        html(&[Arc::new(Received::new(0, &headers, Bytes::from(body), &verifier))])
    }

    #[test]
    fn nothing_that_was_received_becomes_html() {
        let hostile = r#"{"data":{"workflow":"<script>","recipients":[{"id":"'\"&<i>"}],"total":39.50}}"#;
        let page = page(hostile.to_owned());
        let received = &page[page.find("<article>").unwrap()..];
        assert!(!received.contains("<script>") && !received.contains("<i>") && !received.contains("<b>"), "{received}");
        assert!(received.contains("<th>x-a</th><td>&lt;b&gt;</td>"), "{received}");
        assert!(received.contains("&quot;total&quot;: 39.50"), "{received}");
        assert!(received.contains("verdict bad\">signature NOT verified"), "{received}");
    }

    #[test]
    fn a_large_body_is_cut_and_an_empty_page_looks_again() {
        let page = page(format!(r#"{{"x":"{}"}}"#, "é".repeat(MAX_SHOWN)));
        assert!(page.len() < 2 * MAX_SHOWN && page.contains("it has 524296 bytes"), "{}", page.len());
        assert!(!page.contains("http-equiv") && html(&[]).contains("http-equiv=\"refresh\""));
    }
}
