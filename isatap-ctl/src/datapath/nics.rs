//! Whose frames XDP forwards: the link-layer addresses of the NICs, in the slots of their interfaces.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use isatap_common::abi::{NICS_LEN, Nic};

/// NICs with their places in the tables of the caches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nics {
    /// The address that each slot has.
    slots: BTreeMap<u32, [u8; 6]>,
    /// NICs whose slots others have: what they receive is left to the kernel.
    pub left_out: BTreeSet<u32>,
}

impl Nics {
    /// Of interface indexes with their addresses; of two that share a slot the lower index has it.
    pub fn new(addresses: &BTreeMap<u32, [u8; 6]>) -> Self {
        let mut nics = Self::default();
        for (index, address) in addresses {
            match nics.slots.entry(Nic::index(*index)) {
                Entry::Vacant(slot) => {
                    slot.insert(*address);
                }
                Entry::Occupied(_) => {
                    nics.left_out.insert(*index);
                }
            }
        }
        nics
    }

    /// Every slot of a table, in their order.
    pub fn table(&self) -> impl Iterator<Item = Nic> + '_ {
        let of = |slot| self.slots.get(&slot);
        (0..NICS_LEN).map(move |slot| of(slot).map_or(Nic::NONE, |address| Nic::of(*address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];

    fn filled(nics: &Nics) -> Vec<(usize, Nic)> {
        let slots = nics.table().enumerate();
        slots.filter(|(_, nic)| *nic != Nic::NONE).collect()
    }

    #[test]
    fn each_nic_is_in_the_slot_of_its_index() {
        let nics = Nics::new(&BTreeMap::from([(3, ONE), (NICS_LEN + 4, OTHER)]));
        assert_eq!(nics.table().count(), NICS_LEN as usize);
        assert_eq!(filled(&nics), [(3, Nic::of(ONE)), (4, Nic::of(OTHER))]);
        assert!(nics.left_out.is_empty());
    }

    #[test]
    fn of_two_nics_in_one_slot_the_lower_index_has_it() {
        let nics = Nics::new(&BTreeMap::from([(3, ONE), (NICS_LEN + 3, OTHER)]));
        assert_eq!(filled(&nics), [(3, Nic::of(ONE))]);
        assert_eq!(nics.left_out, BTreeSet::from([NICS_LEN + 3]));
    }
}
