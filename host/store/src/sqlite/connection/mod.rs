//! The connections to the database file: their options, migrations, checkpoints and the sealing of secrets.

pub(crate) mod checkpoint;
mod database_file;
pub(crate) mod direct;
pub(crate) mod migrations;
pub(crate) mod pragmas;
pub(crate) mod readers;
pub(crate) mod sealing;
