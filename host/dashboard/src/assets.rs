//! The files of the dashboard, built into the binary. Their addresses hold a digest of all of them, so that a browser keeps
//! them until another version of the server is installed.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The style sheet, one file for each concern, in the order in which they apply.
const STYLE: &str = concat!(
    include_str!("../assets/style/tokens.css"),
    include_str!("../assets/style/base.css"),
    include_str!("../assets/style/layout.css"),
    include_str!("../assets/style/forms.css"),
    include_str!("../assets/style/lists.css"),
    include_str!("../assets/style/outcomes.css"),
    include_str!("../assets/style/cures.css"),
    include_str!("../assets/style/json.css"),
    include_str!("../assets/style/charts.css"),
    include_str!("../assets/style/trace.css"),
    include_str!("../assets/style/sources.css"),
    include_str!("../assets/style/palette.css"),
    include_str!("../assets/style/plugins.css"),
    include_str!("../assets/style/settings.css"),
    include_str!("../assets/style/system.css"),
    include_str!("../assets/style/mapper.css"),
    include_str!("../assets/style/phone.css"),
);

/// A file.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const ASSETS: &[Asset] = &[
    Asset { name: "inlet.css", media_type: "text/css; charset=utf-8", text: STYLE },
    Asset { name: "inlet.js", media_type: JAVASCRIPT, text: include_str!("../assets/inlet.js") },
    Asset { name: "live.js", media_type: JAVASCRIPT, text: include_str!("../assets/live.js") },
    Asset { name: "mapper.js", media_type: JAVASCRIPT, text: include_str!("../assets/mapper.js") },
    Asset { name: "htmx.js", media_type: JAVASCRIPT, text: include_str!("../assets/vendor/htmx-4.0.1.min.js") },
    Asset {
        name: "hx-sse.js",
        media_type: JAVASCRIPT,
        text: include_str!("../assets/vendor/htmx-4.0.1-hx-sse.min.js"),
    },
    Asset {
        name: "hx-csp.js",
        media_type: JAVASCRIPT,
        text: include_str!("../assets/vendor/htmx-4.0.1-hx-csp.min.js"),
    },
    Asset { name: "icon.svg", media_type: "image/svg+xml", text: include_str!("../assets/icon.svg") },
];

/// The digest in the addresses of all files.
static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for asset in ASSETS {
        all.update(asset.text);
    }
    hex::encode(&all.finalize()[..8])
});

/// Returns the address of a file.
pub fn url(name: &str) -> String {
    debug_assert!(ASSETS.iter().any(|asset| asset.name == name), "there is no file {name}");
    format!("/assets/{}/{name}", *DIGEST)
}

/// `GET /assets/{digest}/{name}`. A file of another version is answered with that of this one, not to be kept.
pub async fn serve(Path((digest, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = match digest == *DIGEST {
        true => "public, max-age=31536000, immutable",
        false => "no-store",
    };
    let headers: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // A picture that is opened alone runs nothing either.
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    (headers, asset.text).into_response()
}
