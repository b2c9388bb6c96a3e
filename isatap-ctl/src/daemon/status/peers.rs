use super::left;
use crate::{
    clock::Boottime,
    control::{DifferenceStatus, PeerState, PeerStatus},
    nd::watch::{self, Watch},
};

/// The other routers of the site.
pub(super) fn peers(watch: &Watch, now: Boottime) -> Vec<PeerStatus> {
    watch.peers(now).map(|peer| status(peer, now)).collect()
}

fn status(peer: watch::PeerState, now: Boottime) -> PeerStatus {
    let router = peer.router;
    let differences = peer.differences.into_iter();
    PeerStatus {
        ipv4: router.router,
        state: match router.last_advertised {
            _ if router.silent => PeerState::Silent,
            Some(_) => PeerState::Answers,
            None => PeerState::Asked,
        },
        last_ra_seconds: router.last_advertised.map(|at| left(now, at)),
        lifetime_left: router.lifetime_end.map(|end| left(end, now)),
        solicited: peer.solicited,
        advertised: peer.advertised,
        differences: differences
            .map(|(item, values)| DifferenceStatus {
                item: item.to_string(),
                ours: values.ours,
                theirs: values.theirs,
            })
            .collect(),
    }
}
