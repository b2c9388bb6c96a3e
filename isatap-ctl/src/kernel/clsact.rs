//! The clsact queueing discipline, which holds filters on both sides of a device.

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{TcHandle, TcHeader, TcMessage};
use nix::errno::Errno;

use super::{Change, Error, Netlink};

/// The handle that the discipline always has.
const HANDLE: TcHandle = TcHandle {
    major: u16::MAX,
    minor: 0,
};
/// Octets of `ETH_P_ALL` in network order, as a filter's protocol.
const EVERY_PROTOCOL: u32 = 0x0003_u16.to_be() as u32;

/// A side of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What comes in.
    Ingress,
    /// What goes out.
    Egress,
}

impl Side {
    const fn parent(self) -> TcHandle {
        let minor = match self {
            Self::Ingress => TcHandle::MIN_INGRESS,
            Self::Egress => TcHandle::MIN_EGRESS,
        };
        TcHandle {
            major: u16::MAX,
            minor,
        }
    }
}

impl Netlink {
    /// Removes the discipline, unless there is a filter on either side. That it, or the device, is
    /// gone is as good. Returns whether there is none any more.
    pub async fn remove_idle_clsact(&self, index: u32) -> Result<bool, Error> {
        for side in [Side::Ingress, Side::Egress] {
            if self.has_filters(index, side).await? {
                return Ok(false);
            }
        }
        let removed = self.change(Change::new(
            format!("remove the clsact qdisc of interface {index}"),
            RouteNetlinkMessage::DelQueueDiscipline(message(index, TcHandle::CLSACT, HANDLE)),
            0,
        ));
        unless_gone(removed.await).map(|()| true)
    }

    /// Removes the filter of `priority` and `handle`. That it, or the device, is gone is as good.
    pub async fn remove_filter(
        &self,
        index: u32,
        side: Side,
        priority: u16,
        handle: u32,
    ) -> Result<(), Error> {
        let mut message = message(index, side.parent(), handle.into());
        message.header.info = u32::from(priority) << 16 | EVERY_PROTOCOL;
        let removed = self.change(Change::new(
            format!("remove the filter of interface {index}"),
            RouteNetlinkMessage::DelTrafficFilter(message),
            0,
        ));
        unless_gone(removed.await)
    }

    /// Whether somebody has a filter there: filters are in chains, and an empty chain is none.
    async fn has_filters(&self, index: u32, side: Side) -> Result<bool, Error> {
        let message = message(index, side.parent(), TcHandle::UNSPEC);
        let request = RouteNetlinkMessage::GetTrafficChain(message);
        let chains = self.dump("list the filter chains", request).await?;
        Ok(!chains.is_empty())
    }
}

fn message(index: u32, parent: TcHandle, handle: TcHandle) -> TcMessage {
    let header = TcHeader {
        index: index.cast_signed(),
        parent,
        handle,
        ..TcHeader::default()
    };
    TcMessage::from_parts(header, Vec::new())
}

/// The kernel answers that a filter is not found, that its discipline is none, or that there is no
/// such device.
fn unless_gone(removed: Result<(), Error>) -> Result<(), Error> {
    match removed {
        Err(error)
            if matches!(
                error.errno(),
                Some(Errno::ENOENT | Errno::EINVAL | Errno::ENODEV)
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}
