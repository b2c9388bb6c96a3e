//! Taking everything back that `run` made, and nothing else.

use std::{fs, io, path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use tracing::warn;

use super::parting;
use crate::{
    control::socket_path,
    datapath::Hook,
    kernel::{Netlink, bpffs, lock::Lock, tun},
};

/// `isatap-ctl down`: refuses while the daemon runs, tells the hosts that rely on this router, and is
/// content with nothing to do.
pub async fn run(interface: &str) -> Result<ExitCode> {
    // Held to the end, so that no daemon starts meanwhile.
    let _lock = Lock::acquire(interface).context("stop the daemon first")?;
    match parting::say_farewell(interface).await {
        Ok((0, 0)) => {}
        Ok((told, 0)) => println!("hosts told that this is no router any more: {told}"),
        Ok((told, untold)) => warn!("only {told} hosts were told, and {untold} not"),
        Err(error) => warn!("hosts are not told that this is no router any more: {error:#}"),
    }
    remove(interface).await?;
    // A daemon that was killed leaves its socket.
    let _ = fs::remove_file(socket_path(interface));
    Ok(ExitCode::SUCCESS)
}

/// Detaches the programs, deletes the device, whose addresses and routes go with it, and removes
/// the pins. Each is tried although another fails.
pub async fn remove(interface: &str) -> Result<()> {
    let directory = bpffs::interface_directory(interface);
    let is_ours = directory.exists();
    let mut errors = Vec::new();
    if is_ours {
        errors.extend(detach(&directory).await);
        errors.extend(delete_device(interface).await.err());
        errors.extend(remove_tree(&directory).err());
        // Others may have theirs beside it.
        if let Some(parent) = directory.parent() {
            let _ = fs::remove_dir(parent);
        }
    }
    match errors
        .into_iter()
        .reduce(|all, next| all.context(format!("{next:#}")))
    {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

/// Detaches the programs of every layout. Pins would go with their directory; filters would not.
async fn detach(directory: &Path) -> Vec<anyhow::Error> {
    let netlink = match Netlink::connect() {
        Ok(netlink) => netlink,
        Err(error) => return vec![error.into()],
    };
    let mut errors = Vec::new();
    for layout in fs::read_dir(directory).into_iter().flatten().flatten() {
        let hooks = Hook::pinned(&layout.path()).unwrap_or_default();
        for hook in hooks.into_keys() {
            let detached = hook.detach(&layout.path(), &netlink).await;
            errors.extend(detached.err().map(anyhow::Error::from));
        }
    }
    errors
}

async fn delete_device(interface: &str) -> Result<()> {
    tun::delete(&Netlink::connect()?, interface).await?;
    Ok(())
}

fn remove_tree(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}
