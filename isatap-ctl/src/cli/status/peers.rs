use anyhow::Result;

use super::text::heading;
use crate::cli::columns::Columns;
use crate::cli::{Output, words};
use crate::control::{PeerState, PeerStatus};

/// Other routers of the site, and where they contradict this one.
pub(super) fn print(peers: &[PeerStatus], output: &mut Output<'_>) -> Result<()> {
    heading("peers", output)?;
    let mut columns = Columns::new(["router", "state", "last ra", "lifetime", "differences"]);
    for peer in peers {
        columns.row([
            peer.ipv4.to_string(),
            state(peer.state).to_owned(),
            words::seconds(peer.last_ra_seconds),
            words::seconds(peer.lifetime_left),
            peer.differences.len().to_string(),
        ]);
    }
    columns.print(output.to, output.style)?;
    if peers.iter().any(|peer| !peer.differences.is_empty()) {
        differences(peers, output)?;
    }
    Ok(())
}

const fn state(state: PeerState) -> &'static str {
    match state {
        PeerState::Asked => "asked",
        PeerState::Answers => "answers",
        PeerState::Silent => "silent",
    }
}

fn differences(peers: &[PeerStatus], output: &mut Output<'_>) -> Result<()> {
    heading("advertised differently", output)?;
    let mut columns = Columns::new(["router", "item", "theirs", "ours"]);
    for peer in peers {
        for difference in &peer.differences {
            columns.row([
                peer.ipv4.to_string(),
                difference.item.clone(),
                difference.theirs.clone(),
                difference.ours.clone(),
            ]);
        }
    }
    columns.print(output.to, output.style)?;
    Ok(())
}
