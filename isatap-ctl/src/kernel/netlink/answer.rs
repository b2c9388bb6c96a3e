//! What the kernel answers to a request.

use std::io;

use netlink_packet_core::{NetlinkPayload, NlasIterator};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;

use super::super::error::Explained;

/// Length of the netlink header that precedes the attributes of a failure report.
const HEADER_LEN: usize = 16;
/// Attribute of a failure report that holds the kernel's explanation.
const NLMSGERR_ATTR_MSG: u16 = 1;

/// The error that an answer reports, if it reports one.
pub(super) fn failure(payload: &NetlinkPayload<RouteNetlinkMessage>) -> io::Result<()> {
    match payload {
        NetlinkPayload::Error(error) => {
            let attributes = error.header.get(HEADER_LEN..).unwrap_or_default();
            explain(error.raw_code(), attributes)
        }
        NetlinkPayload::Done(done) => explain(done.code, &done.extended_ack),
        NetlinkPayload::Overrun(_) => Err(Errno::ENOBUFS.into()),
        _ => Ok(()),
    }
}

/// Turns a negative error number and the attributes behind it into an error.
fn explain(code: i32, attributes: &[u8]) -> io::Result<()> {
    if code >= 0 {
        return Ok(());
    }
    let errno = Errno::from_raw(code.saturating_neg());
    let explanation = NlasIterator::new(attributes)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NLMSGERR_ATTR_MSG)
        .map(|attribute| String::from_utf8_lossy(attribute.value()).into_owned());
    match explanation {
        Some(text) => Err(Explained {
            errno,
            explanation: text.trim_end_matches('\0').to_owned(),
        }
        .into()),
        None => Err(errno.into()),
    }
}
