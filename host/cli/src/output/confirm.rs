//! The confirmation of what cannot be taken back: a flag, or on a terminal the name.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use anyhow::{Context as _, bail};

use super::text::clean_lines;
use crate::exit_code::Usage;

/// The flag that confirms.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Confirmation {
    /// Do it without asking for the name
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Returns once it is confirmed. `consequence` is a sentence such as `this deletes the source "shop"`.
    pub fn require(self, name: &str, consequence: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !stdin().is_terminal() || !stderr().is_terminal() {
            bail!(Usage(format!("{consequence}; confirm it with --yes")));
        }
        eprint!("{}.\nType {name:?} to confirm: ", clean_lines(consequence));
        stderr().flush().context("cannot ask for the name")?;
        let mut typed = String::new();
        stdin().read_line(&mut typed).context("cannot read the name")?;
        match typed.trim() == name {
            true => Ok(()),
            false => bail!("the name does not match; nothing was changed"),
        }
    }
}
