/// The name of `known` that `written` was most likely meant to be.
pub(super) fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|name| (distance(written, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
        .map(|(_, name)| name)
}

/// How many letters to insert, delete or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        for (window, other) in row.windows(2).zip(&to) {
            let &[diagonal, above] = window else { continue };
            let left = next.last().copied().unwrap_or_default();
            let replace = diagonal + usize::from(letter != *other);
            next.push(replace.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["ttl", "uplinks", "known-ipv4"];
        assert_eq!(nearest("tll", &known), Some("ttl"));
        assert_eq!(nearest("tl", &known), Some("ttl"));
        assert_eq!(nearest("uplink", &known), Some("uplinks"));
        assert_eq!(nearest("known_ipv4", &known), Some("known-ipv4"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest("", &[]), None);
    }
}
