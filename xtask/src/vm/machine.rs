//! One virtual machine: boots, shows its console, brings results out.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::accelerator::Accelerator;
use super::cost::Cost;
use super::kernel::Kernel;
use crate::{shell, workspace};

/// What `init` prints when the guest is up; also the whole of a trial.
const UP: &str = "guest is up";
/// Far more than all cases take on a slow machine.
const LIMIT: Duration = Duration::from_mins(40);
const CONSOLE_LINES: usize = 40;
/// The kernel's arguments. What the emulator has translated it knows by address as well, so a program must have the
/// same at each start.
const KERNEL: &str = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr norandmaps";

/// A machine of one kernel; several boots may add to its results.
pub struct Machine<'kernel> {
    kernel: &'kernel Kernel,
    archive: PathBuf,
    results: PathBuf,
}

impl<'kernel> Machine<'kernel> {
    /// With an empty directory for results, by what they are for.
    pub fn new(kernel: &'kernel Kernel, archive: &Path, purpose: &str) -> Result<Self> {
        let results = workspace::target()?
            .join("vm")
            .join(purpose)
            .join(kernel.series);
        if results.exists() {
            fs::remove_dir_all(&results)?;
        }
        fs::create_dir_all(&results)?;
        Ok(Self {
            kernel,
            archive: archive.to_owned(),
            results,
        })
    }

    /// Where results are brought to.
    pub fn results(&self) -> &Path {
        &self.results
    }

    /// Whether the guest comes up within a time.
    pub fn comes_up(&self, accelerator: Accelerator, limit: Duration) -> Result<bool> {
        let mut child = self.command(accelerator, "trial").spawn()?;
        let (up, _) = self.watch(&mut child, limit, &|_| {})?;
        Ok(up)
    }

    /// Runs the guest's program with these words and unpacks what it brought out.
    pub fn run(&self, accelerator: Accelerator, words: &[&str]) -> Result<()> {
        let port = self.results.join("results.tar");
        let mut command = self.command(accelerator, &words.join(" "));
        command
            .args(["-device", "virtio-serial-pci"])
            .args(["-device", "virtserialport,chardev=results,name=results"])
            .arg("-chardev")
            .arg(format!("file,id=results,path={}", port.display()));
        let mut child = command.spawn().context("setpriv does not start")?;
        let cost = Mutex::new(Cost::of(child.id()));
        let show = |line: &str| self.show(line, &cost);
        let (up, console) = self.watch(&mut child, LIMIT, &show)?;
        let said = || console.join("\n  ");
        ensure!(up, "it did not come up:\n  {}", said());
        let unpacked = shell::command("tar", &["-xf"])?
            .arg(&port)
            .arg("-C")
            .arg(&self.results)
            .stderr(Stdio::null())
            .status()?;
        ensure!(unpacked.success(), "it brought no results:\n  {}", said());
        fs::remove_file(&port)?;
        let cost = cost.into_inner().unwrap_or_else(PoisonError::into_inner);
        cost.add_to(&self.results.join("outcome.json"))
    }

    fn command(&self, accelerator: Accelerator, init: &str) -> Command {
        // A guest must not outlive who watches it.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", "qemu-system-x86_64"])
            .args(accelerator.words())
            .args(["-smp", "1", "-m", "1536", "-nodefaults", "-no-reboot"])
            .args(["-display", "none", "-serial", "stdio"])
            .arg("-kernel")
            .arg(&self.kernel.image)
            .arg("-initrd")
            .arg(&self.archive)
            .arg("-append")
            .arg(format!("{KERNEL} -- {init}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What the guest says of itself begins with a bar: an ended case with its name, and more of it.
    fn show(&self, line: &str, cost: &Mutex<Cost>) {
        let mut cost = cost.lock().unwrap_or_else(PoisonError::into_inner);
        if line.contains(UP) {
            let took = cost.ended("");
            println!("{:<5} up {took:>46.1} s here", self.kernel.series);
        }
        let Some(said) = line.strip_prefix("| ") else {
            return;
        };
        let case = said
            .split_whitespace()
            .nth(1)
            .filter(|_| said.ends_with(" s"));
        let took = case.map(|case| format!(", {:.1} s here", cost.ended(case)));
        println!(
            "{:<5} {said}{}",
            self.kernel.series,
            took.unwrap_or_default()
        );
    }

    /// Reads the console until the guest ends, and makes it end at the limit; whether it came up,
    /// and its last lines.
    fn watch(
        &self,
        child: &mut Child,
        limit: Duration,
        show: &(dyn Fn(&str) + Sync),
    ) -> Result<(bool, Vec<String>)> {
        let console = child.stdout.take().context("no console")?;
        let complaints = child.stderr.take().context("no standard error")?;
        let log = self.results.join("console.log");
        let ended = thread::scope(|scope| {
            let console = scope.spawn(|| lines(console, show));
            let complaints = scope.spawn(|| lines(complaints, &|_| {}));
            let ended = wait(child, limit);
            let mut said = console.join().unwrap_or_default();
            said.extend(complaints.join().unwrap_or_default());
            ended.map(|ended| (ended, said))
        });
        let (ended, said) = ended?;
        fs::write(&log, said.join("\n"))?;
        let up = said.iter().any(|line| line.contains(UP));
        let last = said.len().saturating_sub(CONSOLE_LINES);
        let last = said.get(last..).unwrap_or_default().to_vec();
        if !ended && up {
            bail!(
                "it did not end within {} s:\n  {}",
                limit.as_secs(),
                last.join("\n  ")
            );
        }
        Ok((up, last))
    }
}

fn lines(pipe: impl std::io::Read, show: &dyn Fn(&str)) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        show(&line);
        lines.push(line);
    }
    lines
}

/// Whether it ended by itself.
fn wait(child: &mut Child, limit: Duration) -> Result<bool> {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}
