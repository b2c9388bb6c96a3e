//! ICMPv6 errors that this node owes, as many a second as it may send (RFC 4443 section 2.4 (f)).

use isatap_common::{icmp::Icmpv6Error, path::Reason};
use tracing::debug;

use crate::{
    clock::Boottime,
    kernel::{Error, sockets::ErrorSocket},
    nd::Bucket,
};

/// Sends them.
pub struct Errors {
    socket: ErrorSocket,
    bucket: Bucket,
    rate: u32,
}

impl Errors {
    /// At most `rate` a second.
    pub fn new(rate: u32) -> Result<Self, Error> {
        Ok(Self {
            socket: ErrorSocket::open()?,
            bucket: Bucket::new(rate),
            rate,
        })
    }

    /// Takes another rate.
    pub fn set_rate(&mut self, rate: u32) {
        if self.rate != rate {
            self.bucket = Bucket::new(rate);
            self.rate = rate;
        }
    }

    /// Tells the source of the IPv6 packet `about`, which a link-local one is on interface `index`.
    /// If it does not hear, why.
    pub fn tell(
        &mut self,
        now: Boottime,
        error: Icmpv6Error,
        about: &[u8],
        index: u32,
    ) -> Result<(), Reason> {
        let (source, message) = error.about(about).ok_or(Reason::Unanswerable)?;
        if !self.bucket.take(now, 1) {
            return Err(Reason::IcmpLimited);
        }
        self.socket.send(source, index, &message).map_err(|cause| {
            debug!("an ICMPv6 error to {source}: {cause}");
            Reason::Failed
        })
    }
}
