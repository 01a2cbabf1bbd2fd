//! Putting a restored database in the place of another, so that a kill at any moment leaves one of them whole.
//!
//! A database and its write-ahead log are two files, and a log beside another database would destroy it. So the restored
//! database is complete in the directory, as `restored-….db`, before anything is moved. From then on whoever opens the
//! directory moves the old files away and gives the new one its name, as often as it takes.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::data_dir::{DataDir, sync};

/// A complete database that takes the place of the present one is named so, with a time between.
const PREFIX: &str = "restored-";
const SUFFIX: &str = ".db";
/// A directory with the files that were there before, with the same time behind.
const ASIDE_PREFIX: &str = "replaced-";

/// Gives a complete and synced database in the directory a name by which it takes the place of the present one, and puts
/// it there. Returns the directory with the files that were there before, if there were any.
pub(crate) fn adopt(data_dir: &DataDir, database: &Path, now_ms: i64) -> io::Result<Option<PathBuf>> {
    let tag: String = inlet_core::time::write_ms(now_ms).chars().filter(char::is_ascii_alphanumeric).collect();
    fs::rename(database, data_dir.path().join(format!("{PREFIX}{tag}{SUFFIX}")))?;
    sync(data_dir.path())?;
    complete(data_dir)
}

/// Completes what [`adopt`] began. Does nothing if nothing is to be done.
pub(crate) fn complete(data_dir: &DataDir) -> io::Result<Option<PathBuf>> {
    let mut set_aside = None;
    // Collected, because files are renamed meanwhile.
    for entry in fs::read_dir(data_dir.path())?.collect::<io::Result<Vec<_>>>()? {
        let name = entry.file_name();
        let tag = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        let Some(tag) = tag else { continue };
        let aside = data_dir.path().join(format!("{ASIDE_PREFIX}{tag}"));
        for file in data_dir.database_files() {
            let Some(name) = file.file_name().filter(|_| file.exists()) else { continue };
            if !aside.is_dir() {
                DirBuilder::new().mode(0o700).create(&aside)?;
            }
            fs::rename(&file, aside.join(name))?;
        }
        if aside.is_dir() {
            sync(&aside)?;
            sync(data_dir.path())?;
            set_aside = Some(aside);
        }
        fs::rename(entry.path(), data_dir.database())?;
        sync(data_dir.path())?;
    }
    Ok(set_aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [(&str, &str); 3] = [("inlet.db", "old"), ("inlet.db-wal", "old log"), ("inlet.db-shm", "old index")];

    /// Returns the files of a directory, with those of the directories in it.
    fn files(directory: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true => found.extend(files(&path).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text))),
                false if name == "inlet.lock" => {}
                false => found.push((name, fs::read_to_string(&path).unwrap())),
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_kill_after_any_step_is_completed_when_the_directory_is_opened() {
        // Of the three old files, so many were moved before the kill.
        for moved in 0..=OLD.len() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path();
            let aside = path.join("replaced-20260102T030405678Z");
            fs::write(path.join("restored-20260102T030405678Z.db"), "new").unwrap();
            for (name, text) in &OLD[moved..] {
                fs::write(path.join(name), text).unwrap();
            }
            if moved > 0 {
                fs::create_dir(&aside).unwrap();
            }
            for (name, text) in &OLD[..moved] {
                fs::write(aside.join(name), text).unwrap();
            }
            let expected: Vec<(String, String)> = [("inlet.db".to_owned(), "new".to_owned())]
                .into_iter()
                .chain(OLD.map(|(name, text)| (format!("replaced-20260102T030405678Z/{name}"), text.to_owned())))
                .collect();
            drop(DataDir::open(path).unwrap());
            let mut sorted = expected.clone();
            sorted.sort();
            assert_eq!(files(path), sorted, "{moved} files were moved");
            // Once more changes nothing.
            drop(DataDir::open(path).unwrap());
            assert_eq!(files(path), sorted);
        }
    }

    #[test]
    fn before_the_new_name_the_old_database_is_kept_and_the_copy_removed() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("inlet.db"), "old").unwrap();
        fs::write(directory.path().join("restore.tmp"), "half").unwrap();
        drop(DataDir::open(directory.path()).unwrap());
        assert_eq!(files(directory.path()), [("inlet.db".to_owned(), "old".to_owned())]);
    }

    #[test]
    fn an_empty_directory_gets_the_database_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = DataDir::open(directory.path()).unwrap();
        let (_, copy) = data_dir.create_restore().unwrap();
        fs::write(&copy, "new").unwrap();
        assert_eq!(adopt(&data_dir, &copy, 0).unwrap(), None);
        assert_eq!(files(directory.path()), [("inlet.db".to_owned(), "new".to_owned())]);
    }
}
