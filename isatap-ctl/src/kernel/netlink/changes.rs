//! Changes, sent many in one message.
//!
//! The kernel carries out all requests of a message, in their order, before it takes the next one
//! from the socket: a thousand addresses need sixteen system calls to send and as many to receive,
//! not two thousand. Every failure is answered with the number of its request; of those that went
//! well only the last one is.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use nix::libc;
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::answer::failure;
use crate::kernel::Error;

/// Changes in one message: the answers fit into the receive buffer if all of them fail, and the
/// event loop stands still for two or three milliseconds.
pub(super) const TOGETHER: usize = 64;
/// Room for a message of answers, of which the kernel sends each by itself.
const ANSWER: usize = 8192;

/// One change to ask the kernel for.
#[derive(Clone, Debug)]
pub struct Change {
    doing: String,
    message: RouteNetlinkMessage,
    flags: u16,
    harmless: Option<Errno>,
}

impl Change {
    /// `doing` names it in the error, as in `cannot set the MTU of …`.
    pub(in crate::kernel) const fn new(
        doing: String,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Self {
        Self {
            doing,
            message,
            flags,
            harmless: None,
        }
    }

    /// Takes an answer for success that says that there is nothing to do.
    #[must_use]
    pub fn unless(self, harmless: Errno) -> Self {
        Self {
            harmless: Some(harmless),
            ..self
        }
    }

    fn request(&self, number: u32) -> NetlinkMessage<RouteNetlinkMessage> {
        let mut request = NetlinkMessage::from(self.message.clone());
        request.header.flags = NLM_F_REQUEST | self.flags;
        request.header.sequence_number = number;
        request
    }

    fn outcome(&self, answer: io::Result<()>) -> Result<(), Error> {
        match answer.map_err(|cause| Error::new(self.doing.as_str(), cause)) {
            Err(error) if error.errno().is_some() && error.errno() == self.harmless => Ok(()),
            outcome => outcome,
        }
    }
}

/// The socket for changes.
#[derive(Debug)]
pub(super) struct Changer {
    socket: Socket,
    next: AtomicU32,
}

impl Changer {
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Explanations are a courtesy of the kernel; without them error numbers remain.
        let _ = socket.set_ext_ack(true);
        let _ = socket.set_cap_ack(true);
        Ok(Self {
            socket,
            next: AtomicU32::new(1),
        })
    }

    /// Makes at most [`TOGETHER`] changes; one outcome for each.
    pub(super) fn make(&self, changes: &[Change]) -> Vec<Result<(), Error>> {
        let mut answers: Vec<io::Result<()>> = changes.iter().map(|_| Ok(())).collect();
        if let Err(cause) = self.exchange(changes, &mut answers) {
            // What was not answered may have been made or not.
            let errno = cause.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
            for unknown in answers.iter_mut().filter(|answer| answer.is_ok()) {
                *unknown = Err(errno.into());
            }
        }
        let outcomes = changes.iter().zip(answers);
        outcomes
            .map(|(change, answer)| change.outcome(answer))
            .collect()
    }

    fn exchange(&self, changes: &[Change], answers: &mut [io::Result<()>]) -> io::Result<()> {
        let count = u32::try_from(changes.len()).map_err(|_| Errno::E2BIG)?;
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        let (Some(last), message) = (count.checked_sub(1), message(changes, first)) else {
            return Ok(());
        };
        self.socket.send(&message, 0)?;
        let mut buffer = Vec::with_capacity(ANSWER);
        loop {
            buffer.clear();
            // The answers were there before the call that sent the requests returned.
            match self.socket.recv(&mut buffer, libc::MSG_DONTWAIT) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&buffer);
            let answer = answer.map_err(|_| Errno::EBADMSG)?;
            let place = answer.header.sequence_number.wrapping_sub(first);
            if let Some(slot) = answers.get_mut(place as usize) {
                *slot = failure(&answer.payload);
            }
            if place == last {
                return Ok(());
            }
        }
    }
}

/// The requests behind each other, numbered from `first` on; the last wants an answer in any case.
fn message(changes: &[Change], first: u32) -> Vec<u8> {
    let mut message = Vec::new();
    let mut number = first;
    for (place, change) in changes.iter().enumerate() {
        let mut request = change.request(number);
        number = number.wrapping_add(1);
        if place + 1 == changes.len() {
            request.header.flags |= NLM_F_ACK;
        }
        request.finalize();
        let start = message.len();
        message.resize(start + request.buffer_len(), 0);
        if let Some(room) = message.get_mut(start..) {
            request.serialize(room);
        }
        // The kernel looks for the next one at a multiple of four octets.
        message.resize(message.len().next_multiple_of(4), 0);
    }
    message
}
