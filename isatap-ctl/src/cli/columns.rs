use std::io::{self, Write};

use super::style::Style;

/// Rows of text under one line of headings, aligned.
pub(super) struct Columns {
    rows: Vec<Vec<String>>,
}

impl Columns {
    pub fn new<'h>(headings: impl IntoIterator<Item = &'h str>) -> Self {
        let headings = headings.into_iter().map(str::to_uppercase).collect();
        Self {
            rows: vec![headings],
        }
    }

    /// Adds a row; an empty cell is shown as a dash.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let dash = |cell: String| {
            if cell.is_empty() {
                "-".to_owned()
            } else {
                cell
            }
        };
        self.rows.push(cells.into_iter().map(dash).collect());
    }

    pub fn print(&self, to: &mut dyn Write, style: Style) -> io::Result<()> {
        let widths = self.widths();
        for (index, row) in self.rows.iter().enumerate() {
            let padded: Vec<_> = row
                .iter()
                .zip(&widths)
                .map(|(c, w)| format!("{c:w$}"))
                .collect();
            let line = padded.join("  ");
            let line = line.trim_end();
            if index == 0 {
                writeln!(to, "{}", style.bold(line))?;
            } else {
                writeln!(to, "{line}")?;
            }
        }
        Ok(())
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        widths
    }
}
