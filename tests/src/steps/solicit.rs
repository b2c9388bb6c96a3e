use std::time::Duration;

use anyhow::Context as _;

use crate::config::Xdp;
use crate::interrupt;
use crate::lab::Lab;
use crate::site::UPLINK;
use crate::story::Evidence;

const SOLICITATION: &str = "router solicitation";
const ADVERTISEMENT: &str = "router advertisement";

/// Starts the daemons and watches host a ask and the router answer.
pub fn solicit(lab: &mut Lab, xdp: Xdp) -> Evidence {
    lab.start_router(xdp)?;
    let words = format!("tcpdump -l -n -i {UPLINK} ip proto 41");
    let capture = lab.site.host_a.start(&words, &lab.file("solicit.log"))?;
    interrupt::poll(Duration::from_secs(30), || {
        Ok(capture.printed().contains("listening on").then_some(()))
    })?
    .context("tcpdump does not start")?;
    lab.start_host_a()?;
    lab.start_host_b()?;
    let seen = interrupt::poll(Duration::from_secs(30), || {
        let printed = capture.printed();
        let line = |what| {
            printed
                .lines()
                .find(|line| line.contains(what))
                .map(String::from)
        };
        Ok(line(SOLICITATION).zip(line(ADVERTISEMENT)))
    })?;
    let (asked, answered) =
        seen.with_context(|| format!("host a's uplink showed only:\n{}", capture.printed()))?;
    Ok(vec![asked, answered])
}
