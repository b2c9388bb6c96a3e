//! How often the kernel's look-ups are asked, by probes at their beginnings.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use nix::mount::{MsFlags, mount};

use super::case::Beds;
use super::flow::Flow;
use super::lane::Lane;
use super::outcome::Lookups;
use crate::bpf::Program;
use crate::stats::Stats;

const TRACING: &str = "/sys/kernel/tracing";
const GROUP: &str = "isatap_bench";
/// What programs call, and what it is.
const ASKED: [(&str, &str); 5] = [
    ("fib", "bpf_xdp_fib_lookup"),
    ("hash", "__htab_map_lookup_elem"),
    ("trie", "trie_lookup_elem"),
    ("devices", "dev_map_hash_lookup_elem"),
    ("csum_diff", "bpf_csum_diff"),
];
const FRAMES: u32 = 1_000;
/// Four for each line of the cache.
const HOSTS: u32 = 1 << 16;
/// Hosts that send nothing elsewhere, one for each frame.
const STRANGERS: Ipv4Addr = Ipv4Addr::new(10, 200, 0, 0);
const STRANGERS_LEN: u32 = 1 << 10;

/// Counts look-ups for packets that are in the cache, which should ask for none, and for some that
/// should, so that the probes are known to work.
pub fn count(beds: &Beds) -> Result<Vec<Lookups>> {
    let probes = Probes::set()?;
    let bed = &beds.xdp;
    let nics = &bed.nics;
    let servers = Flow::default().with_servers(1 << 20);
    let strangers = Flow::default().of_hosts_from(STRANGERS, STRANGERS_LEN);
    let through = |what: &str, lane: Lane, counter: &str| -> Result<Lookups> {
        let before = Stats::read(bed.daemon()?)?;
        let cold = what.ends_with("not heard from");
        let (sample, first, last) = lane.run_between(cold, FRAMES, &|| probes.hits())?;
        sample.whole()?;
        let counters = Stats::read(bed.daemon()?)?.since(&before).by_name();
        let packets = counters.get(counter).copied().unwrap_or_default();
        ensure!(
            packets >= u64::from(FRAMES),
            "{what}: not all packets were counted as \"{counter}\": {counters:?}"
        );
        Ok(Lookups {
            what: what.to_owned(),
            packets: FRAMES.into(),
            asked: since(&last, &first),
            counters,
        })
    };
    let mut found = vec![
        through("decapsulation, cached", nics.inward()?, "in xdp cached")?,
        through("encapsulation, cached", nics.outward()?, "out xdp cached")?,
        through(
            "decapsulation, the way not cached",
            nics.inward_of(&servers)?,
            "in xdp resolved",
        )?,
        through(
            "decapsulation, by the line of a block",
            nics.inward_of(&Flow::default().of_hosts(HOSTS))?,
            "in xdp cached",
        )?,
        through(
            "decapsulation, the host not heard from",
            nics.inward_of(&strangers)?,
            "in xdp resolved",
        )?,
    ];
    let before = probes.hits()?;
    Program::summing()?.run_once()?;
    found.push(Lookups {
        what: "a program that sums once".to_owned(),
        packets: 1,
        asked: since(&probes.hits()?, &before),
        counters: BTreeMap::new(),
    });
    Ok(found)
}

/// Removed with this value.
struct Probes {
    tracing: PathBuf,
}

impl Probes {
    fn set() -> Result<Self> {
        let tracing = Path::new(TRACING);
        if !tracing.join("kprobe_events").exists() {
            let kind = Some("tracefs");
            mount(kind, tracing, kind, MsFlags::empty(), None::<&str>).context(TRACING)?;
        }
        let probes = Self {
            tracing: tracing.to_owned(),
        };
        for (name, function) in ASKED {
            probes.write("kprobe_events", &format!("p:{GROUP}/{name} {function}"))?;
        }
        probes.write(&format!("events/{GROUP}/enable"), "1")?;
        Ok(probes)
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.tracing.join(file);
        let mut options = fs::OpenOptions::new();
        let mut file = options.append(true).open(&path)?;
        std::io::Write::write_all(&mut file, text.as_bytes())
            .with_context(|| format!("{text} into {}", path.display()))
    }

    /// So far. A probe that missed one would tell too little.
    fn hits(&self) -> Result<BTreeMap<String, u64>> {
        let text = fs::read_to_string(self.tracing.join("kprobe_profile"))?;
        let mut hits = BTreeMap::new();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let name = words.next().context("an empty line")?;
            let [hit, missed] = [words.next(), words.next()];
            ensure!(missed == Some("0"), "a probe missed: {line}");
            hits.insert(name.to_owned(), hit.context("no hits")?.parse()?);
        }
        ensure!(hits.len() == ASKED.len(), "not all probes are there");
        Ok(hits)
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        // The machine ends soon in any case.
        let _ = self.write(&format!("events/{GROUP}/enable"), "0");
        for (name, _) in ASKED {
            let _ = self.write("kprobe_events", &format!("-:{GROUP}/{name}"));
        }
    }
}

fn since(now: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    now.iter()
        .map(|(name, hits)| {
            let before = before.get(name).copied().unwrap_or_default();
            (name.clone(), hits - before)
        })
        .collect()
}
