//! `inlet completion`: writes the completions of a shell.

use clap_complete::Shell;

/// The arguments of `inlet completion`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
bash: inlet completion bash > ~/.local/share/bash-completion/completions/inlet
zsh:  inlet completion zsh > a directory of $fpath, as _inlet
fish: inlet completion fish > ~/.config/fish/completions/inlet.fish

The output is a script of the shell, so there is no --json.")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// Writes the completions of a command.
pub fn run(arguments: &Arguments, mut command: clap::Command) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "inlet", &mut text);
    crate::output::print(String::from_utf8_lossy(&text).trim_end())
}
