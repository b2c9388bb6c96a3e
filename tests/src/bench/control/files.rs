//! Configuration files with much in them.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::config::{self, Xdp};
use crate::site::UPLINK;

/// What there is a thousand of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    /// `[[router.prefix]]`: each is an address and a route of the router, and a line of every answer.
    Prefixes,
    /// `[[router.route]]`: each is a line of every answer.
    Routes,
}

impl Many {
    /// In names of timings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prefixes => "prefixes",
            Self::Routes => "routes",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Prefixes => "prefix",
            Self::Routes => "route",
        }
    }
}

/// The router of the site with `count` more of them; `last` is in the last one.
pub fn router(device: &str, many: Many, count: u16, last: u16) -> String {
    let mut file = config::router(device, Xdp::Off);
    for number in 1..=count {
        let number = if number == count { last } else { number };
        // A String takes everything.
        let _ = write!(
            file,
            "\n[[router.{}]]\nprefix = \"2001:db8:1:{number:x}::/64\"\n",
            many.table()
        );
    }
    file
}

/// A host with so many routers.
pub fn host(device: &str, routers: u32) -> String {
    let first = Ipv4Addr::new(10, 64, 0, 1).to_bits();
    let routers = (first..first + routers).map(|bits| format!("\"{}\"", Ipv4Addr::from_bits(bits)));
    let routers = routers.collect::<Vec<_>>().join(", ");
    format!(
        "[interface]\nname = \"{device}\"\nrole = \"host\"\nuplinks = [\"{UPLINK}\"]\n\
         \n[host]\nprl = [{routers}]\n"
    )
}
