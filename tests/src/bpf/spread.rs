//! Frames that differ in an address.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use anyhow::{Result, ensure};

use super::map::Counter;

/// Which addresses frames have, one after the other, and where.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The first, of which the last bits are clear: an IPv4 address as a number.
    pub first: u32,
    /// What it is counted up by: one less than a power of two.
    pub mask: u32,
    /// Where in a frame the four octets are.
    pub places: Vec<i16>,
    /// Where two octets each make up for what the lower half of the address adds to a checksum, so
    /// that the checksum of the first address with 0xffff in that place is everybody's.
    pub balances: Vec<i16>,
    next: Arc<Counter>,
}

impl Spread {
    /// `addresses` of them, which must be a power of two, from `first` on; as many as there are
    /// differ from each other, also from one run to the next.
    pub fn new(first: u32, addresses: u32, places: Vec<i16>) -> Result<Self> {
        let mask = addresses.saturating_sub(1);
        ensure!(
            addresses.is_power_of_two() && first & mask == 0,
            "{addresses} addresses cannot be counted by a mask"
        );
        Ok(Self {
            first,
            mask,
            places,
            balances: Vec::new(),
            next: Arc::new(Counter::new()?),
        })
    }

    /// With a place that keeps the checksum right; no more than the lower half may differ.
    #[must_use]
    pub fn balanced(mut self, at: i16) -> Self {
        self.balances.push(at);
        self
    }

    /// How many there are.
    pub fn addresses(&self) -> u32 {
        self.mask + 1
    }

    /// What counts them.
    pub fn counter(&self) -> BorrowedFd<'_> {
        self.next.as_fd()
    }
}
