//! `GET /e/{environment}/logs/{source}/{id}/test-case`: a download that `inlet plugin test` takes.

use axum::{
    extract::Path,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::test_cases::TestCase;
use inlet_core::json;

use super::Place;
use crate::{
    context::Page,
    error::{PageError, PageResult},
};

/// The depth of JSON, as for received items.
const MAX_DEPTH: usize = 128;

/// Downloads an event as a test case: an archive with its folder, to be unpacked where the plugin's cases are.
pub async fn download(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source, id };
    let case: TestCase = page.get(&place.api("test_case")).await?;
    let archive = archive(&case).map_err(|error| {
        tracing::error!(%error, "an archive was not written; please report it");
        PageError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the archive was not written; please report it")
    })?;
    let disposition = format!("attachment; filename=\"{}.tar\"", case.name);
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar")),
        // The name has plain characters only.
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    Ok((headers, archive).into_response())
}

fn archive(case: &TestCase) -> std::io::Result<Vec<u8>> {
    let is_json = case.body.as_deref().is_some_and(|body| json::check(body, MAX_DEPTH).is_ok());
    let (name, body) = match (&case.body, &case.body_base64) {
        (Some(text), _) => (if is_json { "body.json" } else { "body.txt" }, text.clone().into_bytes()),
        (None, Some(base64)) => ("body.bin", STANDARD.decode(base64).map_err(std::io::Error::other)?),
        (None, None) => ("body.txt", Vec::new()),
    };
    let mut archive = tar::Builder::new(Vec::new());
    let request = case.request.as_text().as_bytes();
    for (name, content) in
        [("request.json", request), ("expected.json", case.expected.as_text().as_bytes()), (name, body.as_slice())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, format!("{}/{}/{name}", case.folder, case.name), content)?;
    }
    archive.into_inner()
}
