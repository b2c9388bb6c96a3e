//! The receiving end of systemd's readiness protocol.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A socket to name in `NOTIFY_SOCKET`.
#[derive(Debug)]
pub struct Notify {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Notify {
    /// Listens at a path, also where an earlier socket was.
    pub fn bind(path: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let socket = UnixDatagram::bind(&path).with_context(|| path.display().to_string())?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets what has come so far.
    pub fn drain(&self) -> Result<()> {
        while self.receive()?.is_some() {}
        Ok(())
    }

    /// Whether `READY=1` is among what has come.
    pub fn is_ready(&self) -> Result<bool> {
        while let Some(message) = self.receive()? {
            if message.lines().any(|line| line == "READY=1") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn receive(&self) -> Result<Option<String>> {
        let mut buffer = [0; 4096];
        match self.socket.recv(&mut buffer) {
            Ok(length) => {
                let message = buffer.get(..length).unwrap_or_default();
                Ok(Some(String::from_utf8_lossy(message).into_owned()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
