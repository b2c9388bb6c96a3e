//! The rtnetlink connection: one request at a time, either a change or a consistent dump.

use std::io;

use futures_util::StreamExt;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
    NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use rtnetlink::sys::AsyncSocket;
use rtnetlink::{Handle, new_connection_with_strict_check};

use super::Error;
use super::error::Explained;

/// How often a dump that a concurrent change made inconsistent is read again.
const DUMP_TRIES: u32 = 16;
/// Length of the netlink header that precedes the attributes of a failure report.
const HEADER_LEN: usize = 16;
/// Attribute of a failure report that holds the kernel's explanation.
const NLMSGERR_ATTR_MSG: u16 = 1;

/// A connection to rtnetlink in the network namespace of the thread that opened it.
#[derive(Clone, Debug)]
pub struct Netlink {
    handle: Handle,
}

impl Netlink {
    /// Connects. The reader task runs on the current tokio runtime and ends with the last clone.
    pub fn connect() -> Result<Self, Error> {
        let (mut connection, handle, _unsolicited) = new_connection_with_strict_check()
            .map_err(|cause| Error::new("open an rtnetlink socket", cause))?;
        connection.set_forward_done(true);
        let socket = connection.socket_mut().socket_mut();
        // Explanations are a courtesy of the kernel; without them error numbers remain.
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        tokio::spawn(connection);
        Ok(Self { handle })
    }

    /// Sends a change and waits for the kernel's answer; `doing` names it in the error.
    pub(super) async fn change(
        &self,
        doing: impl Fn() -> String,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<(), Error> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let exchange = async {
            let mut answers = self.handle.clone().request(request).map_err(closed)?;
            while let Some(answer) = answers.next().await {
                failure(&answer.payload)?;
            }
            Ok(())
        };
        exchange
            .await
            .map_err(|cause: io::Error| Error::new(doing(), cause))
    }

    /// Reads everything that `message` asks for, again if it changed meanwhile.
    pub(super) async fn dump(
        &self,
        doing: &str,
        message: RouteNetlinkMessage,
    ) -> Result<Vec<RouteNetlinkMessage>, Error> {
        for _ in 0..DUMP_TRIES {
            let snapshot = self.dump_once(message.clone()).await;
            if let Some(items) = snapshot.map_err(|cause| Error::new(doing, cause))? {
                return Ok(items);
            }
        }
        Err(Error::new(doing, Errno::EINTR))
    }

    /// One dump, or `None` if the kernel says that it is not a snapshot.
    async fn dump_once(
        &self,
        message: RouteNetlinkMessage,
    ) -> io::Result<Option<Vec<RouteNetlinkMessage>>> {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut answers = self.handle.clone().request(request).map_err(closed)?;
        let (mut items, mut consistent) = (Vec::new(), true);
        while let Some(answer) = answers.next().await {
            consistent &= answer.header.flags & NLM_F_DUMP_INTR == 0;
            failure(&answer.payload)?;
            if let NetlinkPayload::InnerMessage(item) = answer.payload {
                items.push(item);
            }
        }
        Ok(consistent.then_some(items))
    }
}

/// The connection task has ended.
fn closed(_: rtnetlink::Error) -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the rtnetlink socket closed")
}

/// The error that an answer reports, if it reports one.
fn failure(payload: &NetlinkPayload<RouteNetlinkMessage>) -> io::Result<()> {
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
