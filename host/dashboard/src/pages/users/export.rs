//! `GET /e/{environment}/users/{id}/export`: all that is kept of a user, as a file.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse as _, Response},
};

use crate::{context::Page, error::PageResult, html::url_part};

/// The characters of an id that stand in the name of the file.
const NAMED: usize = 60;

/// Downloads the export, page by page as the API writes it.
pub async fn export(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let path = format!("/v1/users/{}/export?environment={}", url_part(&id), url_part(&environment));
    let body = page.open(&path, &[]).await?;
    let disposition = format!("attachment; filename=\"user-{}.ndjson\"", file_name(&id));
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    let response: Response = (headers, body).into_response();
    Ok(response)
}

/// Returns an id as a part of a file's name.
fn file_name(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    id.chars().take(NAMED).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leaves_the_name_of_the_file() {
        assert_eq!(file_name("u_42"), "u_42");
        assert_eq!(file_name("a\"; filename=b\r\n../é"), "a___filename_b__..__");
    }
}
