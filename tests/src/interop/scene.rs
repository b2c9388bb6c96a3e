//! Where a case is played: the site, the daemons' files, the captures, and what was seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::capture::Capture;
use super::case::Case;
use super::outcome::{Captured, Comparison, Played};
use crate::daemon::Daemon;
use crate::names::Names;
use crate::ns::Inside;
use crate::pins::Pins;
use crate::site::Site;

/// One case under way.
#[derive(Debug)]
pub struct Scene {
    captures: Vec<Capture>,
    captured: Vec<Captured>,
    /// The namespaces.
    pub site: Site,
    /// What devices and namespaces are called.
    pub names: Names,
    program: PathBuf,
    directory: PathBuf,
    notes: Vec<String>,
    comparison: Option<Comparison>,
    costs: BTreeMap<String, u64>,
    _pins: Pins,
}

impl Scene {
    /// An empty site; files go into `directory`.
    pub fn set(case: &Case, program: &Path, directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        let names = Names::unique();
        Ok(Self {
            captures: Vec::new(),
            captured: Vec::new(),
            _pins: Pins::prepare(names.devices())?,
            site: Site::numbered(&names, case.numbering)?,
            names,
            program: program.to_owned(),
            directory: directory.to_owned(),
            notes: Vec::new(),
            comparison: None,
            costs: BTreeMap::new(),
        })
    }

    /// Starts `isatap-ctl run` with a configuration and waits until packets can flow.
    pub fn start(&self, inside: &Inside, device: &str, config: &str) -> Result<Daemon> {
        Daemon::start(&self.program, inside, device, config, &self.directory)
    }

    /// The controller.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Captures on a device from now to the end of the case or of all captures.
    pub fn capture(&mut self, inside: &Inside, device: &str) -> Result<&mut Capture> {
        let number = self.captured.len() + self.captures.len() + 1;
        let capture = Capture::start(inside, device, &self.directory, number)?;
        self.captures.push(capture);
        self.last_capture()
    }

    /// The capture that was started last, to expect more of it.
    pub fn last_capture(&mut self) -> Result<&mut Capture> {
        self.captures.last_mut().context("nothing is captured")
    }

    /// Captures what passes the core on its way to and from the router: the IPv4 site as an
    /// outsider sees it.
    pub fn capture_at_router(&mut self) -> Result<&mut Capture> {
        let core = (*self.site.core).clone();
        self.capture(&core, "to-router")
    }

    /// Ends the captures under way: what follows is another matter, or must not bear their cost.
    pub fn end_captures(&mut self) -> Result<()> {
        for capture in std::mem::take(&mut self.captures) {
            self.captured.push(capture.finish()?);
        }
        Ok(())
    }

    /// A file of this case, which the results keep.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file of this case.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.file(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Keeps a line of what was seen.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Keeps what happens to the other implementation and to ours.
    pub fn compare(&mut self, incumbent: impl Into<String>, ours: impl Into<String>) {
        self.comparison = Some(Comparison {
            incumbent: incumbent.into(),
            ours: ours.into(),
        });
    }

    /// Keeps what packets cost.
    pub fn costs(&mut self, costs: BTreeMap<String, u64>) {
        self.costs.extend(costs);
    }

    /// Ends captures and namespaces.
    pub fn end(mut self, played: &mut Played) -> Result<()> {
        played.notes = std::mem::take(&mut self.notes);
        played.comparison = self.comparison.take();
        played.costs = std::mem::take(&mut self.costs);
        let ended = self.end_captures();
        played.captures = std::mem::take(&mut self.captured);
        ended
    }
}
