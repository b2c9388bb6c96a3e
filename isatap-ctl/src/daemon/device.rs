//! The open end of the ISATAP device: where datagrams of the slow path go in, and where packets
//! come out that no program sent.

use std::{io, os::fd::OwnedFd};

use nix::unistd::{read, write};
use tokio::io::unix::AsyncFd;

use crate::kernel::{Error, tun, watched::watch};

/// Longest IPv6 packet without the jumbo option.
const LONGEST: usize = 65_575;

/// The device, held open so that it has a carrier.
pub struct Device {
    tun: AsyncFd<OwnedFd>,
}

impl Device {
    /// Opens the device called `name`, and makes it if there is none.
    pub fn open(name: &str) -> Result<Self, Error> {
        let tun = watch(tun::open(name)?)
            .map_err(|cause| Error::new(format!("wait for packets of {name}"), cause))?;
        Ok(Self { tun })
    }

    /// Hands an IPv6 packet to the stack as received on the device.
    pub fn deliver(&self, packet: &[u8]) -> io::Result<()> {
        write(self.tun.get_ref(), packet)?;
        Ok(())
    }

    /// Waits for a packet that no program sent.
    pub async fn surplus(&self) -> io::Result<Vec<u8>> {
        let mut packet = vec![0; LONGEST];
        loop {
            let mut ready = self.tun.readable().await?;
            if let Ok(length) = ready.try_io(|tun| Ok(read(tun.get_ref(), &mut packet)?)) {
                packet.truncate(length?);
                return Ok(packet);
            }
        }
    }
}
