//! `inlet user import`: identifies the users of a file, chunk by chunk, through the bulk operations of a running server.
//!
//! One chunk is read, sent and waited for at a time. The progress is written before and after each chunk, so that a second
//! run continues there. A chunk whose progress could not be written any more is sent again, with the same result.

mod arguments;
mod chunk;
mod columns;
mod dry_run;
mod input;
mod progress_file;
mod reporter;
mod rows;
mod sender;
mod user;

use std::{path::Path, process::ExitCode, time::Duration};

use anyhow::{Context as _, bail};
use inlet_api_types::recipients::bulk_operations::BulkOperation;
use serde_json::json;

pub use self::arguments::Arguments;
use self::{
    chunk::Chunk,
    input::Input,
    progress_file::{Counts, Progress, ProgressFile, UnderWay},
    reporter::Reporter,
    rows::{RowOptions, Rows},
    sender::{Away, Sender},
};
use crate::{
    error_sentence,
    exit_code::TRY_AGAIN,
    output::{OutputArguments, note},
};

/// Imports the users.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let name = match arguments.file == Path::new("-") {
        true => "standard input".to_owned(),
        false => arguments.file.display().to_string(),
    };
    let options = arguments.row_options()?;
    let input = Input::open(&arguments.file)?;
    if arguments.dry_run {
        return check_only(input, &options, &name, arguments.output);
    }
    let key = arguments.server.key()?;
    let progress = Progress::new(&arguments.file, input.size, arguments.description(&options), &key);
    let sender = Sender::new(arguments.server.client(key)?, Duration::from_secs(arguments.retry_seconds));
    let mut import = Import::begin(input, &options, progress, arguments.progress_file(), arguments.restart, sender)
        .with_context(|| name.clone())?;
    match import.run() {
        Ok(()) => import.summary(&name, arguments.output),
        Err(error) => {
            import.reporter.clear();
            let Counts { identified, failed } = import.progress.counts;
            let lines = import.progress.position.lines;
            let error = error.context(format!(
                "{name}: stopped behind line {lines}, after {identified} identified and {failed} failed"
            ));
            if error.downcast_ref::<Away>().is_none() {
                return Err(error);
            }
            let next = match import.file {
                Some(_) => "run the same command again to continue",
                None => "without --progress it has to begin again",
            };
            note(&format!("inlet: {}; {next}", error_sentence(&error)));
            Ok(ExitCode::from(TRY_AGAIN))
        }
    }
}

fn check_only(input: Input, options: &RowOptions, name: &str, output: OutputArguments) -> anyhow::Result<ExitCode> {
    let mut reporter = Reporter::new(input.size, 0);
    let checked = Rows::begin(input, options).and_then(|mut rows| dry_run::run(&mut rows, &mut reporter));
    reporter.clear();
    let (Counts { identified, failed }, repeated) = checked.with_context(|| name.to_owned())?;
    let result = json!({ "good": identified, "bad": failed, "repeated": repeated, "sent": false });
    let line =
        format!("{name}: {identified} good, {failed} bad, {repeated} with an id that came before; nothing was sent");
    output.print(&result, &line)?;
    Ok(exit_code(failed))
}

fn exit_code(failed: u64) -> ExitCode {
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// An import under way.
struct Import {
    rows: Rows,
    progress: Progress,
    file: Option<ProgressFile>,
    sender: Sender,
    reporter: Reporter,
}

impl Import {
    /// Begins an import, or continues the one of the progress file.
    fn begin(
        mut input: Input,
        options: &RowOptions,
        new: Progress,
        file: Option<ProgressFile>,
        restart: bool,
        sender: Sender,
    ) -> anyhow::Result<Self> {
        let found = match &file {
            Some(file) if !restart => file.read(&new)?,
            _ => None,
        };
        let size = input.size;
        let (rows, progress) = match (found, &file) {
            (Some(found), Some(file)) => {
                if !input.skip(found.position.byte, &found.sha256)? {
                    return Err(file.changed());
                }
                (Rows::resume(input, options, &found.header, found.position.lines)?, found)
            }
            _ => {
                let mut rows = Rows::begin(input, options)?;
                let position = rows.position();
                rows.input().checkpoint(position.byte);
                let (header, sha256) = (rows.header().to_vec(), rows.input().sha256());
                (rows, Progress { header, position, sha256, ..new })
            }
        };
        let mut reporter = Reporter::new(size, progress.counts.rows());
        match progress.counts.rows() {
            0 => reporter.line("importing users"),
            rows => reporter.line(&format!("continuing behind line {}, after {rows} rows", progress.position.lines)),
        }
        let import = Self { rows, progress, file, sender, reporter };
        // A progress that cannot be written is seen before anything is sent.
        import.save()?;
        Ok(import)
    }

    /// Imports the rows that are left.
    fn run(&mut self) -> anyhow::Result<()> {
        while let Some(chunk) = Chunk::read(&mut self.rows)? {
            for (line, reason) in &chunk.refused {
                self.reporter.row_failed(&[*line], None, reason);
            }
            let mut counts = self.progress.counts;
            counts.failed += chunk.refused.len() as u64;
            if !chunk.has_no_users() {
                let operation = self.identify(&chunk, counts)?;
                let lines = chunk.lines();
                for item in &operation.error_items {
                    let lines = lines.get(item.id.as_str()).map(Vec::as_slice).unwrap_or_default();
                    self.reporter.row_failed(lines, Some(&item.id), &item.message);
                }
                counts = add(counts, &operation);
            }
            self.rows.input().checkpoint(chunk.end.byte);
            self.progress.position = chunk.end;
            self.progress.sha256 = self.rows.input().sha256();
            self.progress.counts = counts;
            self.progress.under_way = None;
            self.save()?;
            self.reporter.progress(counts, chunk.end.byte);
        }
        match &self.file {
            Some(file) => file.remove(),
            None => Ok(()),
        }
    }

    /// Identifies the users of a chunk, and waits for the end. `counts` are those before it.
    fn identify(&mut self, chunk: &Chunk, counts: Counts) -> anyhow::Result<BulkOperation> {
        let mut known = self.progress.under_way.take().filter(|under_way| under_way.end == chunk.end);
        loop {
            let id = match known.take() {
                Some(under_way) => under_way.bulk_operation,
                None => {
                    let id = self.sender.begin(&chunk.request(), &mut self.reporter)?;
                    self.progress.under_way = Some(UnderWay { bulk_operation: id.clone(), end: chunk.end });
                    self.save()?;
                    id
                }
            };
            let look = |reporter: &mut Reporter, operation: &BulkOperation| {
                reporter.progress(add(counts, operation), chunk.end.byte);
            };
            let Some(operation) = self.sender.wait(&id, &mut self.reporter, look)? else {
                // The server lost it, for example because it was restored from a backup.
                continue;
            };
            if operation.status == "completed" {
                return Ok(operation);
            }
            self.progress.under_way = None;
            self.save()?;
            bail!(
                "the server gave the bulk operation {id} up after {} of {} rows; its log says why",
                operation.processed_rows,
                operation.estimated_total_rows
            );
        }
    }

    fn save(&self) -> anyhow::Result<()> {
        match &self.file {
            Some(file) => file.write(&self.progress),
            None => Ok(()),
        }
    }

    fn summary(&mut self, name: &str, output: OutputArguments) -> anyhow::Result<ExitCode> {
        self.reporter.clear();
        let Counts { identified, failed } = self.progress.counts;
        let result = json!({ "identified": identified, "failed": failed });
        output.print(&result, &format!("{name}: {identified} identified, {failed} failed"))?;
        Ok(exit_code(failed))
    }
}

fn add(counts: Counts, operation: &BulkOperation) -> Counts {
    Counts {
        identified: counts.identified + operation.success_count.unsigned_abs(),
        failed: counts.failed + operation.error_count.unsigned_abs(),
    }
}
