/// Preference of a router or of a route (RFC 4191 section 2.1); the greater is preferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preference {
    /// 11
    Low,
    /// 00
    #[default]
    Medium,
    /// 01
    High,
}

impl Preference {
    /// The word of the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The two bits in their place in the flags of the header and of the option.
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Low => 0b11 << 3,
            Self::Medium => 0,
            Self::High => 0b01 << 3,
        }
    }

    /// `None` is the reserved value 10.
    pub(super) const fn from_bits(flags: u8) -> Option<Self> {
        match flags >> 3 & 0b11 {
            0b00 => Some(Self::Medium),
            0b01 => Some(Self::High),
            0b11 => Some(Self::Low),
            _ => None,
        }
    }
}
