//! The guest's file system: our programs, the peers, a few tools, and the libraries of all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};

use super::binaries::Binaries;
use super::kernel::Kernel;
use crate::{shell, workspace};

const INIT: &str = include_str!("init.sh");
const DIRECTORIES: [&str; 9] = [
    "bin", "dev", "etc", "modules", "proc", "root", "run", "sys", "tmp",
];
/// Programs of this machine that the cases start.
const TOOLS: [&str; 14] = [
    "bpftool", "busybox", "dnsmasq", "ethtool", "ip", "iperf3", "nsenter", "nstat", "ping",
    "setpriv", "sysctl", "tc", "tcpdump", "unshare",
];
/// Programs of the peers' packages.
const PEERS: [&str; 3] = ["isatapd", "radvd", "rdisc6"];
/// What busybox is called by.
const APPLETS: [&str; 15] = [
    "cat", "dmesg", "insmod", "kill", "ln", "ls", "mkdir", "mount", "poweroff", "rm", "sh",
    "sleep", "tail", "tar", "timeout",
];
/// isatapd and tcpdump give their privileges up to these.
const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n\
                      tcpdump:x:100:100::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\ntcpdump:x:100:\n";

/// A directory, and the archive that the kernel unpacks.
pub struct Root {
    directory: PathBuf,
    archive: PathBuf,
}

impl Root {
    /// Gathers everything for one kernel.
    pub fn build(kernel: &Kernel, binaries: &Binaries, peers: &[PathBuf]) -> Result<Self> {
        let base = workspace::target()?.join("vm");
        let root = Self {
            directory: base.join(format!("root-{}", kernel.series)),
            archive: base.join(format!("root-{}.cpio", kernel.series)),
        };
        root.skeleton()?;
        let mut programs: Vec<PathBuf> = Vec::new();
        for (name, program) in binaries.programs() {
            programs.push(root.strip(program, name)?);
        }
        for tool in TOOLS {
            programs.push(root.install(&found(tool, &[PathBuf::from("/")])?)?);
        }
        for peer in PEERS {
            programs.push(root.install(&found(peer, peers)?)?);
        }
        root.libraries(&programs)?;
        for (name, object) in binaries.objects() {
            fs::copy(&object, root.directory.join(name))
                .with_context(|| object.display().to_string())?;
        }
        root.modules(kernel)?;
        root.pack()?;
        Ok(root)
    }

    /// What qemu hands to the kernel.
    pub fn archive(&self) -> &Path {
        &self.archive
    }

    fn skeleton(&self) -> Result<()> {
        if self.directory.exists() {
            fs::remove_dir_all(&self.directory)?;
        }
        for directory in DIRECTORIES {
            fs::create_dir_all(self.directory.join(directory))?;
        }
        let init = self.directory.join("init");
        fs::write(&init, INIT)?;
        fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
        fs::write(self.directory.join("etc/passwd"), PASSWD)?;
        fs::write(self.directory.join("etc/group"), GROUP)?;
        // Something else is mounted over it.
        fs::write(self.directory.join("etc/resolv.conf"), "")?;
        for applet in APPLETS {
            symlink("busybox", self.directory.join("bin").join(applet))?;
        }
        symlink("/run", self.directory.join("var-run"))?;
        fs::create_dir_all(self.directory.join("var"))?;
        fs::rename(
            self.directory.join("var-run"),
            self.directory.join("var/run"),
        )?;
        Ok(())
    }

    fn install(&self, program: &Path) -> Result<PathBuf> {
        let name = program.file_name().context("a program without a name")?;
        let to = self.directory.join("bin").join(name);
        fs::copy(program, &to).with_context(|| program.display().to_string())?;
        Ok(to)
    }

    /// Our own programs come with debug information that would fill the guest's memory.
    fn strip(&self, program: &Path, name: &str) -> Result<PathBuf> {
        let to = self.directory.join("bin").join(name);
        let stripped = shell::command("strip", &["-o"])?
            .arg(&to)
            .arg(program)
            .status()
            .context("strip does not start")?;
        ensure!(stripped.success(), "strip {}", program.display());
        Ok(to)
    }

    fn libraries(&self, programs: &[PathBuf]) -> Result<()> {
        let mut needed = BTreeSet::new();
        for program in programs {
            let printed = shell::read("ldd", &[&program.to_string_lossy()]).unwrap_or_default();
            let paths = printed.split_whitespace();
            needed.extend(
                paths
                    .filter(|word| word.starts_with('/'))
                    .map(PathBuf::from),
            );
        }
        for library in needed {
            let to = self.directory.join(library.strip_prefix("/")?);
            if let Some(directory) = to.parent() {
                fs::create_dir_all(directory)?;
            }
            fs::copy(&library, &to).with_context(|| library.display().to_string())?;
        }
        Ok(())
    }

    /// The order is in the names.
    fn modules(&self, kernel: &Kernel) -> Result<()> {
        for (file, number) in kernel.modules.iter().zip(100..) {
            let name = file.file_name().context("a module without a name")?;
            let name = format!("{number}-{}", name.to_string_lossy());
            let to = self.directory.join("modules").join(&name);
            if file.extension().is_some_and(|extension| extension == "xz") {
                let to = to.with_extension("");
                let unpacked = shell::command("xz", &["-dc"])?
                    .arg(file)
                    .stdout(File::create(&to)?)
                    .status()
                    .context("xz does not start")?;
                ensure!(unpacked.success(), "xz -dc {}", file.display());
            } else {
                fs::copy(file, to)?;
            }
        }
        Ok(())
    }

    fn pack(&self) -> Result<()> {
        let mut names = Vec::new();
        list(&self.directory, Path::new("."), &mut names)?;
        let mut cpio = shell::command("cpio", &["-o", "-H", "newc", "--quiet"])?
            .current_dir(&self.directory)
            .stdin(Stdio::piped())
            .stdout(File::create(&self.archive)?)
            .spawn()
            .context("cpio does not start")?;
        let mut input = cpio.stdin.take().context("cpio takes no names")?;
        input.write_all(names.join("\n").as_bytes())?;
        drop(input);
        ensure!(cpio.wait()?.success(), "cpio failed");
        Ok(())
    }
}

/// Directories before what is in them.
fn list(root: &Path, inside: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join(inside))? {
        let entry = entry?;
        let path = inside.join(entry.file_name());
        names.push(path.to_string_lossy().into_owned());
        if entry.file_type()?.is_dir() {
            list(root, &path, names)?;
        }
    }
    Ok(())
}

/// A program below one of some roots.
fn found(name: &str, roots: &[PathBuf]) -> Result<PathBuf> {
    let directories = ["usr/bin", "usr/sbin", "bin", "sbin"];
    let mut paths = roots
        .iter()
        .flat_map(|root| directories.map(|directory| root.join(directory).join(name)));
    let path = paths.find(|path| path.exists());
    path.with_context(|| format!("there is no program {name}"))
}
