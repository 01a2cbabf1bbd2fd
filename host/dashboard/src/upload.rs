//! Forms with a file.

use std::{collections::HashMap, convert::Infallible};

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use futures_util::stream;

use crate::error::PageError;

/// A form with a file.
#[derive(Debug, Default)]
pub struct FileForm {
    fields: HashMap<String, String>,
    file: Option<Bytes>,
}

impl FileForm {
    /// Reads a form of the type `multipart/form-data`, whose body the context has bounded. Its last file counts.
    pub async fn read(headers: &HeaderMap, body: Bytes) -> Result<Self, PageError> {
        let unreadable = |_| {
            PageError::new(StatusCode::UNPROCESSABLE_ENTITY, "the form cannot be read; load the page and send it again")
        };
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(media_type).map_err(unreadable)?;
        let body = stream::iter([Ok::<_, Infallible>(body)]);
        let mut parts = multer::Multipart::new(body, boundary);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            match (part.name().map(str::to_owned), part.file_name().is_some()) {
                (_, true) => form.file = Some(part.bytes().await.map_err(unreadable)?).filter(|file| !file.is_empty()),
                (Some(name), false) => {
                    form.fields.insert(name, part.text().await.map_err(unreadable)?);
                }
                (None, false) => {}
            }
        }
        Ok(form)
    }

    /// Returns the file; none if none was chosen.
    pub fn file(&self) -> Option<&Bytes> {
        self.file.as_ref()
    }

    /// Returns true if a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value == "true")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_form_has_fields_and_a_file() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "multipart/form-data; boundary=X".parse().unwrap());
        let body = "--X\r\nContent-Disposition: form-data; name=\"replace\"\r\n\r\ntrue\r\n--X\r\nContent-Disposition: \
                    form-data; name=\"component\"; filename=\"a.wasm\"\r\n\r\n\0asm\r\n--X--\r\n";
        let form = FileForm::read(&headers, Bytes::from(body)).await.unwrap();
        assert!(form.is_on("replace") && !form.is_on("replace_key"));
        assert_eq!(form.file().unwrap().as_ref(), b"\0asm");
        assert!(FileForm::read(&HeaderMap::new(), Bytes::from(body)).await.is_err());
        assert!(FileForm::read(&headers, Bytes::from("--X\r\nbroken")).await.is_err());
    }
}
