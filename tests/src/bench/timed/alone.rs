//! The program without anything around it: one frame, over and over.
//!
//! A program of ours restores the frame and goes on in the program that the daemon attached, or in
//! one that moves the beginning of the frame and no more. What the first takes longer than the
//! second is the tunnel.

use anyhow::{Context as _, Result, ensure};

use super::frames::Beds;
use super::outcome::{Outcome, Part};
use super::way::{Label, Taken};
use crate::bench::bed::Bed;
use crate::bench::device::Device;
use crate::bench::lane::Lane;
use crate::bench::stateless::Stateless;
use crate::bpf::map::Map;
use crate::bpf::{Moved, Program};
use crate::links;
use crate::stats::Stats;

/// Enough for a nanosecond.
const TIMES: u32 = 1_000_000;
const XDP_REDIRECT: u32 = 4;

/// One program behind the one that restores the frame.
pub struct Repeated<'bed> {
    label: Label,
    lane: Lane,
    program: Program,
    /// A map of programs is emptied once only programs hold it.
    _behind: Map,
    bed: &'bed Bed,
}

/// Both directions, each with its control and with the least that a tunnel can do.
pub fn all<'bed>(beds: &'bed Beds<'_>) -> Result<Vec<Repeated<'bed>>> {
    let bed = &beds.ours;
    let ours = |nic: &Device| Map::program(&attached(bed, nic.ifindex)?);
    let least = Stateless::load(beds.stateless, &beds.bare)?;
    let nics = &bed.nics;
    let (inward, outward) = (nics.inward()?, nics.outward()?);
    let moving = |moved, to: &Device| {
        let devices = to.inside.enter(|| Map::device(to.ifindex))?;
        Map::program(&Program::move_only(moved, &devices)?)
    };
    let (move_in, move_out) = ("move-in", "move-out");
    let (taken, added) = (
        "header taken away and redirect",
        "header added and redirect",
    );
    let (decap, encap) = ("ours, decapsulation", "ours, encapsulation");
    [
        (
            move_in,
            taken,
            move_in,
            &inward,
            Moved::Inward,
            moving(Moved::Inward, &nics.native)?,
        ),
        (
            "decap",
            decap,
            move_in,
            &inward,
            Moved::Inward,
            ours(&nics.uplink)?,
        ),
        (
            "stateless-in",
            "stateless in C, decapsulation",
            move_in,
            &inward,
            Moved::Inward,
            Map::program(&least.inward)?,
        ),
        (
            move_out,
            added,
            move_out,
            &outward,
            Moved::Outward,
            moving(Moved::Outward, &nics.uplink)?,
        ),
        (
            "encap",
            encap,
            move_out,
            &outward,
            Moved::Outward,
            ours(&nics.native)?,
        ),
        (
            "stateless-out",
            "stateless in C, encapsulation",
            move_out,
            &outward,
            Moved::Outward,
            Map::program(&least.outward)?,
        ),
    ]
    .into_iter()
    .map(|(name, title, control, lane, moved, behind)| {
        Ok(Repeated {
            label: Label {
                part: Part::Alone,
                name,
                title,
                control,
                at: 0,
            },
            lane: lane.clone(),
            program: Program::again(&lane.frame, moved, &behind)?,
            _behind: behind,
            bed,
        })
    })
    .collect()
}

/// The XDP program that the daemon attached to a NIC.
fn attached(bed: &Bed, ifindex: u32) -> Result<Program> {
    let links = links::of(bed.daemon()?.device())?;
    let name = format!("link_xdp_{ifindex}");
    let link = links.iter().find(|link| link.name == name);
    let link = link.with_context(|| format!("no {name} in {links:?}"))?;
    Program::of(u32::try_from(link.program)?)
}

impl Repeated<'_> {
    /// Runs it and tells what a run took.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub fn measure(&self, outcome: &mut Outcome) -> Result<()> {
        let before = Stats::read(self.bed.daemon()?)?;
        let Lane { router, frame, .. } = &self.lane;
        let run = || self.program.repeat(frame, router.ifindex, TIMES);
        let (took, returned) = router.inside.enter(run)?;
        let counted = Stats::read(self.bed.daemon()?)?.since(&before);
        ensure!(
            returned == XDP_REDIRECT,
            "{}: action {returned}",
            self.label.name
        );
        let case = self.label.tell(took as f64, outcome)?;
        case.count(Taken::of(Vec::new(), &counted));
        Ok(())
    }
}
