use crate::addr::Ipv4;

/// Entries of `SOLICITS`: token buckets for Router Solicitations of hosts that were not heard from,
/// the one of all, and one for each neighbourhood, of which several may share one.
pub const SOLICITS_LEN: u32 = 1 + NEIGHBORHOODS;
/// The bucket of all.
pub const SOLICITS_OF_ALL: u32 = 0;
/// Nanoseconds between two such solicitations: as many as the daemon reads beside its other work.
pub const SOLICITS_INTERVAL: u32 = 200_000;
/// Nanoseconds between two of one neighbourhood that pass although the bucket of all is empty.
pub const SOLICITS_INTERVAL_NEAR: u32 = 1_000_000_000;

/// A power of two.
const NEIGHBORHOODS: u32 = 1 << 16;

/// The bucket of the neighbourhood of `ipv4`, its /24.
#[inline(always)]
pub const fn solicits_near(ipv4: Ipv4) -> u32 {
    let network = u32::from_be_bytes(ipv4) >> 8;
    // Spread by the golden ratio, so that networks beside each other have buckets of their own.
    let spread = network.wrapping_mul(0x9e37_79b1) >> (u32::BITS - NEIGHBORHOODS.ilog2());
    1 + spread
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_neighbourhood_shares_a_bucket_with_few_others_and_never_that_of_all() {
        assert_eq!(solicits_near([10, 1, 2, 3]), solicits_near([10, 1, 2, 250]));
        let buckets: BTreeSet<u32> = (0..1 << 12)
            .map(|network: u32| {
                let [_, _, high, low] = network.to_be_bytes();
                solicits_near([10, high, low, 1])
            })
            .collect();
        assert!(buckets.len() > 3800, "{}", buckets.len());
        for ipv4 in [[0; 4], [0xff; 4], [1, 0, 0, 0]] {
            assert!((1..SOLICITS_LEN).contains(&solicits_near(ipv4)));
        }
        assert!(!buckets.contains(&SOLICITS_OF_ALL));
    }
}
