//! The rtnetlink connection: changes, many in one message, and consistent dumps.

mod answer;
mod changes;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use rtnetlink::sys::AsyncSocket;
use rtnetlink::{Handle, new_connection_with_strict_check};

use super::Error;
use answer::failure;
pub use changes::Change;
use changes::Changer;

/// How often a dump that a concurrent change made inconsistent is read again.
const DUMP_TRIES: u32 = 16;

/// Connections to rtnetlink in the network namespace of the thread that opened them.
#[derive(Clone, Debug)]
pub struct Netlink {
    handle: Handle,
    changer: Arc<Changer>,
}

impl Netlink {
    /// Connects. The reader task runs on the current tokio runtime and ends with the last clone.
    pub fn connect() -> Result<Self, Error> {
        let failed = |cause| Error::new("open an rtnetlink socket", cause);
        let changer = Changer::open().map_err(failed)?;
        let (mut connection, handle, _unsolicited) =
            new_connection_with_strict_check().map_err(failed)?;
        connection.set_forward_done(true);
        let socket = connection.socket_mut().socket_mut();
        // Explanations are a courtesy of the kernel; without them error numbers remain.
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        tokio::spawn(connection);
        Ok(Self {
            handle,
            changer: Arc::new(changer),
        })
    }

    /// Makes a change.
    pub async fn change(&self, change: Change) -> Result<(), Error> {
        let mut outcomes = self.change_all(vec![change]).await;
        outcomes.pop().unwrap_or(Ok(()))
    }

    /// Makes changes in their order, and says of each how that went; one that fails keeps none of
    /// the others from being tried. Other tasks run in between.
    pub async fn change_all(&self, changes: Vec<Change>) -> Vec<Result<(), Error>> {
        let mut outcomes = Vec::with_capacity(changes.len());
        for together in changes.chunks(changes::TOGETHER) {
            if !outcomes.is_empty() {
                tokio::task::yield_now().await;
            }
            outcomes.extend(self.changer.make(together));
        }
        outcomes
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
