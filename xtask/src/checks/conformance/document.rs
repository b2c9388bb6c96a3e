//! The tables of the document.

use anyhow::{Context as _, Result, bail};

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Where it stands, from 1.
    pub line: usize,
    /// The number behind the R.
    pub number: u32,
    /// The last cell.
    pub proof: String,
}

/// The rows that begin with a number such as `R12`; other lines are text.
pub fn requirements(text: &str) -> Result<Vec<Requirement>> {
    let rows = text.lines().enumerate();
    rows.filter(|(_, line)| line.starts_with("| R"))
        .map(|(index, line)| requirement(index + 1, line))
        .collect()
}

fn requirement(line: usize, row: &str) -> Result<Requirement> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let place = || format!("line {line} of the document");
    let [number, _, _, proof] = cells[..] else {
        bail!("{}: four cells, not {}", place(), cells.len());
    };
    let number = number.trim_start_matches('R').parse();
    Ok(Requirement {
        line,
        number: number.with_context(place)?,
        proof: proof.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_other_lines_are_not() {
        let text = "# Title\n\n| number | source | rule | proof |\n|---|---|---|---|\n| R7 | RFC | text | `row a` |\n";
        let read = requirements(text).unwrap();
        let row = Requirement {
            line: 5,
            number: 7,
            proof: "`row a`".to_owned(),
        };
        assert_eq!(read, [row]);
        assert!(requirements("| R7 | RFC | text |").is_err());
        assert!(requirements("| Rx | RFC | text | proof |").is_err());
    }
}
