//! What a case is.

use anyhow::Result;

use super::cases;
use super::scene::Scene;
use crate::site::Numbering;

/// One encounter with a peer.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The implementation on the other side.
    pub peer: &'static str,
    /// What is shown.
    pub title: &'static str,
    /// The addresses of the site.
    pub numbering: Numbering,
    /// Whether the guest's clock must count instructions: to compare such counts, or to wait longer
    /// than anybody wants to.
    pub on_counting_clock: bool,
    /// Whether it is about the kernel itself, so that no other kernel stands for it.
    pub on_each_kernel: bool,
    /// Plays it.
    pub run: fn(&mut Scene) -> Result<()>,
}

impl Case {
    /// In the usual site.
    pub const fn new(
        name: &'static str,
        peer: &'static str,
        title: &'static str,
        run: fn(&mut Scene) -> Result<()>,
    ) -> Self {
        Self {
            name,
            peer,
            title,
            numbering: Numbering::PRIVATE,
            on_counting_clock: false,
            on_each_kernel: false,
            run,
        }
    }

    /// In a site of other addresses.
    #[must_use]
    pub const fn numbered(self, numbering: Numbering) -> Self {
        Self { numbering, ..self }
    }

    /// Needs a clock that counts instructions.
    #[must_use]
    pub const fn on_counting_clock(self) -> Self {
        Self {
            on_counting_clock: true,
            ..self
        }
    }

    /// About the kernel itself.
    #[must_use]
    pub const fn on_each_kernel(self) -> Self {
        Self {
            on_each_kernel: true,
            ..self
        }
    }

    /// All of them, in the order of the document.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        cases::ALL.iter().flat_map(|group| group.iter())
    }
}
