//! The arguments of `inlet user import`, and what follows from them.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{
    columns::TypedColumn,
    progress_file::ProgressFile,
    rows::{Format, RowOptions},
};
use crate::{client::KeyArguments, output::OutputArguments};

/// The arguments of `inlet user import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
CSV: the first line names the members of a user. A column `id` is needed. A dot nests: `address.city`. Values are
strings unless --types says otherwise, and an empty cell is left out. NDJSON: one object with an `id` on each line.

Exit code: 0 every row was identified, 1 rows failed or the import cannot go on, 75 the server is away, 77 there is no key or it
does not permit it. The progress is kept in FILE.import-progress until the end; the same command continues an import that stopped.")]
pub struct Arguments {
    /// The users: .csv, .tsv, .ndjson, .jsonl or .json (one object on each line); - is standard input
    pub(super) file: PathBuf,
    /// The form of the file, if its name does not tell it
    #[arg(long)]
    pub(super) format: Option<Format>,
    /// Types of CSV columns: COLUMN=string, number, boolean or json, separated by commas
    #[arg(long, value_name = "COLUMN=TYPE", value_delimiter = ',')]
    pub(super) types: Vec<TypedColumn>,
    /// The character between two cells of CSV [default: a comma, or a tab for .tsv]
    #[arg(long, value_name = "CHARACTER")]
    pub(super) delimiter: Option<char>,
    /// The text of a CSV cell without a value, besides the empty text; MySQL writes \N
    #[arg(long, value_name = "TEXT")]
    pub(super) null: Option<String>,
    /// Check every row by the server's rules, and send nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The file of the progress [default: FILE.import-progress; none for standard input]
    #[arg(long, value_name = "FILE")]
    pub(super) progress: Option<PathBuf>,
    /// Begin with the first row, whatever an earlier run did
    #[arg(long)]
    pub(super) restart: bool,
    /// The time for which to try again while the server is away
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) retry_seconds: u64,
    #[command(flatten)]
    pub(super) output: OutputArguments,
    #[command(flatten)]
    pub(super) server: KeyArguments,
}

impl Arguments {
    /// Returns how rows are read, by the name of the file where no option says otherwise.
    pub(super) fn row_options(&self) -> anyhow::Result<RowOptions> {
        let known = Format::of(&self.file);
        let Some(format) = self.format.or(known.map(|(format, _)| format)) else {
            bail!("the name {:?} does not tell the format; add --format csv or --format ndjson", self.file.display());
        };
        let delimiter = match self.delimiter {
            None => known.filter(|(known, _)| *known == format).map_or(b',', |(_, delimiter)| delimiter),
            Some(character) => match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => byte,
                _ => bail!("--delimiter is {character:?}; expected one ASCII character, such as ;"),
            },
        };
        if format == Format::Ndjson && (!self.types.is_empty() || self.null.is_some() || self.delimiter.is_some()) {
            bail!("--types, --null and --delimiter are for CSV; JSON says itself what its values are");
        }
        Ok(RowOptions { format, delimiter, types: self.types.clone(), null: self.null.clone() })
    }

    /// Describes how rows are read, to recognise a run with other options.
    pub(super) fn description(&self, options: &RowOptions) -> String {
        let RowOptions { format, delimiter, types, null } = options;
        let mut types: Vec<String> = types.iter().map(ToString::to_string).collect();
        types.sort_unstable();
        match format {
            Format::Ndjson => "NDJSON".to_owned(),
            Format::Csv => format!(
                "CSV, delimiter {:?}, types {}, null {}",
                char::from(*delimiter),
                if types.is_empty() { "none".to_owned() } else { types.join(",") },
                null.as_ref().map_or_else(|| "none".to_owned(), |null| format!("{null:?}")),
            ),
        }
    }

    /// Returns the file of the progress; none for standard input without `--progress`.
    pub(super) fn progress_file(&self) -> Option<ProgressFile> {
        match &self.progress {
            Some(path) => Some(ProgressFile::new(path.clone())),
            None if self.file == Path::new("-") => None,
            None => Some(ProgressFile::beside(&self.file)),
        }
    }
}
