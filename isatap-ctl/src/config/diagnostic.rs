use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use serde::Serialize;

/// Everything that is wrong with one file, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    file: PathBuf,
    list: Vec<Diagnostic>,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1; none if the file could not be read.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Diagnostics {
    /// The errors.
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// The file that they are in.
    pub fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    pub(super) fn none(file: &Path) -> Self {
        Self {
            file: file.to_path_buf(),
            list: Vec::new(),
        }
    }

    pub(super) fn unreadable(file: &Path, error: &io::Error) -> Self {
        let mut diagnostics = Self::none(file);
        diagnostics.list.push(Diagnostic {
            file: file.to_path_buf(),
            line: None,
            column: None,
            message: format!("the file cannot be read: {error}"),
        });
        diagnostics
    }

    pub(super) fn not_utf8(file: &Path, error: &FromUtf8Error) -> Self {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
        let mut diagnostics = Self::none(file);
        diagnostics.push(&text, good, "the file is not UTF-8 text".to_owned());
        diagnostics
    }

    /// Adds an error at byte `offset` of `text`.
    pub(super) fn push(&mut self, text: &str, offset: usize, message: String) {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        self.list.push(Diagnostic {
            file: self.file.clone(),
            line: Some(before.matches('\n').count() + 1),
            column: Some(in_line.chars().count() + 1),
            message,
        });
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
