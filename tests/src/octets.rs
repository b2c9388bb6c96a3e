//! Octets over TCP that are compared where they arrive.

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::ns::Inside;

/// How long a connection may stand still.
const PATIENCE: Duration = Duration::from_secs(30);
/// Octets of a write, and of a comparison.
const BLOCK: usize = 1 << 16;

/// Sends `blocks` of 64 kB from one namespace to `address` in another, and fails unless each octet arrives as
/// it was sent.
pub fn carry(from: &Inside, to: &Inside, address: Ipv6Addr, blocks: u64) -> Result<()> {
    let listener = to.enter(|| Ok(TcpListener::bind((address, 0))?))?;
    let at = listener.local_addr()?;
    let sender = from.enter(|| connect(at))?;
    let (receiver, _) = listener.accept()?;
    receiver.set_read_timeout(Some(PATIENCE))?;
    thread::scope(|scope| {
        let sent = scope.spawn(|| send(sender, blocks));
        let compared = compare(receiver, blocks);
        let sent = sent.join().map_err(|_| anyhow!("the sender panicked"))?;
        compared.and(sent)
    })
}

fn connect(to: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE).with_context(|| to.to_string())?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn send(mut stream: TcpStream, blocks: u64) -> Result<()> {
    for number in 0..blocks {
        stream.write_all(&block(number)).context("sending")?;
    }
    Ok(())
}

fn compare(mut stream: TcpStream, blocks: u64) -> Result<()> {
    let mut received = vec![0; BLOCK];
    for number in 0..blocks {
        let read = stream.read_exact(&mut received);
        read.with_context(|| format!("block {number} of {blocks}"))?;
        ensure!(received == block(number), "block {number} is another one");
    }
    Ok(())
}

/// Octets that tell where in the transfer they belong.
fn block(number: u64) -> Vec<u8> {
    let first = number * (BLOCK / 8) as u64;
    let words = (first..).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    words.flat_map(u64::to_be_bytes).take(BLOCK).collect()
}
