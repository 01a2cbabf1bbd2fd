//! Records of a platform: one operation for each, all in one transaction, and a result for each.

use bytestring::ByteString;
use inlet_api_types::RawJson;
use inlet_core::{
    json::{self, Kind, Members},
    log::Outcome,
    recipient::check_id,
    user,
};
use inlet_engine::{
    Engine,
    recipients::{Operation, OperationType},
};

use super::{
    object::{AUDIENCE_KEY, Object, TENANT, USER_ID},
    rpc::Failure,
};
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    recipients::{
        audiences,
        call::{self, Call},
        properties, users,
    },
};

/// The most records of one call.
pub const MAX_RECORDS: usize = 1000;
/// The size of an operation beside its record, in bytes.
const OPERATION_BYTES: usize = 512;

/// The change that the records of one call ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Users are identified, members are added.
    Add,
    /// Users are deleted, members are removed.
    Remove,
}

/// The reason why a record was not taken; none if it was.
pub type Refusal = Option<String>;

/// The operations of one call, with the memory that they hold.
pub struct Batch {
    call: Call,
    object: Object,
    change: Change,
    operations: Vec<Operation>,
    /// The bytes that further records may take. A mapping with many columns makes more of a record than was sent.
    left: usize,
}

impl Batch {
    /// Begins the operations of a call with a body of so many bytes.
    pub fn begin(
        engine: &Engine,
        key: &EnvironmentKey,
        body_bytes: usize,
        (object, change): (Object, Change),
        records: usize,
    ) -> Result<Self, ApiError> {
        let call = Call::begin(engine, key, 2 * body_bytes + records * OPERATION_BYTES)?;
        let left = 4 * body_bytes + (1 << 20);
        Ok(Self { call, object, change, operations: Vec::with_capacity(records), left })
    }

    /// Plans the operation of a record, whose members are fields of the object. An error is about the whole call.
    pub fn push(&mut self, record: Result<&Members<'_>, String>) -> Result<(), Failure> {
        let size = |record: &&Members<'_>| record.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let size: usize = record.as_ref().map_or(0, size);
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            Failure::params(
                "the columns are mapped to so many fields that the records grow too large; send smaller batches",
            )
        })?;
        let operation = match record {
            Ok(record) => {
                self.operation(record).unwrap_or_else(|reason| self.refused(json::object(borrowed(record)), reason))
            }
            Err(reason) => self.refused("{}".to_owned(), reason),
        };
        self.operations.push(operation);
        Ok(())
    }

    /// Carries out the operations; returns a refusal or none for each record, in order.
    pub async fn carry_out(self) -> Result<Vec<Refusal>, ApiError> {
        if self.operations.is_empty() {
            return Ok(Vec::new());
        }
        let settled = self.call.carry_out_each(self.operations).await?;
        let refusal = |outcome, reason: Option<String>| match outcome {
            Outcome::Failed => Some(reason.unwrap_or_else(|| "it failed; the log of $api says more".to_owned())),
            // What is to be removed and is not there is no error.
            _ => None,
        };
        Ok(settled.into_iter().map(|settled| refusal(settled.outcome, settled.reason)).collect())
    }

    fn refused(&self, body: String, reason: String) -> Operation {
        Operation::refused(self.operation_type(), body.into(), reason)
    }

    fn operation_type(&self) -> OperationType {
        match (self.object, self.change) {
            (Object::User, Change::Add) => OperationType::UsersIdentify,
            (Object::User, Change::Remove) => OperationType::UsersDelete,
            (Object::Audience, Change::Add) => OperationType::AudiencesAddMembers,
            (Object::Audience, Change::Remove) => OperationType::AudiencesRemoveMembers,
        }
    }

    fn operation(&self, record: &Members<'_>) -> Result<Operation, String> {
        let user_id = read_id(record, USER_ID)?;
        let user_id = user_id.ok_or_else(|| format!("{USER_ID} is missing; map a column with the user's id to it"))?;
        let quoted = json::quote(&user_id);
        let id = [("id", quoted.as_str())].into_iter();
        let properties = borrowed(record).filter(|(name, _)| self.object.is_property(name));
        let operation = match (self.object, self.change) {
            (Object::User, Change::Add) => users::put::identify(&user_id, json::object(properties).into()),
            (Object::User, Change::Remove) => users::delete::delete(&user_id),
            (Object::Audience, Change::Add) => {
                return self.membership(record, &user_id, &json::object(id.chain(properties)));
            }
            (Object::Audience, Change::Remove) => return self.membership(record, &user_id, &json::object(id)),
        };
        operation.map_err(|error| error.to_sentence())
    }

    /// Plans the change of a membership. `user` is an object with an id.
    fn membership(&self, record: &Members<'_>, user_id: &str, user: &str) -> Result<Operation, String> {
        let key = read_text(record, AUDIENCE_KEY)?;
        let key = key.ok_or_else(|| format!("{AUDIENCE_KEY} is missing; give every record the key of an audience"))?;
        audiences::checked_key(&key).map_err(|error| format!("{AUDIENCE_KEY}: {error}"))?;
        let tenant = read_id(record, TENANT)?;
        properties::check_user("", user).map_err(|error| error.to_sentence())?;
        let quoted = tenant.as_deref().map(json::quote);
        let member = [("user", user)].into_iter().chain(quoted.as_deref().map(|tenant| ("tenant", tenant)));
        let body = json::object([("members", json::array([json::object(member)]).as_str())]);
        let parameters = audiences::parameters(&key, tenant.as_deref(), &[user.to_owned()]);
        let operation = call::plan(self.operation_type(), ByteString::from(body), &parameters);
        Ok(operation.map_err(|error| error.to_sentence())?.about_user(user_id))
    }
}

/// Reads the members of a record, a JSON text.
pub fn members(record: &str) -> Result<Members<'_>, String> {
    json::members(record).ok_or_else(|| {
        format!("the record is {}; expected an object with the fields as members", Kind::of(record).with_article())
    })
}

/// Returns the id of a record as it was sent; null if it is neither a string nor a number.
pub fn sent_id(record: &str, field: &str) -> RawJson {
    let id = json::member(record, field).filter(|id| matches!(Kind::of(id), Kind::String | Kind::Number));
    id.and_then(|id| RawJson::parse(id).ok()).unwrap_or_else(RawJson::null)
}

fn borrowed<'r>(record: &'r Members<'_>) -> impl Iterator<Item = (&'r str, &'r str)> {
    record.iter().map(|(name, value)| (name.as_ref(), *value))
}

/// Reads an id: a string, or a number as its decimal text.
fn read_id(record: &Members<'_>, field: &str) -> Result<Option<String>, String> {
    let id = read_text(record, field)?;
    id.as_deref().map_or(Ok(()), check_id).map_err(|problem| format!("{field} {problem}"))?;
    Ok(id)
}

fn read_text(record: &Members<'_>, field: &str) -> Result<Option<String>, String> {
    user::read_user_id(record.get(field).copied()).map_err(|problem| format!("{field} {problem}"))
}
