//! Cases: reading one from its folder.

use std::io::{self, Read as _};

use bytes::Bytes;
use bytestring::ByteString;
use cap_std::fs::Dir;
use inlet_core::contract::{Body, Field, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Largest file of a case, in bytes. No endpoint accepts a larger body.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A request and the translation that a plugin must make of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The request to translate. Its options are as written; [`crate::run_cases`] fills in the defaults.
    pub request: Request,
    /// The expected translation, in the format of `expected.json`.
    pub expected: Value,
}

/// Reason why cases cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file or folder cannot be read.
    #[error(
        "case {case:?}: cannot read {file}: {source}; a case has expected.json, and may have request.json and body.*"
    )]
    Read {
        /// The folder.
        case: String,
        /// The file.
        file: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file is larger than any request.
    #[error("case {case:?}: {file} is larger than 64 MiB, more than any endpoint takes; make it smaller")]
    TooLarge {
        /// The folder.
        case: String,
        /// The file.
        file: String,
    },
    /// A file does not match its schema.
    #[error("case {case:?}: {file} is not in its format: {source}")]
    Format {
        /// The folder.
        case: String,
        /// The file.
        file: String,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// A folder lies outside the places for cases.
    #[error(
        "the folder {folder:?} is where no case is looked for; a case lies in must/NAME or should/NAME of v0.1 or v0.2"
    )]
    Misplaced {
        /// Path of the folder, relative to the directory of cases.
        folder: String,
    },
    /// Two cases have the same name.
    #[error("there are two cases {case:?}; give one of them another name")]
    Twice {
        /// The name.
        case: String,
    },
    /// The directory holds no case.
    #[error(
        "there is no case: expected folders must/NAME or should/NAME in v0.1 or v0.2 that hold request.json, body.* and \
         expected.json"
    )]
    None,
}

/// The content of `request.json`. The file and all of its members are optional.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RequestFile {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    options: Map<String, Value>,
    facts: Vec<(String, String)>,
    received_at_ms: u64,
}

impl Default for RequestFile {
    fn default() -> Self {
        Self {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            options: Map::new(),
            facts: Vec::new(),
            received_at_ms: 0,
        }
    }
}

impl Case {
    /// Reads every folder of a directory as a case, sorted by name.
    pub fn read_all(directory: &Dir) -> Result<Vec<Self>, CaseError> {
        folders(directory)?.into_iter().map(|name| Self::read(directory, name)).collect()
    }

    pub(crate) fn read(directory: &Dir, name: String) -> Result<Self, CaseError> {
        let folder = Folder {
            files: directory.open_dir(&name).map_err(|source| CaseError::Read {
                case: name.clone(),
                file: "the folder".to_owned(),
                source,
            })?,
            case: &name,
        };
        let file: RequestFile = folder.json("request.json")?.unwrap_or_default();
        let expected = match folder.json("expected.json")? {
            Some(expected) => expected,
            None => return Err(folder.unreadable("expected.json", io::ErrorKind::NotFound.into())),
        };
        let body = folder.body()?;
        let request = Request {
            method: file.method,
            path: file.path,
            query: fields(file.query),
            // The server passes header names in lower case.
            headers: fields(file.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()),
            body,
            received_at_ms: file.received_at_ms,
            options: Value::Object(file.options).to_string(),
            facts: fields(file.facts),
        };
        Ok(Self { name, request, expected })
    }
}

/// Returns the names of the folders in a directory, sorted.
pub(crate) fn folders(directory: &Dir) -> Result<Vec<String>, CaseError> {
    let unlisted = |source| CaseError::Read { case: ".".to_owned(), file: "the directory".to_owned(), source };
    let mut names = Vec::new();
    for entry in directory.entries().map_err(unlisted)? {
        let entry = entry.map_err(unlisted)?;
        if entry.file_type().map_err(unlisted)?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

struct Folder<'a> {
    files: Dir,
    case: &'a str,
}

impl Folder<'_> {
    fn unreadable(&self, file: &str, source: io::Error) -> CaseError {
        CaseError::Read { case: self.case.to_owned(), file: file.to_owned(), source }
    }

    /// Returns the content of a file, or `None` if it does not exist.
    fn bytes(&self, file: &str) -> Result<Option<Vec<u8>>, CaseError> {
        let opened = match self.files.open(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|source| self.unreadable(file, source))?,
        };
        let mut bytes = Vec::new();
        opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|source| self.unreadable(file, source))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(CaseError::TooLarge { case: self.case.to_owned(), file: file.to_owned() });
        }
        Ok(Some(bytes))
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, file: &str) -> Result<Option<T>, CaseError> {
        let Some(bytes) = self.bytes(file)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|source| CaseError::Format {
            case: self.case.to_owned(),
            file: file.to_owned(),
            source,
        })
    }

    /// Returns the content of the file `body` with any extension; an empty body if there is none.
    fn body(&self) -> Result<Body, CaseError> {
        let unlisted = |source| self.unreadable("the folder", source);
        let mut bytes = Vec::new();
        for entry in self.files.entries().map_err(unlisted)? {
            let name = entry.map_err(unlisted)?.file_name().to_string_lossy().into_owned();
            if name.split('.').next() == Some("body") {
                bytes = self.bytes(&name)?.unwrap_or_default();
            }
        }
        Ok(body_of(bytes))
    }
}

/// Returns a body as the server passes it: as text if it is UTF-8, else as bytes.
pub(crate) fn body_of(bytes: Vec<u8>) -> Body {
    match String::from_utf8(bytes) {
        Ok(text) => Body::Text(ByteString::from(text)),
        Err(error) => Body::Bytes(Bytes::from(error.into_bytes())),
    }
}

fn fields(pairs: Vec<(String, String)>) -> Vec<Field> {
    pairs.into_iter().map(|(name, value)| Field::new(name, value)).collect()
}
