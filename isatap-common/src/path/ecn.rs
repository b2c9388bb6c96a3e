//! Explicit Congestion Notification through the tunnel (RFC 6040).

/// Not ECN-Capable Transport.
const NOT_ECT: u8 = 0b00;
/// ECN-Capable Transport (1).
const ECT_1: u8 = 0b01;
/// ECN-Capable Transport (0).
const ECT_0: u8 = 0b10;
/// Congestion Experienced.
const CE: u8 = 0b11;
/// The two bits in a traffic class.
const MASK: u8 = 0b11;

/// The bits of the inner traffic class that the outer one has as well: ECN is copied (normal mode,
/// section 4.1), DSCP copied or zero.
#[inline(always)]
pub const fn copied(copy_dscp: bool) -> u8 {
    if copy_dscp { u8::MAX } else { MASK }
}

/// The outer traffic class for an inner one.
#[inline(always)]
pub const fn encapsulate(inner: u8, copy_dscp: bool) -> u8 {
    inner & copied(copy_dscp)
}

/// The traffic class of the decapsulated packet (section 4.2), or `None` where the packet must be
/// dropped: congestion was marked on a transport that cannot say so.
#[inline(always)]
pub const fn decapsulate(outer: u8, inner: u8) -> Option<u8> {
    if outer & MASK == NOT_ECT {
        return Some(inner);
    }
    let ecn = match (inner & MASK, outer & MASK) {
        (NOT_ECT, CE) => return None,
        (ECT_0, ECT_1) => ECT_1,
        (ECT_0 | ECT_1, CE) => CE,
        (unchanged, _) => unchanged,
    };
    Some((inner & !MASK) | ecn)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figure 4 of RFC 6040: rows are the arriving inner field, columns the arriving outer one,
    /// both in the order Not-ECT, ECT(0), ECT(1), CE.
    #[test]
    fn egress_table_is_that_of_the_rfc() {
        const ORDER: [u8; 4] = [NOT_ECT, ECT_0, ECT_1, CE];
        const TABLE: [[Option<u8>; 4]; 4] = [
            [Some(NOT_ECT), Some(NOT_ECT), Some(NOT_ECT), None],
            [Some(ECT_0), Some(ECT_0), Some(ECT_1), Some(CE)],
            [Some(ECT_1), Some(ECT_1), Some(ECT_1), Some(CE)],
            [Some(CE), Some(CE), Some(CE), Some(CE)],
        ];
        for (inner, row) in ORDER.into_iter().zip(TABLE) {
            for (outer, expected) in ORDER.into_iter().zip(row) {
                let dscp = 0b1011_1000;
                assert_eq!(
                    decapsulate(outer, dscp | inner),
                    expected.map(|ecn| dscp | ecn)
                );
            }
        }
    }

    #[test]
    fn ingress_copies_ecn_and_dscp_only_when_told() {
        assert_eq!(encapsulate(0b1011_1010, false), 0b10);
        assert_eq!(encapsulate(0b1011_1010, true), 0b1011_1010);
    }
}
