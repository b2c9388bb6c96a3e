//! What one value may be: each function reads a TOML value or says what was expected.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::Ipv4Net;
use isatap_common::addr;
use toml::de::DeValue;

use super::schema::Wrong;

type Read<T> = Result<T, Wrong>;

/// `true` or `false`.
pub(super) fn switch(value: &DeValue<'_>) -> Read<bool> {
    value
        .as_bool()
        .ok_or_else(|| Wrong::expected("true or false"))
}

/// A whole number in `range`.
pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&DeValue<'_>) -> Read<T>
where
    T: TryFrom<i128> + PartialOrd + Display,
{
    move |value| {
        integer(value)
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (start, end) = (range.start(), range.end());
                Wrong::Expected(format!("a number from {start} to {end}"))
            })
    }
}

/// An integer of any size that can be told apart from others.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// One of a few words, each with what it means.
pub(super) fn word<T: Copy>(words: &[(&str, T)]) -> impl Fn(&DeValue<'_>) -> Read<T> {
    move |value| {
        let text = value.as_str().unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let quoted: Vec<_> = words
                .iter()
                .map(|(word, _)| format!("\"{word}\""))
                .collect();
            Wrong::Expected(quoted.join(" or "))
        })
    }
}

/// The name of a network interface.
pub(super) fn interface_name(value: &DeValue<'_>) -> Read<String> {
    value
        .as_str()
        .filter(|name| is_interface_name(name))
        .map(str::to_owned)
        .ok_or_else(|| {
            Wrong::expected(
                "the name of an interface: 1 to 15 characters, no '/', ':' or white space",
            )
        })
}

/// Whether an interface can have this name, as `dev_valid_name` of the kernel has it.
pub fn is_interface_name(name: &str) -> bool {
    let bad = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
    (1..=15).contains(&name.len()) && name != "." && name != ".." && !name.contains(bad)
}

/// An IPv4 address that one node can have.
pub(super) fn ipv4(value: &DeValue<'_>) -> Read<Ipv4Addr> {
    parsed::<Ipv4Addr>(value)
        .filter(|ipv4| !addr::is_martian_ipv4(ipv4.octets()))
        .ok_or_else(|| Wrong::expected("a unicast IPv4 address such as \"10.0.0.1\""))
}

/// An IPv6 address that one node can have.
pub(super) fn ipv6(value: &DeValue<'_>) -> Read<Ipv6Addr> {
    parsed::<Ipv6Addr>(value)
        .filter(|ipv6| !addr::is_martian_source(&ipv6.octets()))
        .ok_or_else(|| Wrong::expected("a unicast IPv6 address such as \"2001:db8::53\""))
}

/// An IPv4 prefix without host bits.
pub(super) fn ipv4_prefix(value: &DeValue<'_>) -> Read<Ipv4Net> {
    let prefix = parsed::<Ipv4Net>(value)
        .ok_or_else(|| Wrong::expected("an IPv4 prefix such as \"10.0.0.0/8\""))?;
    if prefix.trunc() == prefix {
        return Ok(prefix);
    }
    Err(Wrong::Because(format!(
        "\"{prefix}\" has bits set behind its length; the prefix is \"{}\"",
        prefix.trunc()
    )))
}

/// A fully qualified domain name, in the letters that DNS has (RFC 1123 section 2.1).
pub(super) fn domain(value: &DeValue<'_>) -> Read<String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let name = |name: &&str| name.len() <= 253 && name.split('.').all(label);
    value
        .as_str()
        .map(|text| text.strip_suffix('.').unwrap_or(text))
        .filter(name)
        .map(str::to_owned)
        .ok_or_else(|| Wrong::expected("a domain name such as \"example.com\""))
}

/// A string as whatever it reads as.
pub(super) fn parsed<T: std::str::FromStr>(value: &DeValue<'_>) -> Option<T> {
    value.as_str()?.parse().ok()
}
