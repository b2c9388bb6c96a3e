//! Changes that commands write into the file, which stays as its author laid it out.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, TableLike, Value};

use super::Diagnostics;

/// Why the file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// It could not be read or replaced.
    #[error("{path}: {error}", path = .file.display())]
    File {
        /// The configuration.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// It is no TOML any more.
    #[error("{path}: {error}", path = .file.display())]
    Syntax {
        /// The configuration.
        file: PathBuf,
        /// Where, and what.
        error: toml_edit::TomlError,
    },
    /// `host.prl` cannot be extended.
    #[error("{path}: host.prl is not a list in a table", path = .0.display())]
    Shape(PathBuf),
    /// It would not be a valid configuration.
    #[error("{0}")]
    Invalid(Diagnostics),
}

/// Writes `router` into `host.prl` of `file`, if it is not there.
pub fn add_router(file: &Path, router: Ipv4Addr) -> Result<(), SaveError> {
    change(file, |prl| {
        if position(prl, router).is_none() {
            append(prl, router);
        }
    })
}

/// Takes `router` out of `host.prl` of `file`, if it is there.
pub fn remove_router(file: &Path, router: Ipv4Addr) -> Result<(), SaveError> {
    change(file, |prl| {
        if let Some(position) = position(prl, router) {
            prl.remove(position);
        }
    })
}

fn change(file: &Path, edit: impl FnOnce(&mut Array)) -> Result<(), SaveError> {
    let failed = |error| SaveError::File {
        file: file.to_path_buf(),
        error,
    };
    let text = fs::read_to_string(file).map_err(failed)?;
    let mut document: DocumentMut = text.parse().map_err(|error| SaveError::Syntax {
        file: file.to_path_buf(),
        error,
    })?;
    let prl = list(&mut document).ok_or_else(|| SaveError::Shape(file.to_path_buf()))?;
    edit(prl);
    let changed = document.to_string();
    super::parse(file, &changed).map_err(SaveError::Invalid)?;
    if changed == text {
        return Ok(());
    }
    replace(file, &changed).map_err(failed)
}

/// The list `host.prl`, made where it is missing.
fn list(document: &mut DocumentMut) -> Option<&mut Array> {
    let host = document.entry("host").or_insert_with(toml_edit::table);
    let host: &mut dyn TableLike = host.as_table_like_mut()?;
    let empty = || Item::Value(Value::Array(Array::new()));
    host.entry("prl").or_insert_with(empty).as_array_mut()
}

fn position(prl: &Array, router: Ipv4Addr) -> Option<usize> {
    let is_router = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.parse() == Ok(router))
    };
    prl.iter().position(is_router)
}

/// In the way the entry before is laid out: on a line of its own if that is.
fn append(prl: &mut Array, router: Ipv4Addr) {
    let before = prl.iter().last();
    let indent = before.and_then(|value| value.decor().prefix()?.as_str());
    let indent = indent.filter(|indent| indent.contains('\n') && indent.trim().is_empty());
    match indent.map(str::to_owned) {
        Some(indent) => {
            let value = Value::from(router.to_string()).decorated(indent, "");
            prl.push_formatted(value);
        }
        None => prl.push(router.to_string()),
    }
}

/// All of it or nothing: readers see the old file or the new one, with the rights that it had.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}", std::process::id()));
    let new = file.with_file_name(name);
    let written = write(&new, &file, text).and_then(|()| fs::rename(&new, &file));
    if written.is_err() {
        // What is left of it is of no use to anybody; the first error is the one to tell.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write(new: &Path, like: &Path, text: &str) -> io::Result<()> {
    let mut out = File::create_new(new)?;
    out.set_permissions(fs::metadata(like)?.permissions())?;
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

#[cfg(test)]
mod tests;
