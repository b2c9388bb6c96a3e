use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use crate::config::Diagnostics;

/// Collects the errors of one file.
pub(in crate::config) struct Problems<'a> {
    text: &'a str,
    damaged: Vec<usize>,
    found: RefCell<Vec<Problem>>,
    notes: RefCell<Vec<Problem>>,
}

struct Problem {
    offset: usize,
    message: String,
}

impl<'a> Problems<'a> {
    /// Starts with the syntax errors.
    pub fn new(text: &'a str, syntax: &[toml::de::Error]) -> Self {
        let found: Vec<_> = syntax
            .iter()
            .map(|error| Problem {
                offset: error.span().map_or(0, |span| span.start),
                message: error.message().to_owned(),
            })
            .collect();
        Self {
            text,
            damaged: found.iter().map(|p| line(text, p.offset)).collect(),
            found: RefCell::new(found),
            notes: RefCell::default(),
        }
    }

    /// Records an error in what is written at `span`.
    ///
    /// What the parser made of a line that it could not read is not blamed a second time.
    pub fn wrong(&self, span: &Range<usize>, message: String) {
        if !self.damaged.contains(&line(self.text, span.start)) {
            self.push(span.start, message);
        }
    }

    /// Records that something is missing from the table at `span`; not in a damaged file, where it
    /// may be in the damaged part.
    pub fn missing(&self, span: &Range<usize>, message: String) {
        if self.damaged.is_empty() {
            self.push(span.start, message);
        }
    }

    /// Records that something is in no place; not behind a damaged table header, where it may have
    /// been meant for that table.
    pub fn misplaced(&self, span: &Range<usize>, message: String) {
        let mut lines = self.text.lines().enumerate();
        let header_damaged = lines.any(|(number, line)| {
            line.trim_start().starts_with('[') && self.damaged.contains(&number)
        });
        if !header_damaged {
            self.wrong(span, message);
        }
    }

    /// Records what is no error at `span`, but should be known.
    pub fn note(&self, span: &Range<usize>, message: String) {
        self.notes.borrow_mut().push(Problem {
            offset: span.start,
            message,
        });
    }

    /// What is written at `span`, if it fits into a message.
    pub fn written(&self, span: &Range<usize>) -> Option<&'a str> {
        let text = self.text.get(span.clone())?;
        (text.len() <= 60 && !text.contains('\n')).then_some(text)
    }

    /// Every error in the order of the file.
    pub fn errors(&self, file: &Path) -> Diagnostics {
        self.in_order(file, &self.found)
    }

    /// Every note in the order of the file.
    pub fn notes(&self, file: &Path) -> Diagnostics {
        self.in_order(file, &self.notes)
    }

    fn in_order(&self, file: &Path, problems: &RefCell<Vec<Problem>>) -> Diagnostics {
        let mut problems = problems.take();
        problems.sort_by_key(|problem| problem.offset);
        let mut diagnostics = Diagnostics::none(file);
        for problem in problems {
            diagnostics.push(self.text, problem.offset, problem.message);
        }
        diagnostics
    }

    fn push(&self, offset: usize, message: String) {
        self.found.borrow_mut().push(Problem { offset, message });
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count()
}
