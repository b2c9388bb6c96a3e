//! Bringing a map to what it shall hold, under the packets that are asking it.

use std::collections::BTreeMap;

use aya::maps::MapError;

use super::DatapathError;

/// Sets every desired entry that is not present as it should be, then removes the others. Returns
/// whether anything was changed.
///
/// The keys of longest-prefix maps begin with the length. The longest are set first and removed
/// last, so at each moment an address finds what it found before or what it will find.
pub fn bring<K: Ord, V: PartialEq + Copy>(
    present: &BTreeMap<K, V>,
    desired: &BTreeMap<K, V>,
    mut set: impl FnMut(&K, Option<V>) -> Result<(), MapError>,
) -> Result<bool, DatapathError> {
    let mut changed = false;
    let differs = |(key, value): &(&K, &V)| present.get(*key) != Some(*value);
    for (key, value) in desired.iter().rev().filter(differs) {
        set(key, Some(*value))?;
        changed = true;
    }
    for key in present.keys().filter(|key| !desired.contains_key(key)) {
        set(key, None)?;
        changed = true;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Prefixes of addresses of four bits, and what they say.
    type Trie = BTreeMap<(u32, u8), bool>;

    fn length_mask(length: u32) -> u8 {
        (0x0f << (4 - length)) & 0x0f
    }

    fn found(trie: &Trie, address: u8) -> Option<bool> {
        let mut lengths = (0..=4).rev();
        lengths.find_map(|length| trie.get(&(length, address & length_mask(length))).copied())
    }

    fn tries() -> impl Strategy<Value = Trie> {
        let entry = (0..=4_u32, 0..16_u8, any::<bool>());
        prop::collection::vec(entry, 0..12).prop_map(|entries| {
            let key = |length, address| (length, address & length_mask(length));
            let entries = entries.into_iter();
            entries
                .map(|(length, address, says)| (key(length, address), says))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn an_address_finds_what_it_found_or_what_it_will_find(old in tries(), new in tries()) {
            let mut trie = old.clone();
            let changed = bring(&old, &new, |key, value| {
                match value {
                    Some(value) => trie.insert(*key, value),
                    None => trie.remove(key),
                };
                for address in 0..16 {
                    let now = found(&trie, address);
                    let either = [found(&old, address), found(&new, address)];
                    assert!(either.contains(&now), "{address}: {now:?} on the way");
                }
                Ok(())
            });
            prop_assert_eq!(changed.unwrap(), old != new);
            prop_assert_eq!(trie, new);
        }
    }
}
