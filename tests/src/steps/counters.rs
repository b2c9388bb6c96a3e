use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::config::Xdp;
use crate::lab::Lab;
use crate::ns::Inside;
use crate::story::Evidence;

const SHOWN: [&str; 4] = [
    "Ip6InDelivers",
    "Icmp6InEchoReplies",
    "TcpInSegs",
    "TcpRetransSegs",
];
const DAMAGED: [&str; 4] = [
    "TcpInCsumErrors",
    "Icmp6InCsumErrors",
    "Ip6InHdrErrors",
    "TcpInErrs",
];

/// What the end systems' own TCP and ICMP counted.
pub fn counters(lab: &mut Lab, _xdp: Xdp) -> Evidence {
    let site = &lab.site;
    let mut lines = vec![row("", &SHOWN.map(String::from))];
    for (name, node) in [
        ("a", &site.host_a),
        ("b", &site.host_b),
        ("server", &site.server),
    ] {
        let counted = Counted::read(node)?;
        for counter in DAMAGED {
            let damaged = counted.get(counter)?;
            ensure!(damaged == 0, "{name} counts {counter} {damaged}");
        }
        let mut numbers = Vec::new();
        for counter in SHOWN {
            numbers.push(counted.get(counter)?.to_string());
        }
        lines.push(row(name, &numbers));
    }
    lines.push(format!("{} are 0 everywhere", DAMAGED.join(", ")));
    Ok(lines)
}

struct Counted(Value);

impl Counted {
    fn read(node: &Inside) -> Result<Self> {
        // Absolute, zeros included, and no history file.
        let printed = node.run("nstat --json -a -s -z")?;
        let document: Value = serde_json::from_str(&printed)?;
        Ok(Self(
            document
                .get("kernel")
                .cloned()
                .context("nstat names no kernel")?,
        ))
    }

    fn get(&self, name: &str) -> Result<u64> {
        self.0
            .get(name)
            .and_then(Value::as_u64)
            .with_context(|| format!("nstat has no {name}"))
    }
}

fn row(name: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("{cell:>20}"));
    format!("{name:<8}{}", cells.collect::<Vec<_>>().concat())
}
