use core::fmt;

/// Octets of a name on the wire, its root included (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// A domain name without the final dot: labels of letters, digits, hyphens and underscores,
/// since others have no business in a resolver's configuration (RFC 8106 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

impl DomainName {
    /// The name that `text` spells, with or without the final dot.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let good = text.len() + 2 <= MAX_NAME && text.split('.').all(is_label);
        good.then(|| Self(text.to_owned()))
    }

    /// The labels with dots between.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() + 2);
        for label in self.0.split('.') {
            bytes.push(label.len() as u8);
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        bytes
    }

    /// The name at the start of `bytes`, uncompressed, and what follows it.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut labels = Vec::new();
        let mut rest = bytes;
        loop {
            let (length, after) = rest.split_first()?;
            if *length == 0 {
                return Some((Self::new(&labels.join("."))?, after));
            }
            let (label, after) = after.split_at_checked(usize::from(*length))?;
            labels.push(str::from_utf8(label).ok().filter(|label| is_label(label))?);
            rest = after;
        }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(label: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(good)
}
