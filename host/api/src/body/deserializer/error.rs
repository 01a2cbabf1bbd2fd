//! Errors of the deserializer.

use std::fmt;

use serde::de::Error;

use crate::error::{ApiError, Kind};

/// A refusal on its way to the value that knows its path.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct BodyError {
    /// None until the value is known that the error is about; empty at the top.
    path: Option<String>,
    message: String,
    is_unknown_member: bool,
}

impl BodyError {
    /// An error about the value at a path.
    pub fn new(path: &str, message: String) -> Self {
        Self { path: Some(path.to_owned()), message, is_unknown_member: false }
    }

    /// An error about a member that the type does not have.
    pub fn unknown_member(path: &str, message: String) -> Self {
        Self { is_unknown_member: true, ..Self::new(path, message) }
    }

    /// Says where an unknown member belongs, if it is one of the operation's query parameters.
    pub fn or_query_parameter(self, params: &[String]) -> Self {
        match &self.path {
            Some(path) if self.is_unknown_member && params.contains(path) => {
                let message = format!("there is no such member; it is a query parameter here: send it as ?{path}=…");
                Self { message, ..self }
            }
            _ => self,
        }
    }

    /// Names the value that an error of a visitor is about.
    pub fn at(mut self, path: &str) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }
}

impl Error for BodyError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: None, message: message.to_string(), is_unknown_member: false }
    }
}

impl From<BodyError> for ApiError {
    fn from(BodyError { path, message, .. }: BodyError) -> Self {
        match path.filter(|path| !path.is_empty()) {
            Some(path) => ApiError::invalid(path, message),
            None => ApiError::new(Kind::Invalid, format!("the body: {message}")),
        }
    }
}
