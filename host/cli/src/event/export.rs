//! `inlet event export`: writes event logs as NDJSON, newest first, and continues where it stopped.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use inlet_api_types::{PageInfo, RawJson};
use serde::Deserialize;
use ureq::http::Method;

use super::filters::{Filters, TimeRange, logs_path};
use crate::{
    client::{Client, Content, EnvironmentArgument, OTHER_VERSION, ServerArguments, encoded},
    exit_code::Usage,
    output::{note, print, progress_bar, shown_json, text::counted},
    plugin::reference::SourceRef,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
NDJSON, so there is no --json: one event on each line, newest first, whole and with its actions. With --output, an export
that broke off continues after the last event in the file when the same command is given again; what came since then is
newer and not in it.")]
pub struct Arguments {
    /// The source, for example shop@production; without one, all sources of --env
    #[arg(value_name = "SOURCE@ENVIRONMENT")]
    source: Option<SourceRef>,
    #[command(flatten)]
    environment: EnvironmentArgument,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    range: TimeRange,
    /// The file; one that is there is continued [default: the standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Begin behind this event
    #[arg(long, value_name = "CURSOR", conflicts_with = "output")]
    cursor: Option<String>,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Deserialize)]
struct Page {
    entries: Vec<RawJson>,
    page_info: PageInfo,
}

/// The members of an entry that say whether it is whole.
#[derive(Deserialize)]
struct Entry {
    id: String,
    data: Option<serde::de::IgnoredAny>,
    data_size: Option<u64>,
    original: Option<serde::de::IgnoredAny>,
    original_text: Option<serde::de::IgnoredAny>,
    original_base64: Option<serde::de::IgnoredAny>,
    original_size: u64,
    body_removed: bool,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Action {
    action_payload: Option<serde::de::IgnoredAny>,
    action_payload_size: u64,
}

impl Entry {
    /// Returns true if a list left out a value because it is long.
    fn is_cut(&self) -> bool {
        let original = self.original.is_some() || self.original_text.is_some() || self.original_base64.is_some();
        let is_payload_cut = |action: &Action| action.action_payload.is_none() && action.action_payload_size > 0;
        !self.body_removed
            && (!original && self.original_size > 0
                || self.data.is_none() && self.data_size.is_some_and(|size| size > 0)
                || self.actions.iter().any(is_payload_cut))
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let environment = match &arguments.source {
        Some(source) => format!("environment={}", encoded(&source.environment)),
        None => arguments.environment.query(&client)?,
    };
    let (logs, filters) = (logs_path(arguments.source.as_ref()), arguments.filters.query()?);
    let range = arguments.range.query();
    let path = format!("{logs}?{environment}{filters}{range}&include=actions&limit=100");
    let (mut file, mut cursor) = match &arguments.output {
        Some(output) => {
            let (file, last) = open(output)?;
            (Some(file), last.map(|id| id.replace('-', "")))
        }
        None => (None, arguments.cursor.clone()),
    };
    if let (Some(output), Some(cursor)) = (&arguments.output, &cursor) {
        note(&format!("{} is continued after {cursor}", output.display()));
    }
    // On the terminal the lines themselves show how far it is.
    let bar = if file.is_some() { progress_bar(None, "events") } else { ProgressBar::hidden() };
    let mut count = 0;
    loop {
        let after = cursor.as_deref().map(|cursor| format!("&after={}", encoded(cursor))).unwrap_or_default();
        let text = client.send_for_text(Method::GET, &format!("{path}{after}"), Content::None)?;
        let page: Page = serde_json::from_str(&text).context(OTHER_VERSION)?;
        for entry in page.entries {
            let line = whole(&client, entry)?;
            match &mut file {
                Some(file) => writeln!(file, "{line}").context("cannot write the export")?,
                None => print(&shown_json(&line))?,
            }
            count += 1;
            bar.inc(1);
        }
        cursor = page.page_info.after;
        if cursor.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    if let Some(file) = file {
        file.sync_all().context("cannot write the export")?;
    }
    note(&format!("{} exported", counted(count, "event", "events")));
    Ok(())
}

/// Returns an entry in one line, with its long values.
fn whole(client: &Client, entry: RawJson) -> anyhow::Result<String> {
    let read: Entry = serde_json::from_str(entry.as_text()).context(OTHER_VERSION)?;
    let text = match read.is_cut() {
        true => client.send_for_text(Method::GET, &format!("/v1/logs/{}", encoded(&read.id)), Content::None)?,
        false => entry.into_text(),
    };
    // JSON has line breaks only between its tokens.
    Ok(text.trim().replace(['\n', '\r'], " "))
}

/// Opens the file at its end. A last line that broke off is cut away; returns the id of the last whole one.
fn open(path: &Path) -> anyhow::Result<(File, Option<String>)> {
    // It holds personal data.
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = opened.with_context(|| format!("cannot write {}", path.display()))?;
    let (mut end, mut last) = (0, None);
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).with_context(|| format!("cannot read {}", path.display()))? > 0 {
        if line.last() != Some(&b'\n') {
            break;
        }
        let Ok(entry) = serde_json::from_slice::<Entry>(&line) else {
            bail!(Usage(format!("{} is no export of events; name another file", path.display())));
        };
        end += line.len() as u64;
        last = Some(entry.id);
        line.clear();
    }
    drop(reader);
    let place = file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end)));
    place.with_context(|| format!("cannot write {}", path.display()))?;
    Ok((file, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"id":"0198","data":null,"data_size":null,"original":null,"original_size":0,"body_removed":false}"#;

    #[test]
    fn a_line_that_broke_off_is_cut_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.ndjson");
        assert_eq!(open(&path).unwrap().1, None);
        std::fs::write(&path, format!("{LINE}\n{{\"id\":\"01")).unwrap();
        let (mut file, last) = open(&path).unwrap();
        assert_eq!(last.as_deref(), Some("0198"));
        writeln!(file, "{LINE}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{LINE}\n{LINE}\n"));
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        assert!(open(&path).unwrap_err().to_string().ends_with("is no export of events; name another file"));
    }
}
