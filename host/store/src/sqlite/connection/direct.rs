//! A connection that can also be driven on the caller's own thread.
//!
//! sqlx runs SQLite on a thread of its own: every statement wakes that thread, and its result wakes the caller. For a group
//! of events these wakes cost more than the statements. So the writer, which has a thread to itself, drives the
//! connection through the handle that sqlx lends. This file is the only one that does, and its interface is safe:
//!
//! - [`DirectConnection::statement`] takes the handle while sqlx's thread waits for a command, and lends it for as long
//!   as nothing can be sent to that thread;
//! - every step binds every parameter anew, and borrowed values outlive the step;
//! - every result code of SQLite is handled.

#![expect(unsafe_code, reason = "SQLite's interface is in C")]

use std::{ffi::CStr, fmt, marker::PhantomData, os::raw::c_int, ptr::NonNull};

use libsqlite3_sys as ffi;
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    sql::{self, Value},
    sqlite::error::SqliteError,
};

/// A connection that statements can be run on through sqlx, or directly.
pub(crate) struct DirectConnection {
    // Before the connection: its statements must be gone when it is closed.
    prepared: Prepared,
    connection: SqliteConnection,
}

/// The statements that were prepared on this side.
#[derive(Default)]
struct Prepared {
    statements: Vec<(Key, Statement)>,
    /// Present while sqlx's thread waits for a command, and so does not use it.
    handle: Option<Handle>,
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if self.handle.is_none() {
            // sqlx's thread may still use the connection, or it is gone and the connection with it. Only a panic or a lost
            // connection leads here; closing takes the handle first.
            std::mem::forget(std::mem::take(&mut self.statements));
        }
    }
}

/// The address and the length of a statement's text, which is never freed.
type Key = (usize, usize);

#[derive(Clone, Copy)]
struct Handle(NonNull<ffi::sqlite3>);

// SAFETY: SQLite allows the use of a connection from any thread, as long as one thread uses it at a time ("multi-thread"
// mode, in which sqlx opens every connection). A handle is only reached through `&mut DirectConnection`.
unsafe impl Send for Handle {}

impl DirectConnection {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self { prepared: Prepared::default(), connection }
    }

    /// Lends the connection to sqlx.
    pub(crate) fn plain(&mut self) -> sql::Connection<'_> {
        self.prepared.handle = None;
        sql::Connection::Sqlite(&mut self.connection)
    }

    /// Lends the connection for what SQLite alone has.
    pub(crate) fn sqlite(&mut self) -> &mut SqliteConnection {
        self.prepared.handle = None;
        &mut self.connection
    }

    /// Returns a prepared statement, to be run on this thread. `text` is one statement and is never freed, so that its
    /// address is its name.
    pub(crate) async fn statement(&mut self, text: &'static str) -> Result<&mut Statement, SqliteError> {
        let handle = self.handle().await?;
        let statements = &mut self.prepared.statements;
        let key = (text.as_ptr().addr(), text.len());
        let at = match statements.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                statements.push((key, Statement::prepare(handle, text)?));
                statements.len() - 1
            }
        };
        Ok(&mut statements[at].1)
    }

    /// Waits until sqlx's thread has done all that it was told to do, and returns the handle.
    async fn handle(&mut self) -> Result<Handle, sqlx::Error> {
        match self.prepared.handle {
            Some(handle) => Ok(handle),
            None => {
                let handle = Handle(self.connection.lock_handle().await?.as_raw_handle());
                Ok(*self.prepared.handle.insert(handle))
            }
        }
    }

    /// Returns true if sqlx's thread is gone, and with it the connection.
    pub(crate) async fn is_lost(&mut self) -> bool {
        matches!(self.sqlite().ping().await, Err(sqlx::Error::WorkerCrashed))
    }

    /// Ends the direct use, and returns the connection.
    pub(crate) async fn into_plain(mut self) -> Result<SqliteConnection, sqlx::Error> {
        self.handle().await?;
        Ok(self.connection)
    }
}

/// A prepared statement.
pub(crate) struct Statement {
    statement: NonNull<ffi::sqlite3_stmt>,
    handle: Handle,
    parameters: usize,
}

// SAFETY: as for the handle, which every use of the statement goes along with.
unsafe impl Send for Statement {}

impl Statement {
    fn prepare(handle: Handle, text: &str) -> Result<Self, DirectError> {
        let length = c_int::try_from(text.len()).map_err(|_| DirectError::misuse("the statement is too long"))?;
        let mut statement = std::ptr::null_mut();
        // SAFETY: the handle is open, since the connection that it came from is borrowed. The text is valid for its length,
        // and no tail is asked for.
        let code = unsafe {
            ffi::sqlite3_prepare_v3(
                handle.0.as_ptr(),
                text.as_ptr().cast(),
                length,
                ffi::SQLITE_PREPARE_PERSISTENT,
                &mut statement,
                std::ptr::null_mut(),
            )
        };
        if code != ffi::SQLITE_OK {
            return Err(DirectError::last(handle));
        }
        let statement = NonNull::new(statement).ok_or_else(|| DirectError::misuse("the statement is empty"))?;
        // SAFETY: the statement was prepared just now.
        let parameters = unsafe { ffi::sqlite3_bind_parameter_count(statement.as_ptr()) };
        Ok(Self { statement, handle, parameters: usize::try_from(parameters).unwrap_or_default() })
    }

    /// Runs the statement with these values, one for each parameter. Rows that it returns are ignored.
    pub(crate) fn step(&mut self, values: &[Value<'_>]) -> Result<(), DirectError> {
        self.bind(values)?;
        let running = Running(self);
        while running.step()? {}
        Ok(())
    }

    /// Runs the statement, which changes rows and returns none, and returns the number of rows that it changed. To return
    /// rows from a change, SQLite would make a table for them each time.
    pub(crate) fn change(&mut self, values: &[Value<'_>]) -> Result<i64, DirectError> {
        self.step(values)?;
        // SAFETY: the handle is open. The count is that of the last change, which was this statement's: a change of no row
        // counts zero, and nobody else uses the connection.
        Ok(unsafe { ffi::sqlite3_changes64(self.handle.0.as_ptr()) })
    }

    /// Runs the statement with these values, one for each parameter, and passes every row to `found`.
    pub(crate) fn query(
        &mut self,
        values: &[Value<'_>],
        mut found: impl FnMut(FoundColumns<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        self.bind(values)?;
        let running = Running(self);
        while running.step()? {
            found(FoundColumns { statement: running.0.statement, row: PhantomData })?;
        }
        Ok(())
    }

    /// Binds a value to every parameter. Values are not copied: each is bound again before the next step, and SQLite reads
    /// a parameter in a step only.
    fn bind(&mut self, values: &[Value<'_>]) -> Result<(), DirectError> {
        if values.len() != self.parameters {
            return Err(DirectError::misuse("the number of values is not the number of parameters"));
        }
        let statement = self.statement.as_ptr();
        for (number, value) in (1..).zip(values) {
            // SAFETY: the statement is not running. Texts and blobs are valid for their length until the step that
            // follows is over, because `values` is borrowed by the caller until then; SQLITE_STATIC (none) copies
            // nothing and frees nothing. A blob without bytes gets a pointer that is not null, because null would be NULL.
            let code = unsafe {
                match value {
                    Value::Int(None) | Value::Text(None) | Value::Bytes(None) => {
                        ffi::sqlite3_bind_null(statement, number)
                    }
                    Value::Int(Some(value)) => ffi::sqlite3_bind_int64(statement, number, *value),
                    Value::Text(Some(value)) => bind_text(statement, number, value),
                    Value::Bytes(Some(value)) => bind_blob(statement, number, value),
                    Value::Uuid(value) => bind_blob(statement, number, value.as_bytes()),
                }
            };
            if code != ffi::SQLITE_OK {
                return Err(DirectError::last(self.handle));
            }
        }
        Ok(())
    }
}

/// # Safety
///
/// The statement is prepared and not running, and the text outlives the next step.
unsafe fn bind_text(statement: *mut ffi::sqlite3_stmt, number: c_int, text: &str) -> c_int {
    // SAFETY: by the caller.
    unsafe {
        ffi::sqlite3_bind_text64(
            statement,
            number,
            text.as_ptr().cast(),
            text.len() as u64,
            ffi::SQLITE_STATIC(),
            // The name of the encoding is a small number.
            ffi::SQLITE_UTF8 as u8,
        )
    }
}

/// # Safety
///
/// The statement is prepared and not running, and the bytes outlive the next step.
unsafe fn bind_blob(statement: *mut ffi::sqlite3_stmt, number: c_int, bytes: &[u8]) -> c_int {
    // SAFETY: by the caller. The pointer of an empty slice is not null.
    unsafe {
        ffi::sqlite3_bind_blob64(statement, number, bytes.as_ptr().cast(), bytes.len() as u64, ffi::SQLITE_STATIC())
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: the statement was prepared and is finalized once. Its code repeats the error of the last step, which was
        // handled then.
        unsafe { ffi::sqlite3_finalize(self.statement.as_ptr()) };
    }
}

/// A statement that runs. It is reset when this is dropped.
struct Running<'s>(&'s mut Statement);

impl Running<'_> {
    /// Runs to the next row; returns false at the end.
    fn step(&self) -> Result<bool, DirectError> {
        // SAFETY: the statement is prepared, every parameter is bound, and the bound values are valid.
        match unsafe { ffi::sqlite3_step(self.0.statement.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            _ => Err(DirectError::last(self.0.handle)),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // SAFETY: the statement is prepared. Its code repeats the error of the last step, which was handled.
        unsafe { ffi::sqlite3_reset(self.0.statement.as_ptr()) };
    }
}

/// The columns of the row at which a statement stands.
pub(crate) struct FoundColumns<'r> {
    statement: NonNull<ffi::sqlite3_stmt>,
    row: PhantomData<&'r ()>,
}

impl FoundColumns<'_> {
    pub(crate) fn int(&self, column: usize) -> i64 {
        // SAFETY: the statement stands at a row. A column that is not there reads as 0.
        unsafe { ffi::sqlite3_column_int64(self.statement.as_ptr(), index(column)) }
    }

    /// Returns the bytes of a blob or a text; none are returned for NULL.
    pub(crate) fn blob(&self, column: usize) -> &[u8] {
        let statement = self.statement.as_ptr();
        // SAFETY: the statement stands at a row. The pointer is valid for that many bytes until the next step, which cannot
        // come while `self` is borrowed; it is null for a value without bytes.
        unsafe {
            let bytes = ffi::sqlite3_column_blob(statement, index(column)).cast::<u8>();
            let length = ffi::sqlite3_column_bytes(statement, index(column));
            match (bytes.is_null(), usize::try_from(length)) {
                (false, Ok(length)) => std::slice::from_raw_parts(bytes, length),
                _ => &[],
            }
        }
    }

    /// Returns true if the column is NULL.
    pub(crate) fn is_null(&self, column: usize) -> bool {
        // SAFETY: the statement stands at a row.
        let kind = unsafe { ffi::sqlite3_column_type(self.statement.as_ptr(), index(column)) };
        kind == ffi::SQLITE_NULL
    }

    /// Returns a text; `None` for NULL.
    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>, DirectError> {
        if self.is_null(column) {
            return Ok(None);
        }
        let text = std::str::from_utf8(self.blob(column));
        text.map(Some).map_err(|_| DirectError::misuse("a text in the database is not UTF-8"))
    }
}

fn index(column: usize) -> c_int {
    c_int::try_from(column).unwrap_or(c_int::MAX)
}

/// An error of SQLite, or of this interface's use.
#[derive(Debug)]
pub(crate) struct DirectError {
    /// The extended result code.
    pub(crate) code: i32,
    message: String,
}

impl DirectError {
    fn misuse(message: &str) -> Self {
        Self { code: ffi::SQLITE_MISUSE, message: message.to_owned() }
    }

    /// Reads the error of the last call.
    fn last(handle: Handle) -> Self {
        // SAFETY: the handle is open. The message is a text that ends with a zero, and is copied before the next call.
        unsafe {
            let code = ffi::sqlite3_extended_errcode(handle.0.as_ptr());
            let message = ffi::sqlite3_errmsg(handle.0.as_ptr());
            let message = match message.is_null() {
                true => String::new(),
                false => CStr::from_ptr(message).to_string_lossy().into_owned(),
            };
            Self { code, message }
        }
    }
}

impl fmt::Display for DirectError {
    /// Writes the error as sqlx does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error returned from database: (code: {}) {}", self.code, self.message)
    }
}
