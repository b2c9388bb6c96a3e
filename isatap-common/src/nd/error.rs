use core::fmt;

/// Why a message is discarded as a whole (RFC 4861 sections 6.1.1, 6.1.2, 7.1.1 and 7.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NdError {
    /// The hop limit is not 255, or the socket did not tell it.
    HopLimit,
    /// The ICMPv6 checksum is wrong.
    Checksum,
    /// The ICMPv6 type is another one.
    Type,
    /// The ICMPv6 code is not zero.
    Code,
    /// The message is shorter than its fixed part.
    Length,
    /// An option has length zero or reaches past the end.
    OptionLength,
    /// The source address may not send this message.
    Source,
    /// The destination address may not receive this message.
    Destination,
    /// A link-layer option although the source is unspecified.
    LinkLayerOption,
    /// The target address is multicast.
    Target,
    /// The solicited flag is set in a message to a multicast address.
    Solicited,
}

impl NdError {
    /// The field at fault, as one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HopLimit => "hop_limit",
            Self::Checksum => "checksum",
            Self::Type => "type",
            Self::Code => "code",
            Self::Length => "length",
            Self::OptionLength => "option_length",
            Self::Source => "source",
            Self::Destination => "destination",
            Self::LinkLayerOption => "link_layer_option",
            Self::Target => "target",
            Self::Solicited => "solicited",
        }
    }
}

impl fmt::Display for NdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Neighbor Discovery message with a wrong {}", self.name())
    }
}

impl core::error::Error for NdError {}
