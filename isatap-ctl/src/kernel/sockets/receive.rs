//! Receiving one datagram with its control messages.

use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrLike, recvmsg};
use socket2::Socket;
use tokio::io::unix::AsyncFd;

/// No IP datagram is longer.
const LONGEST: usize = 65_535;
/// Room for the control messages that we ask for, and as much again.
const CONTROL: usize = 256;

/// A datagram as the kernel gave it.
pub(super) struct Raw<A> {
    pub source: Option<A>,
    pub control: Vec<ControlMessageOwned>,
    pub bytes: Vec<u8>,
    pub truncated: bool,
}

/// Waits for a datagram. Dropping the future loses none.
pub(super) async fn receive<A: SockaddrLike + Copy>(
    socket: &AsyncFd<Socket>,
) -> io::Result<Raw<A>> {
    let mut buffer = vec![0; LONGEST];
    loop {
        let mut ready = socket.readable().await?;
        match ready.try_io(|socket| receive_now(socket.get_ref(), &mut buffer)) {
            Ok(Err(cause)) if cause.kind() == io::ErrorKind::Interrupted => {}
            Ok(result) => return result,
            Err(_would_block) => {}
        }
    }
}

/// Waits for datagrams, and takes at most `most` of those that are there. Dropping the future loses
/// none.
pub(super) async fn receive_burst<A: SockaddrLike + Copy>(
    socket: &AsyncFd<Socket>,
    most: usize,
) -> io::Result<Vec<Raw<A>>> {
    let mut buffer = vec![0; LONGEST];
    let mut burst = Vec::new();
    loop {
        let mut ready = socket.readable().await?;
        while burst.len() < most {
            match ready.try_io(|socket| receive_now(socket.get_ref(), &mut buffer)) {
                Ok(Err(cause)) if cause.kind() == io::ErrorKind::Interrupted => {}
                // What was taken before is not lost; the error comes again if it lasts.
                Ok(Err(cause)) if burst.is_empty() => return Err(cause),
                Ok(Ok(raw)) => burst.push(raw),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        if !burst.is_empty() {
            return Ok(burst);
        }
    }
}

fn receive_now<A: SockaddrLike + Copy>(socket: &Socket, buffer: &mut [u8]) -> io::Result<Raw<A>> {
    let mut space = [0; CONTROL];
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg::<A>(
        socket.as_raw_fd(),
        &mut slices,
        Some(&mut space),
        MsgFlags::empty(),
    )?;
    let (source, length) = (message.address, message.bytes);
    let truncated = message.flags.contains(MsgFlags::MSG_TRUNC);
    // A control area that was cut short cannot be read; what it held counts as missing.
    let control = message.cmsgs().map(Iterator::collect).unwrap_or_default();
    Ok(Raw {
        source,
        control,
        bytes: buffer.get(..length).unwrap_or(buffer).to_vec(),
        truncated,
    })
}
