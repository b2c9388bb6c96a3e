//! `[[datapath.six-rd]]`: prefixes of 6rd tunnels in the same IPv4 network.

use ipnet::Ipv4Net;

use super::schema::Table;
use super::settings::SixRd;
use super::{prefix, value};

/// Reads every prefix of `[datapath]`.
pub(super) fn read(datapath: &Table<'_>) -> Vec<SixRd> {
    let mut list: Vec<SixRd> = Vec::new();
    for table in datapath.sections("six-rd") {
        let prefix = table.require("prefix", prefix::on_link);
        let ipv4_prefix = table.read("ipv4-prefix", value::ipv4_prefix);
        if let Some(prefix) = prefix {
            let six_rd = SixRd {
                prefix,
                ipv4_prefix: ipv4_prefix.unwrap_or_default(),
            };
            refuse_long(&table, six_rd);
            refuse_twice(&table, six_rd, &list);
            list.push(six_rd);
        }
        table.refuse_unknown();
    }
    list
}

fn refuse_long(table: &Table<'_>, six_rd: SixRd) {
    let length = six_rd.delegated_length();
    if length > 64 {
        let path = table.path_of("prefix");
        let message = format!(
            "{path}: \"{}\" and the bits of an IPv4 address behind \"{}\" are {length} bits, \
             expected 64 at most (RFC 5969 section 4)",
            six_rd.prefix, six_rd.ipv4_prefix
        );
        table.wrong("prefix", message);
    }
}

fn refuse_twice(table: &Table<'_>, six_rd: SixRd, list: &[SixRd]) {
    if list.iter().any(|other| other.prefix == six_rd.prefix) {
        let path = table.path_of("prefix");
        let message = format!("{path}: \"{}\" is there twice", six_rd.prefix);
        table.wrong("prefix", message);
    }
}

impl SixRd {
    /// Bits of the prefix that a node with an IPv4 address has (RFC 5969 section 4).
    pub fn delegated_length(&self) -> u8 {
        self.prefix.prefix_len()
            + (Ipv4Net::default().max_prefix_len() - self.ipv4_prefix.prefix_len())
    }
}
