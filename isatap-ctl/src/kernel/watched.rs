//! Descriptors that the event loop waits for.

use std::io;
use std::os::fd::OwnedFd;

use socket2::Socket;
use tokio::io::unix::AsyncFd;

/// A type whose descriptor is its own: always the same, and open for as long as the value lives.
pub trait Watchable: std::os::fd::AsRawFd + sealed::OwnsItsDescriptor {}

impl Watchable for OwnedFd {}
impl Watchable for Socket {}

mod sealed {
    /// Only for types of which the claim of [`super::Watchable`] is known to hold.
    pub trait OwnsItsDescriptor {}
    impl OwnsItsDescriptor for std::os::fd::OwnedFd {}
    impl OwnsItsDescriptor for socket2::Socket {}
}

/// Registers a non-blocking descriptor with the current tokio runtime.
#[expect(
    unsafe_code,
    reason = "tokio cannot see which types own their descriptor"
)]
pub fn watch<T: Watchable>(inner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: a `Watchable` always returns the same descriptor and keeps it open.
    let watched = unsafe { AsyncFd::register(inner) };
    watched.map_err(Into::into)
}
