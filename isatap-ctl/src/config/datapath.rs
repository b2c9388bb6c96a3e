use isatap_common::abi::PEERS_LEN;
use toml::de::DeValue;

use super::schema::{Table, Wrong};
use super::settings::{Datapath, TcMode, XdpMode};
use super::{six_rd, value};

const XDP: [(&str, XdpMode); 4] = [
    ("auto", XdpMode::Auto),
    ("native", XdpMode::Native),
    ("generic", XdpMode::Generic),
    ("off", XdpMode::Off),
];

const TC: [(&str, TcMode); 2] = [("stack", TcMode::Stack), ("forward", TcMode::Forward)];

/// Reads `[datapath]`.
pub(super) fn read(table: &Table<'_>) -> Datapath {
    let datapath = Datapath {
        xdp: table
            .read("xdp", value::word(&XDP))
            .unwrap_or(XdpMode::Auto),
        tc: table.read("tc", value::word(&TC)).unwrap_or(TcMode::Stack),
        known_ipv4: table
            .list("known-ipv4", value::ipv4_prefix)
            .unwrap_or_default(),
        six_rd: six_rd::read(table),
        hairpin: table.read("hairpin", value::switch).unwrap_or(true),
        drop_nested: table
            .read("nested", value::word(&[("pass", false), ("drop", true)]))
            .unwrap_or(false),
        icmp_rate: table.read("icmp-rate", rate()).unwrap_or(100),
        neighbor_check: table.read("neighbor-check", value::switch).unwrap_or(true),
        unknown_rate: table.read("unknown-rate", rate()).unwrap_or(50),
        hosts: table
            .read("hosts", value::number(1024..=4_194_304))
            .unwrap_or(PEERS_LEN),
    };
    table.refuse_unknown();
    datapath
}

/// So many a second.
fn rate() -> impl Fn(&DeValue<'_>) -> Result<u32, Wrong> {
    value::number(1..=1_000_000)
}
