//! The configurations that KAME's how-to calls confirmed, and what stands for each today.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::document::word;
use super::verdict::Machine;
use crate::interop::case::Case;

/// One line of the list.
struct Configuration {
    router: &'static str,
    host: &'static str,
    /// What stands for it.
    cases: &'static [&'static str],
    /// Why that is not the thing itself, if it is not.
    remark: &'static str,
}

const KAME_IS_OVER: &str = "KAME is no longer made and no system of today contains `ist`, so its `rtsold` is replayed: a frame \
                            built from its sources";

const CONFIRMED: [Configuration; 7] = [
    Configuration {
        router: "KAME-FreeBSD4",
        host: "Windows XP",
        cases: &["replay-windows-xp", "replay-windows-vista"],
        remark: "Windows cannot be distributed with a test, so its solicitations are replayed; Vista's is from a \
                 published capture",
    },
    Configuration {
        router: "KAME-FreeBSD4",
        host: "KAME-FreeBSD4",
        cases: &["replay-kame-rtsold"],
        remark: KAME_IS_OVER,
    },
    Configuration {
        router: "KAME-FreeBSD4",
        host: "KAME-NetBSD",
        cases: &["replay-kame-rtsold"],
        remark: "the same `rtsold`",
    },
    Configuration {
        router: "KAME-FreeBSD4",
        host: "KAME-OpenBSD",
        cases: &["replay-kame-rtsold"],
        remark: "the same `rtsold`",
    },
    Configuration {
        router: "KAME-FreeBSD4",
        host: "Linux (USAGI)",
        cases: &["router-isatapd", "router-rdisc6"],
        remark: "USAGI's work became Linux's own `sit`, which is the host here",
    },
    Configuration {
        router: "KAME-NetBSD",
        host: "KAME-FreeBSD4",
        cases: &["host-radvd", "ours-tc"],
        remark: "our host, at a Linux router and at ours: there is no KAME router to be had",
    },
    Configuration {
        router: "IX5003 (NEC)",
        host: "KAME-FreeBSD4",
        cases: &["host-radvd"],
        remark: "our host at a Linux router: NEC's runs on NEC's hardware only",
    },
];

/// A row for each, with the worst result of its cases.
pub fn table(text: &mut String, machines: &[Machine]) -> Result<()> {
    let heads = machines.iter().map(Machine::series).collect::<Vec<_>>();
    writeln!(
        text,
        "| KAME's router | KAME's host | here | {} | why not the thing itself |",
        heads.join(" | ")
    )?;
    writeln!(text, "|---|---|---|{}---|", "---|".repeat(machines.len()))?;
    for configuration in &CONFIRMED {
        let Configuration {
            router,
            host,
            cases,
            remark,
        } = configuration;
        let results = machines
            .iter()
            .map(|machine| worst(machine, cases))
            .collect::<Result<Vec<_>>>()?
            .join(" | ");
        let names = cases.iter().map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        writeln!(
            text,
            "| {router} | {host} | {names} | {results} | {remark} |"
        )?;
    }
    Ok(())
}

fn worst(machine: &Machine, cases: &[&str]) -> Result<&'static str> {
    let mut worst = "holds";
    for name in cases {
        let case = Case::all().find(|case| case.name == *name);
        let word = word(machine, case.with_context(|| format!("no case {name}"))?);
        if word != "holds" {
            worst = word;
        }
    }
    Ok(worst)
}
