//! Solicitations that must be answered, once each; when the router ends, it says so three times.

use anyhow::Result;

use super::advertisement::{advertisement, farewell};
use super::conversation::{Conversation, Line};
use super::ends::{Ends, LOCAL, TEN, UNIQUE};
use super::frame::Frame;
use super::frames;
use crate::interop::scene::Scene;

pub fn windows_xp(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::WINDOWS_XP, TEN)
}

pub fn windows_vista(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::WINDOWS_VISTA, TEN)
}

pub fn kame_rtsold(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::KAME_RTSOLD, LOCAL)
}

pub fn isatapd(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::ISATAPD, LOCAL)
}

/// By our table no address of 198.51.100.0/24 is globally unique; the answer has the form asked all
/// the same.
pub fn rfc5214(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::RFC_5214, LOCAL)?;
    answered(scene, frames::RFC_5214_UNIQUE, UNIQUE)
}

pub fn old_draft(scene: &mut Scene) -> Result<()> {
    answered(scene, frames::OLD_DRAFT, LOCAL)
}

fn answered(scene: &mut Scene, frame: Frame, ends: Ends<'_>) -> Result<()> {
    let last = Line::Router(farewell(&ends));
    let lines = [
        Line::Host(frame),
        Line::Router(advertisement(&ends)),
        last.clone(),
        last.clone(),
        last,
    ];
    Conversation::prepare(scene, &lines)?.play()
}
