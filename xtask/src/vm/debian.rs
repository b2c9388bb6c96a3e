//! Debian packages that are unpacked, not installed: kernels, and peers whose services must not
//! start on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{shell, workspace};

/// Implementations that we did not write.
const PEERS: [&str; 3] = ["isatapd", "ndisc6", "radvd"];

/// The peers' files, one directory a package.
pub fn peers() -> Result<Vec<PathBuf>> {
    PEERS.iter().map(|name| unpacked(name)).collect()
}

/// The package that another one, made to name the newest, depends on.
pub fn dependency(name: &str, begins: &str) -> Result<String> {
    refresh_lists()?;
    let listed = shell::read("apt-cache", &["depends", name])
        .with_context(|| format!("Debian has no package {name}"))?;
    let mut depends = listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    depends
        .find(|depends| depends.starts_with(begins))
        .map(str::to_owned)
        .with_context(|| format!("the package {name} depends on no {begins}..."))
}

/// The directory with a package's files; fetched, checked and unpacked unless it is there.
pub fn unpacked(name: &str) -> Result<PathBuf> {
    refresh_lists()?;
    try_unpacked(name).or_else(|error| {
        // Old lists name files that the archive no longer has.
        println!("{error:#}");
        shell::run("apt-get", &["update", "-q"])?;
        try_unpacked(name)
    })
}

fn try_unpacked(name: &str) -> Result<PathBuf> {
    let known = Known::of(name)?;
    let cache = cache()?;
    let directory = cache.join(format!("{name}_{}", known.version));
    if directory.exists() {
        return Ok(directory);
    }
    let archive = fetched(name, &known, &cache)?;
    // A directory that is there is whole.
    let partial = cache.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    let mut unpack = shell::command("dpkg", &["-x"])?;
    shell::run_command(unpack.arg(&archive).arg(&partial))?;
    fs::rename(&partial, &directory)?;
    Ok(directory)
}

/// What the signed package lists say.
struct Known {
    version: String,
    file: String,
    sha256: String,
}

impl Known {
    fn of(name: &str) -> Result<Self> {
        let shown = shell::read("apt-cache", &["show", "--no-all-versions", name])
            .with_context(|| format!("Debian has no package {name}"))?;
        let field = |key: &str| {
            let mut lines = shown.lines().filter_map(|line| line.split_once(": "));
            let value = lines.find(|(found, _)| *found == key);
            value
                .map(|(_, value)| value.trim().to_owned())
                .with_context(|| format!("the package {name} has no {key}"))
        };
        let path = field("Filename")?;
        Ok(Self {
            version: field("Version")?,
            file: path.rsplit('/').next().unwrap_or(&path).to_owned(),
            sha256: field("SHA256")?,
        })
    }
}

fn fetched(name: &str, known: &Known, cache: &Path) -> Result<PathBuf> {
    let archive = cache.join(&known.file);
    if archive.exists() && checks(&archive, &known.sha256)? {
        return Ok(archive);
    }
    println!(
        "fetching {name} {} (unpacked, not installed)",
        known.version
    );
    let download = cache.join(format!("{name}.download"));
    if download.exists() {
        fs::remove_dir_all(&download)?;
    }
    fs::create_dir_all(&download)?;
    let mut fetch = shell::command(
        "apt-get",
        &["download", "-q", "-o", "APT::Sandbox::User=root"],
    )?;
    fetch.arg(format!("{name}={}", known.version));
    shell::run_command(fetch.current_dir(&download))?;
    // apt writes the epoch into the name, the lists do not.
    let file = fs::read_dir(&download)?
        .next()
        .with_context(|| format!("apt-get download left no file of {name}"))??;
    ensure!(
        checks(&file.path(), &known.sha256)?,
        "{} is not the file that the package lists name",
        file.path().display()
    );
    fs::rename(file.path(), &archive)?;
    fs::remove_dir_all(&download)?;
    Ok(archive)
}

fn checks(file: &Path, sha256: &str) -> Result<bool> {
    let sum = shell::read("sha256sum", &["--", &file.to_string_lossy()])
        .with_context(|| format!("reading {}", file.display()))?;
    Ok(sum.split_whitespace().next() == Some(sha256))
}

/// A machine that never asked for lists has none.
fn refresh_lists() -> Result<()> {
    if !shell::succeeds("apt-cache", &["--version"]) {
        bail!("kernels and peers are Debian packages, and this system has no apt-cache");
    }
    if shell::read("apt-cache", &["show", "radvd"]).is_some_and(|shown| !shown.is_empty()) {
        return Ok(());
    }
    shell::run("apt-get", &["update", "-q"])
}

fn cache() -> Result<PathBuf> {
    let cache = workspace::target()?.join("vm").join("packages");
    fs::create_dir_all(&cache)?;
    Ok(cache)
}
