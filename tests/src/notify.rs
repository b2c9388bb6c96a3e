//! The receiving end of systemd's readiness protocol.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// How long one look for messages takes when there are none.
const LOOK: Duration = Duration::from_millis(20);

/// A socket to name in `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct Notify {
    socket: UnixDatagram,
    path: PathBuf,
    reloading: AtomicBool,
}

impl Notify {
    /// Listens at a path, also where an earlier socket was.
    pub fn bind(path: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let socket = UnixDatagram::bind(&path).with_context(|| path.display().to_string())?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            path,
            reloading: AtomicBool::new(false),
        })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets what has come so far.
    pub fn drain(&self) -> Result<()> {
        while self.receive()?.is_some() {}
        self.reloading.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether `READY=1` is among what has come or comes within 20 ms; returns when it comes.
    pub fn becomes_ready(&self) -> Result<bool> {
        self.socket.set_nonblocking(false)?;
        self.socket.set_read_timeout(Some(LOOK))?;
        let mut ready = false;
        while !ready && let Some(message) = self.receive()? {
            ready = message.lines().any(|line| line == "READY=1");
            if message.lines().any(|line| line == "RELOADING=1") {
                let is_timed = message
                    .lines()
                    .any(|line| line.starts_with("MONOTONIC_USEC="));
                self.reloading.store(is_timed, Ordering::Relaxed);
            }
        }
        self.socket.set_nonblocking(true)?;
        Ok(ready)
    }

    /// Whether a reload was announced, with its time, since it last forgot.
    pub fn was_reloading(&self) -> bool {
        self.reloading.load(Ordering::Relaxed)
    }

    fn receive(&self) -> Result<Option<String>> {
        let mut buffer = [0; 4096];
        match self.socket.recv(&mut buffer) {
            Ok(length) => {
                let message = buffer.get(..length).unwrap_or_default();
                Ok(Some(String::from_utf8_lossy(message).into_owned()))
            }
            // A process that was stopped and goes on is interrupted.
            Err(error)
                if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
