//! `inlet migrate-store`: moves everything from SQLite into a PostgreSQL database.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use inlet_cli::{
    exit_code::{NotFound, Usage},
    spinner,
};
use inlet_store::{MigratedTable, MigrationError, MigrationProgress, StoreMigration};

/// The arguments of `inlet migrate-store`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The server must be stopped, and the PostgreSQL database empty; its tables are created. What is stored is copied in slices and then
compared, table by table, by the numbers of rows and by a digest. It may be broken off at any moment: run it again, and it goes on where
it was. Until it is completed no server opens the new database, and the data directory stays as it is.

Then start the servers with --database-url and the same master key: that of <data-dir>/master-key, as INLET_MASTER_KEY or with
--master-key-file. Management tokens stay; the first one is in <data-dir>/management-token.")]
pub struct Arguments {
    /// The data directory, as sqlite:DIR or DIR
    #[arg(long, value_name = "sqlite:DIR")]
    from: String,
    /// The PostgreSQL database; INLET_DATABASE_URL hides its password from other users
    #[arg(long, value_name = "postgres://…", env = "INLET_DATABASE_URL", hide_env_values = true)]
    to: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Moves the store.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let from = PathBuf::from(arguments.from.strip_prefix("sqlite:").unwrap_or(&arguments.from));
    // The file of the database stands for its directory.
    let from = match from.file_name() {
        Some(name) if name == "inlet.db" => from.parent().map(PathBuf::from).unwrap_or_default(),
        _ => from,
    };
    if !arguments.to.starts_with("postgres://") && !arguments.to.starts_with("postgresql://") {
        bail!(Usage(
            "--to is no URL of a PostgreSQL database; expected one such as postgres://user@host:5432/inlet".to_owned()
        ));
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let moved = runtime.block_on(migrate(&from, &arguments.to)).map_err(|error| match error {
        MigrationError::Missing { .. } => anyhow::Error::new(NotFound(error.to_string())),
        MigrationError::NotEmpty => anyhow::Error::new(Usage(error.to_string())),
        error => error.into(),
    })?;
    let rows: u64 = moved.iter().map(|table| table.rows).sum();
    match arguments.json {
        true => {
            let tables = moved.iter().map(|MigratedTable { table, rows, digest }| {
                serde_json::json!({"table": table, "rows": rows, "sha256": hex::encode(digest)})
            });
            println!("{}", serde_json::json!({"rows": rows, "tables": tables.collect::<Vec<_>>()}));
        }
        false => eprintln!(
            "{rows} rows of {} tables are in the PostgreSQL database, and equal. Start the servers with --database-url and the \
             master key of {}.",
            moved.len(),
            from.display()
        ),
    }
    Ok(())
}

async fn migrate(from: &std::path::Path, to: &str) -> Result<Vec<MigratedTable>, MigrationError> {
    let migration = StoreMigration::start(from, to).await?;
    let waiting = spinner("copying");
    let moved = migration
        .run(&mut |progress| match progress {
            MigrationProgress::Copied { table, rows, of } => {
                waiting.set_message(format!("{table}: {rows} of {of} rows"))
            }
            MigrationProgress::Compared { tables, of } => {
                waiting.set_message(format!("{tables} of {of} tables are equal"))
            }
        })
        .await;
    waiting.finish_and_clear();
    moved
}
