//! Durations: `"30m"`, `"1h30m"`, `"500ms"`, `"infinite"` where a lifetime may be.

use std::time::Duration;

use toml::de::DeValue;

use super::schema::Wrong;
use super::settings::Lifetime;
use super::value;

const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Zero, or whole seconds from `least` to what 16 bits hold.
pub(super) fn zero_or_seconds(least: u32) -> impl Fn(&DeValue<'_>) -> Result<Duration, Wrong> {
    let range = u64::from(least)..=u64::from(u16::MAX);
    move |value| {
        read(value)
            .filter(|duration| duration.subsec_nanos() == 0)
            .filter(|duration| duration.is_zero() || range.contains(&duration.as_secs()))
            .ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                Wrong::Expected(format!(
                    "a duration such as \"30m\", 0 or whole seconds from {least}s to {most}s"
                ))
            })
    }
}

/// Milliseconds up to `most`.
pub(super) fn milliseconds(most: u32) -> impl Fn(&DeValue<'_>) -> Result<Duration, Wrong> {
    move |value| {
        read(value)
            .filter(|duration| duration.as_millis() <= u128::from(most))
            .ok_or_else(|| Wrong::Expected(format!("a duration such as \"500ms\", up to {most}ms")))
    }
}

/// Any duration of `least` or more.
pub(super) fn at_least(least: Duration) -> impl Fn(&DeValue<'_>) -> Result<Duration, Wrong> {
    move |value| {
        read(value)
            .filter(|duration| *duration >= least)
            .ok_or_else(|| {
                Wrong::Expected(format!(
                    "a duration such as \"2m\", at least {}s",
                    least.as_secs()
                ))
            })
    }
}

/// A lifetime in 32 bits of seconds, or `"infinite"`.
pub(super) fn lifetime(value: &DeValue<'_>) -> Result<Lifetime, Wrong> {
    if value.as_str() == Some("infinite") {
        return Ok(Lifetime::Infinite);
    }
    read(value)
        .filter(|duration| duration.subsec_nanos() == 0)
        .and_then(|duration| u32::try_from(duration.as_secs()).ok())
        .filter(|seconds| *seconds < u32::MAX)
        .map(Lifetime::Seconds)
        .ok_or_else(|| {
            Wrong::expected("a duration such as \"30d\" in whole seconds, or \"infinite\"")
        })
}

/// Zero needs no unit and no quotes.
fn read(value: &DeValue<'_>) -> Option<Duration> {
    if value::integer(value) == Some(0) || value.as_str() == Some("0") {
        return Some(Duration::ZERO);
    }
    parse(value.as_str()?)
}

/// Numbers with units, largest unit first and none twice.
fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut above = u64::MAX;
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit());
        let (unit, behind) = split(behind, |c| c.is_ascii_alphabetic());
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *scale >= above {
            return None;
        }
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*scale)?)?;
        (rest, above) = (behind, *scale);
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs_f64());
        for (text, expected) in [
            ("30m", 1800.0),
            ("1h30m", 5400.0),
            ("7d", 604_800.0),
            ("2w", 1_209_600.0),
            ("500ms", 0.5),
            ("0s", 0.0),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "s",
            "30",
            "-1s",
            "1.5h",
            "30 m",
            "30M",
            "1s1h",
            "1m1m",
            "99999999999999999999s",
            "9999999999999999w",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
