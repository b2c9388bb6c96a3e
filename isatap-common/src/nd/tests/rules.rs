//! One row for every rule of RFC 4861 sections 6.1 and 7.1.

use super::frames::{self, Frame};
use crate::nd::{Message, NdError, RouterAdvert, fill};

/// The error that `change` makes of `hex`; the checksum is right unless `raw`.
fn error(hex: &str, raw: bool, change: impl FnOnce(&mut Frame)) -> Option<NdError> {
    let mut frame = Frame::new(hex);
    change(&mut frame);
    if !raw {
        fill(frame.source, frame.destination, &mut frame.message);
    }
    Message::decode(&frame.received()).err()
}

#[test]
fn every_message_needs_hop_limit_255_that_the_socket_told() {
    for hex in [frames::A3, frames::B1, frames::C1, frames::C2] {
        let frame = Frame::new(hex);
        for hop_limit in [None, Some(0), Some(254)] {
            let mut received = frame.received();
            received.hop_limit = hop_limit;
            assert_eq!(Message::decode(&received), Err(NdError::HopLimit));
        }
    }
}

#[test]
fn every_message_needs_checksum_code_length_and_option_lengths() {
    for (hex, fixed) in [
        (frames::A3, 8),
        (frames::B1, 16),
        (frames::C1, 24),
        (frames::C2, 24),
    ] {
        assert_eq!(
            error(hex, true, |f| f.message[2] ^= 1),
            Some(NdError::Checksum)
        );
        assert_eq!(error(hex, false, |f| f.message[1] = 1), Some(NdError::Code));
        let cut = |f: &mut Frame| f.message.truncate(fixed - 1);
        assert_eq!(error(hex, false, cut), Some(NdError::Length));
        for option in [
            &[14_u8, 0, 0, 0, 0, 0, 0, 0][..],
            &[14, 2, 0, 0, 0, 0, 0, 0],
            &[14],
        ] {
            let add = |f: &mut Frame| f.message.extend(option);
            assert_eq!(error(hex, false, add), Some(NdError::OptionLength));
        }
        let unknown = |f: &mut Frame| f.message.extend([200, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(error(hex, false, unknown), None);
    }
    assert_eq!(
        error(frames::A3, false, |f| f.message[0] = 137),
        Some(NdError::Type)
    );
}

#[test]
fn the_unspecified_source_tells_no_link_layer_address() {
    let unspecified = |f: &mut Frame| f.source = "::".parse().unwrap();
    assert_eq!(
        error(frames::A6, false, unspecified),
        Some(NdError::LinkLayerOption)
    );
    let solicited_node = |f: &mut Frame| {
        f.source = "::".parse().unwrap();
        f.destination = "ff02::1:ff00:201".parse().unwrap();
    };
    assert_eq!(
        error(frames::C5, false, solicited_node),
        Some(NdError::LinkLayerOption)
    );
    assert_eq!(error(frames::C1, false, solicited_node), None);
    assert_eq!(
        error(frames::C1, false, unspecified),
        Some(NdError::Destination)
    );
}

#[test]
fn a_router_advertises_from_its_link_local_address() {
    let global = |f: &mut Frame| f.source = "2001:db8::1".parse().unwrap();
    assert_eq!(error(frames::B1, false, global), Some(NdError::Source));
}

#[test]
fn neighbor_targets_are_unicast_and_answers_to_groups_unsolicited() {
    for hex in [frames::C1, frames::C2] {
        assert_eq!(
            error(hex, false, |f| f.message[8] = 0xff),
            Some(NdError::Target)
        );
    }
    let group = |f: &mut Frame| f.destination = "ff02::1".parse().unwrap();
    assert_eq!(error(frames::C2, false, group), Some(NdError::Solicited));
}

#[test]
fn reserved_header_preference_reads_as_medium() {
    let mut frame = Frame::new(frames::B2);
    frame.message[5] = 0b10 << 3;
    fill(frame.source, frame.destination, &mut frame.message);
    let advert = RouterAdvert::decode(&frame.received()).unwrap();
    assert_eq!(advert.preference, crate::nd::Preference::Medium);
}
