//! Values of a body that are walked member by member, for members whose shape a plugin decides.

use inlet_core::json::{self, Kind as JsonKind, Members};

use crate::error::{ApiError, Kind};

/// A value of a body and its path.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// JSON text.
    pub text: &'a str,
    /// The dotted path from the top, for example `source.name`; empty at the top.
    pub field: String,
}

impl<'a> Given<'a> {
    /// Returns an error about this value.
    pub fn refuse(&self, message: impl Into<String>) -> ApiError {
        match self.field.as_str() {
            "" => ApiError::new(Kind::Invalid, format!("the body: {}", message.into())),
            field => ApiError::invalid(field, message),
        }
    }

    fn expected(&self, what: &str) -> ApiError {
        self.refuse(format!("found {}, expected {what}", JsonKind::of(self.text).with_article()))
    }

    /// Returns true for null.
    pub fn is_null(&self) -> bool {
        JsonKind::of(self.text) == JsonKind::Null
    }

    /// Reads a string.
    pub fn string(&self) -> Result<String, ApiError> {
        json::string(self.text).ok_or_else(|| self.expected("a string"))
    }

    /// Reads a boolean.
    pub fn bool(&self) -> Result<bool, ApiError> {
        match self.text.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// Reads the items of an array.
    pub fn items(&self) -> Result<Vec<Given<'a>>, ApiError> {
        let items = json::items(self.text).ok_or_else(|| self.expected("an array"))?;
        let named = |(index, text)| Given { text, field: format!("{}[{index}]", self.field) };
        Ok(items.into_iter().enumerate().map(named).collect())
    }

    /// Reads the members of an object.
    pub fn object(&self) -> Result<Object<'a>, ApiError> {
        let members = json::members(self.text).ok_or_else(|| self.expected("an object"))?;
        Ok(Object { members, field: self.field.clone() })
    }
}

/// An object of a body. Members are taken out one by one; the members left at the end are unknown.
pub struct Object<'a> {
    members: Members<'a>,
    field: String,
}

impl<'a> Object<'a> {
    fn name(&self, member: &str) -> String {
        match self.field.as_str() {
            "" => member.to_owned(),
            field => format!("{field}.{member}"),
        }
    }

    /// Takes a member, also if it is null.
    pub fn take(&mut self, member: &str) -> Option<Given<'a>> {
        let text = self.members.shift_remove(member)?;
        Some(Given { text, field: self.name(member) })
    }

    /// Takes a member unless it is null.
    pub fn take_some(&mut self, member: &str) -> Option<Given<'a>> {
        self.take(member).filter(|given| !given.is_null())
    }

    /// Takes a required member.
    pub fn take_required(&mut self, member: &str, what: &str) -> Result<Given<'a>, ApiError> {
        self.take_some(member)
            .ok_or_else(|| ApiError::invalid(self.name(member), format!("it is missing; expected {what}")))
    }

    /// Drops members that only responses carry, so that a response can be sent back.
    pub fn ignore(&mut self, members: &[&str]) {
        self.members.retain(|name, _| !members.contains(&name.as_ref()));
    }

    /// Takes all members that are left.
    pub fn rest(self) -> impl Iterator<Item = (String, Given<'a>)> {
        let Object { members, field } = self;
        members.into_iter().map(move |(name, text)| {
            let field = format!("{field}.{name}");
            (name.into_owned(), Given { text, field })
        })
    }

    /// Refuses members that are left.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let message = "there is no such member; see /openapi.json for those there are";
                Err(ApiError::invalid(self.name(unknown), message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::body::JsonBody;

    #[test]
    fn a_complaint_names_its_member() {
        let body =
            JsonBody::check("\u{feff}{\"a\":{\"b\":[1,\"x\"],\"c\":null},\"n\":9007199254740993}".as_bytes()).unwrap();
        let mut top = body.given().object().unwrap();
        assert_eq!(top.take("n").unwrap().text, "9007199254740993");
        let mut a = top.take_required("a", "an object").unwrap().object().unwrap();
        let items = a.take("b").unwrap().items().unwrap();
        assert_eq!(items[1].string().as_deref(), Ok("x"));
        insta::assert_debug_snapshot!(items[0].bool().unwrap_err(), @r#"
        ApiError {
            kind: Invalid,
            message: "found a number, expected true or false",
            field: Some(
                "a.b[0]",
            ),
        }
        "#);
        insta::assert_snapshot!(a.take_required("c", "a string").map(|_| ()).unwrap_err(), @"it is missing; expected a string");
        insta::assert_snapshot!(body.given().items().unwrap_err(), @"the body: found an object, expected an array");
        let a = body.given().object().unwrap().take("a").unwrap().object().unwrap();
        insta::assert_snapshot!(a.finish().unwrap_err(), @"there is no such member; see /openapi.json for those there are");
    }
}
