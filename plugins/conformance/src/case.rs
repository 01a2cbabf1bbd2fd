//! A case, read from its folder.

use std::io::{self, Read as _};

use bytes::Bytes;
use bytestring::ByteString;
use cap_std::fs::Dir;
use inlet_core::contract::{Body, Field, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The largest file of a case: more than any endpoint takes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What comes in, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// What the plugin is given. Its options are as written; [`crate::run`] fills in the defaults.
    pub request: Request,
    /// What it must make of it.
    pub expected: Value,
}

/// Why a folder is not a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Something cannot be read.
    #[error(
        "case {case:?}: cannot read {file}: {source}; a case has expected.json, and may have request.json and body.*"
    )]
    Read {
        /// The folder.
        case: String,
        /// The file.
        file: String,
        /// What the system says.
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
    /// A file is not in its format.
    #[error("case {case:?}: {file} is not in its format: {source}")]
    Format {
        /// The folder.
        case: String,
        /// The file.
        file: String,
        /// The parser's words.
        source: serde_json::Error,
    },
    /// A folder is where no case is looked for.
    #[error("the folder {folder:?} is where no case is looked for; a case lies in v0.1/must/NAME or v0.1/should/NAME")]
    Misplaced {
        /// The folder, below that of the cases.
        folder: String,
    },
    /// Two cases have one name.
    #[error("there is a case {case:?} both in must and in should; give one of them another name")]
    Twice {
        /// The name.
        case: String,
    },
    /// There is nothing to run.
    #[error(
        "there is no case: expected folders v0.1/must/NAME or v0.1/should/NAME that hold request.json, body.* and \
         expected.json"
    )]
    None,
}

/// `request.json`; everything has a default, and so has the file.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parts {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    options: Map<String, Value>,
    facts: Vec<(String, String)>,
    received_at_ms: u64,
}

impl Default for Parts {
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
    /// Reads every folder of a directory as a case, in the order of their names.
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
        let parts: Parts = folder.json("request.json")?.unwrap_or_default();
        let expected = match folder.json("expected.json")? {
            Some(expected) => expected,
            None => return Err(folder.unreadable("expected.json", io::ErrorKind::NotFound.into())),
        };
        let body = folder.body()?;
        let request = Request {
            method: parts.method,
            path: parts.path,
            query: fields(parts.query),
            // As the server hands them over, however they are written.
            headers: fields(
                parts.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            ),
            body,
            received_at_ms: parts.received_at_ms,
            options: Value::Object(parts.options).to_string(),
            facts: fields(parts.facts),
        };
        Ok(Self { name, request, expected })
    }
}

/// The folders in a directory, by name and in order.
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

    /// None: there is no such file.
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

    /// The file named `body`, whatever its extension; no such file is an empty body.
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

/// A body as the server hands it over.
pub(crate) fn body_of(bytes: Vec<u8>) -> Body {
    match String::from_utf8(bytes) {
        Ok(text) => Body::Text(ByteString::from(text)),
        Err(error) => Body::Bytes(Bytes::from(error.into_bytes())),
    }
}

fn fields(pairs: Vec<(String, String)>) -> Vec<Field> {
    pairs.into_iter().map(|(name, value)| Field::new(name, value)).collect()
}
