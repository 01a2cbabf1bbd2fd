//! The icon of a manifest: an SVG document by a stranger, which people see in the dashboard.

use svg_hush::Filter;

use super::error::ManifestError;
use crate::display::shorten;

/// Returns an SVG document without scripts, event handlers, embedded documents, and links or references to other origins. The
/// dashboard shows it as an image besides, which browsers neither run nor let load anything.
pub(super) fn sanitize(svg: &str) -> Result<String, ManifestError> {
    let refused = |reason: String| ManifestError::Icon { reason: shorten(&reason) };
    let mut sanitized = Vec::new();
    Filter::new().filter(svg.as_bytes(), &mut sanitized).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        refused(cause.unwrap_or_else(|| error.to_string()))
    })?;
    let sanitized = String::from_utf8(sanitized).map_err(|error| refused(error.to_string()))?;
    if sanitized.contains("<svg") { Ok(sanitized) } else { Err(refused("it has no element `svg`".to_owned())) }
}
