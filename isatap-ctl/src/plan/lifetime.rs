//! Lifetimes as people and programs read them.

use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::kernel::addresses::Lifetimes;

const UNITS: [(u64, char); 4] = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
/// More units than this say nothing to a reader.
const UNITS_SHOWN: usize = 2;
/// The kernel counts whole seconds, from a moment that it does not tell exactly.
const TOLERANCE: Duration = Duration::from_secs(2);

/// A lifetime such as `30d` or `1h30m`, or `forever`.
pub fn brief(lifetime: Option<Duration>) -> String {
    let Some(lifetime) = lifetime else {
        return "forever".to_owned();
    };
    let mut rest = lifetime
        .saturating_add(Duration::from_millis(500))
        .as_secs();
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
        }
        rest %= size;
    }
    parts.truncate(UNITS_SHOWN);
    if parts.is_empty() {
        parts.push("0s".to_owned());
    }
    parts.concat()
}

/// Whether both lifetimes are the same as far as the kernel can tell.
pub(super) fn agree(one: Lifetimes, other: Lifetimes) -> bool {
    let near = |pair| match pair {
        (Some(a), Some(b)) => Duration::abs_diff(a, b) < TOLERANCE,
        (a, b) => a == b,
    };
    near((one.preferred, other.preferred)) && near((one.valid, other.valid))
}

impl fmt::Display for Lifetimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "valid {}", brief(self.valid))?;
        if self.preferred == self.valid {
            return Ok(());
        }
        write!(f, ", preferred {}", brief(self.preferred))
    }
}

/// In seconds; null is for ever.
impl Serialize for Lifetimes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Lifetimes", 2)?;
        fields.serialize_field("preferred", &self.preferred.map(|d| d.as_secs()))?;
        fields.serialize_field("valid", &self.valid.map(|d| d.as_secs()))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_short_to_read() {
        let rows = [
            (0, "0s"),
            (59, "59s"),
            (90, "1m30s"),
            (7_200, "2h"),
            (86_400 * 30, "30d"),
            (86_400 * 30 - 1, "29d23h"),
            (3_601, "1h1s"),
        ];
        for (seconds, text) in rows {
            assert_eq!(brief(Some(Duration::from_secs(seconds))), text);
        }
        assert_eq!(brief(None), "forever");
    }

    #[test]
    fn agreement_ends_at_two_seconds() {
        let lasting = |seconds: f64| Lifetimes {
            preferred: None,
            valid: Some(Duration::from_secs_f64(seconds)),
        };
        assert!(agree(lasting(100.0), lasting(101.9)));
        assert!(!agree(lasting(100.0), lasting(98.0)));
        assert!(!agree(lasting(100.0), Lifetimes::default()));
    }
}
