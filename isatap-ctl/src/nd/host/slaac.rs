use std::time::Duration;

use isatap_common::nd::{Lifetime, PrefixInformation};

use super::expiry::Expiry;
use crate::clock::Boottime;

const TWO_HOURS: u32 = 7200;

/// Whether addresses may be formed in the prefix (RFC 4862 section 5.5.3 a to d).
pub(super) fn is_usable(option: &PrefixInformation) -> bool {
    option.autonomous && option.preferred <= option.valid && option.prefix.length() == 64
}

/// The end of an address's validity after `advertised`, so that a forged message cannot end it
/// at once (RFC 4862 section 5.5.3 e); `None` forms no address.
pub(super) fn valid(now: Boottime, old: Option<Expiry>, advertised: Lifetime) -> Option<Expiry> {
    let new = Expiry::after(now, advertised);
    let soon = Expiry::At(now.saturating_add(Duration::from_secs(TWO_HOURS.into())));
    match old.filter(|old| !old.is_past(now)) {
        None => (advertised > Lifetime::ZERO).then_some(new),
        Some(old) if advertised > Lifetime::Seconds(TWO_HOURS) || new > old => Some(new),
        Some(old) => Some(old.min(soon)),
    }
}
