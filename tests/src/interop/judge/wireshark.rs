//! Wireshark's dissectors, by way of tshark.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::exec;

const PREFERENCES: [&str; 2] = ["ip.check_checksum:TRUE", "ip.defragment:TRUE"];

/// How many packets of a capture match each display filter. A filter must have no comma, which
/// separates them.
pub fn count(file: &Path, filters: &[&str]) -> Result<Vec<u64>> {
    for filter in filters {
        ensure!(!filter.contains(','), "a comma in the filter {filter}");
    }
    let statistics = format!("io,stat,0,{}", filters.join(","));
    let mut tshark = tshark(file);
    let printed = exec::read(tshark.args(["-q", "-z", &statistics]))?;
    parse(&printed, filters.len()).with_context(|| format!("{}: {printed}", file.display()))
}

/// Copies the packets that match.
pub fn select(file: &Path, filter: &str, to: &Path) -> Result<()> {
    exec::read(
        tshark(file)
            .args(["-Y", filter, "-F", "pcap", "-w"])
            .arg(to),
    )
    .map(drop)
}

fn tshark(file: &Path) -> Command {
    let mut tshark = Command::new("tshark");
    tshark.arg("-n").arg("-r").arg(file);
    for preference in PREFERENCES {
        tshark.args(["-o", preference]);
    }
    tshark
}

/// The row of the one interval: `| 0.0 <> 9.9 | FRAMES | BYTES | FRAMES | BYTES |`.
fn parse(printed: &str, filters: usize) -> Option<Vec<u64>> {
    let Some(row) = printed.lines().find(|line| line.contains("<>")) else {
        // A capture without a packet has no interval.
        return printed.contains("Interval").then(|| vec![0; filters]);
    };
    let cells = row.split('|').skip(2).map(str::trim);
    let counts: Vec<u64> = cells
        .step_by(2)
        .take(filters)
        .map_while(|cell| cell.parse().ok())
        .collect();
    (counts.len() == filters).then_some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_counts_is_read() {
        let printed = "===\n| Interval | Frames | Bytes | Frames | Bytes |\n\
                       | 0.0 <> 3.2 |      5 |   400 |      0 |     0 |\n===\n";
        assert_eq!(parse(printed, 2), Some(vec![5, 0]));
        assert_eq!(parse(printed, 3), None);
    }

    #[test]
    fn an_empty_capture_has_none_of_anything() {
        let printed = "===\n| Duration: 0.000 secs |\n| Interval | Frames | Bytes |\n===\n";
        assert_eq!(parse(printed, 2), Some(vec![0, 0]));
        assert_eq!(parse("tshark: no", 2), None);
    }
}
