//! A measured child process: started, awaited, stopped, and never left behind.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::{http, interrupt, usage::Usage};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A running process, killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
    /// The address on which it listens.
    pub address: SocketAddr,
}

impl Process {
    /// Starts a command with a free address as `--listen`, and waits until `/readyz` answers 200. Its output goes to
    /// the file `output` in the directory.
    pub fn start(mut command: Command, directory: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let log = directory.join("output");
        let output = fs::File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        command.arg("--listen").arg(address.to_string()).current_dir(directory);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
        let mut process = Self { child, log, address };
        process.wait_until_ready()?;
        Ok(process)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while let Err(error) = http::request(self.address, "GET /readyz", None, "") {
            interrupt::check()?;
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once, with {status}:\n{}", self.output());
            }
            if start.elapsed() > START {
                return Err(error.context(format!("it did not become ready in {START:?}:\n{}", self.output())));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Returns the resource usage.
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Returns the end of the output.
    pub fn output(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Stops the process with SIGTERM, as an operator would, and waits for its end.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).context("cannot stop a process")?;
        let start = Instant::now();
        while start.elapsed() < STOP {
            if let Some(status) = self.child.try_wait()? {
                // The bare handler has no signal handler, so it ends by the signal itself.
                if status.code().is_some_and(|code| code != 0) {
                    bail!("it stopped with {status}:\n{}", self.output());
                }
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("it did not stop in {STOP:?}:\n{}", self.output())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if the process has ended already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a free address. If another process takes it first, the measured process reports it and the run fails.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}
