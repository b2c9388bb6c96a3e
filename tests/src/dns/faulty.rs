use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Result;

use crate::ns::Inside;

/// Length of the header of a message (RFC 1035 section 4.1.1).
const HEADER: usize = 12;
/// A compressed name: that of the question.
const QUESTION: [u8; 2] = [0xc0, HEADER as u8];

/// How the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// As it should, with this lifetime in seconds.
    None(Vec<Ipv4Addr>, u32),
    /// Not at all.
    Silent,
    /// Response code 2.
    ServFail,
    /// Response code 5.
    Refused,
    /// Response code 3.
    NxDomain,
    /// No error, and no record.
    Empty,
    /// The TC bit, and nobody who listens on TCP.
    Truncated,
    /// Bytes that are no message.
    Garbage,
    /// Another transaction.
    OtherId(Vec<Ipv4Addr>),
    /// A name that is an alias of itself.
    AliasLoop,
}

/// A name server on UDP that goes wrong as it is told.
#[derive(Debug)]
pub struct FaultyServer {
    fault: Arc<Mutex<Fault>>,
    asked: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FaultyServer {
    /// Starts it at one address of a namespace.
    pub fn start(inside: &Inside, address: Ipv4Addr, fault: Fault) -> Result<Self> {
        let socket = inside.enter(|| {
            let socket = UdpSocket::bind((address, 53))?;
            socket.set_read_timeout(Some(Duration::from_millis(100)))?;
            Ok(socket)
        })?;
        let mut server = Self {
            fault: Arc::new(Mutex::new(fault)),
            asked: Arc::default(),
            ended: Arc::default(),
            thread: None,
        };
        let (fault, asked) = (server.fault.clone(), server.asked.clone());
        let ended = server.ended.clone();
        server.thread = Some(thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                serve(&socket, &fault, &asked);
            }
        }));
        Ok(server)
    }

    /// Goes wrong in another way from now on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// The names that it was asked for so far, each with a final dot.
    pub fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A server that panicked has ended too.
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, fault: &Mutex<Fault>, asked: &Mutex<Vec<String>>) {
    let mut buffer = [0; 1500];
    let (length, client) = match socket.recv_from(&mut buffer) {
        Ok(received) => received,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return,
        Err(_) => return,
    };
    let Some((name, question)) = buffer.get(..length).and_then(question) else {
        return;
    };
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(name);
    let id = [buffer[0], buffer[1]];
    let fault = fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(answer) = answer(&fault, id, question) {
        // A client that has gone away needs none.
        let _ = socket.send_to(&answer, client);
    }
}

/// The name that is asked for, and the question as it stands in the message.
fn question(message: &[u8]) -> Option<(String, &[u8])> {
    let section = message.get(HEADER..)?;
    let (mut name, mut at) = (String::new(), 0);
    while let length @ 1.. = usize::from(*section.get(at)?) {
        let label = section.get(at + 1..at + 1 + length)?;
        name.push_str(&String::from_utf8_lossy(label));
        name.push('.');
        at += 1 + length;
    }
    Some((name, section.get(..at + 5)?))
}

fn answer(fault: &Fault, [a, b]: [u8; 2], question: &[u8]) -> Option<Vec<u8>> {
    let plain = |code: u8, records: &[Vec<u8>]| message([a, b], [0x84, code], question, records);
    Some(match fault {
        Fault::Silent => return None,
        Fault::None(routers, ttl) => {
            let records: Vec<_> = routers
                .iter()
                .map(|router| address(*router, *ttl))
                .collect();
            plain(0, &records)
        }
        Fault::ServFail => plain(2, &[]),
        Fault::Refused => plain(5, &[]),
        Fault::NxDomain => plain(3, &[]),
        Fault::Empty => plain(0, &[]),
        Fault::Truncated => message([a, b], [0x86, 0], question, &[]),
        Fault::Garbage => [a, b].into_iter().chain([0xff; 40]).collect(),
        Fault::OtherId(routers) => {
            let records: Vec<_> = routers.iter().map(|router| address(*router, 60)).collect();
            message([!a, b], [0x84, 0], question, &records)
        }
        Fault::AliasLoop => plain(0, &[record(5, 60, &QUESTION)]),
    })
}

fn message(id: [u8; 2], flags: [u8; 2], question: &[u8], records: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(records.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let counts = [[0, 1], count, [0, 0], [0, 0]].concat();
    [&id[..], &flags, &counts, question, &records.concat()].concat()
}

fn address(router: Ipv4Addr, ttl: u32) -> Vec<u8> {
    record(1, ttl, &router.octets())
}

fn record(kind: u8, ttl: u32, data: &[u8]) -> Vec<u8> {
    let length = [0, u8::try_from(data.len()).unwrap_or(u8::MAX)];
    [
        &QUESTION[..],
        &[0, kind, 0, 1],
        &ttl.to_be_bytes(),
        &length,
        data,
    ]
    .concat()
}
