//! Programs as clsact filters, where the kernel has no TCX (before Linux 6.6).
//!
//! A filter stays by itself when the process ends, so there is no link to pin. An empty directory
//! beside the pins says that it is there, and another that the qdisc under it is ours.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use aya::programs::{
    ProgramError, SchedClassifier, TcAttachType,
    tc::{
        NlOptions, SchedClassifierLink, SchedClassifierLinkId, TcAttachOptions, TcHandle,
        qdisc_add_clsact,
    },
};

use super::{DatapathError, Hook};
use crate::kernel::{self, Netlink, clsact::Side};

/// Error of an attempt to attach.
type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Puts `program` in front of the NIC called `name`. A filter of an earlier process is replaced
/// in place, so no packet misses the program.
pub(super) fn attach(
    program: &mut SchedClassifier,
    hook: Hook,
    name: &str,
    directory: &Path,
) -> Result<(), Refusal> {
    let handle = TcHandle::from(handle(directory)?);
    if qdisc_add_clsact(name).is_ok() {
        mark(&qdisc_mark(hook, directory))?;
    }
    // Before the filter, which is then never without.
    mark(&filter_mark(hook, directory))?;
    let attached = replace(program, hook, name, handle).or_else(|_| {
        let options = NlOptions {
            priority: priority(hook),
            handle,
            ..NlOptions::default()
        };
        program.attach_with_options(name, side(hook), TcAttachOptions::Netlink(options))
    });
    match attached {
        Ok(id) => {
            // Dropping the link would remove the filter.
            std::mem::forget(program.take_link(id)?);
            Ok(())
        }
        Err(error) => {
            unmark(&filter_mark(hook, directory))?;
            Err(error.into())
        }
    }
}

/// Fails where there is no filter of ours.
fn replace(
    program: &mut SchedClassifier,
    hook: Hook,
    name: &str,
    handle: TcHandle,
) -> Result<SchedClassifierLinkId, ProgramError> {
    let link = SchedClassifierLink::attached(name, side(hook), priority(hook), handle, None)?;
    program.attach_to_link(link)
}

/// Removes the hook's filter, and the qdisc if it is ours and nobody else has a filter in it.
pub(super) async fn detach(
    hook: Hook,
    directory: &Path,
    netlink: &Netlink,
) -> Result<(), DatapathError> {
    let (filter, qdisc) = (filter_mark(hook, directory), qdisc_mark(hook, directory));
    if filter.exists() {
        let handle = handle(directory).map_err(|error| pin_error(directory, &error))?;
        let side = match hook {
            Hook::Out(_) => Side::Egress,
            _ => Side::Ingress,
        };
        let removed = netlink.remove_filter(hook.index(), side, priority(hook), handle);
        removed.await.map_err(|error| detach_error(hook, &error))?;
    }
    unmark(&filter).map_err(|error| pin_error(&filter, &error))?;
    if qdisc.exists() {
        let removed = netlink.remove_idle_clsact(hook.index());
        if removed.await.map_err(|error| detach_error(hook, &error))? {
            unmark(&qdisc).map_err(|error| pin_error(&qdisc, &error))?;
        }
    }
    Ok(())
}

/// The hook whose filter `name` marks.
pub(super) fn from_mark(name: &str) -> Option<Hook> {
    let (kind, index) = name.strip_prefix("filter_")?.rsplit_once('_')?;
    let index = index.parse().ok()?;
    match kind {
        "out" => Some(Hook::Out(index)),
        "in" => Some(Hook::In(index)),
        "forward" => Some(Hook::Forward(index)),
        _ => None,
    }
}

fn filter_mark(hook: Hook, directory: &Path) -> PathBuf {
    let kind = match hook {
        Hook::Out(_) => "out",
        Hook::Forward(_) => "forward",
        _ => "in",
    };
    directory.join(format!("filter_{kind}_{}", hook.index()))
}

fn qdisc_mark(hook: Hook, directory: &Path) -> PathBuf {
    directory.join(format!("clsact_{}", hook.index()))
}

/// Tells our filters from those of another instance on the same NIC: the number of the directory,
/// which a restart does not change.
fn handle(directory: &Path) -> io::Result<u32> {
    Ok(fs::metadata(directory)?.ino() as u32)
}

/// Priority of our filters among those of others; what forwards comes before what delivers.
const fn priority(hook: Hook) -> u16 {
    match hook {
        Hook::Forward(_) => 40,
        _ => 41,
    }
}

const fn side(hook: Hook) -> TcAttachType {
    match hook {
        Hook::Out(_) => TcAttachType::Egress,
        _ => TcAttachType::Ingress,
    }
}

fn mark(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn unmark(path: &Path) -> io::Result<()> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn pin_error(path: &Path, error: &io::Error) -> DatapathError {
    DatapathError::Pin {
        path: path.to_owned(),
        error: error.to_string(),
    }
}

fn detach_error(hook: Hook, error: &kernel::Error) -> DatapathError {
    DatapathError::Detach {
        program: hook.program(),
        error: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_hook() {
        for hook in [Hook::In(3), Hook::Out(17), Hook::Forward(3)] {
            let mark = filter_mark(hook, Path::new("/"));
            let name = mark.file_name().and_then(|name| name.to_str());
            assert_eq!(name.and_then(from_mark), Some(hook));
        }
        let qdisc = qdisc_mark(Hook::In(3), Path::new("/"));
        let name = qdisc.file_name().and_then(|name| name.to_str());
        assert_eq!(name.and_then(from_mark), None);
    }
}
