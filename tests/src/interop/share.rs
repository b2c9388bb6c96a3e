//! Cases parted among machines, where all of them on each would take too long.

use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow, ensure};

use super::case::Case;

/// One machine of several: `1/2` is the first of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    machine: usize,
    of: usize,
}

impl Share {
    /// All cases.
    pub const WHOLE: Self = Self { machine: 1, of: 1 };

    /// Whether the case is played here: on one machine, or on each if it is about the kernel.
    pub fn has(self, case: &Case) -> bool {
        let mut shared = Case::all().filter(|case| !case.on_each_kernel);
        match shared.position(|other| other.name == case.name) {
            Some(position) => position % self.of == self.machine - 1,
            None => true,
        }
    }
}

impl FromStr for Share {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (machine, of) = text
            .split_once('/')
            .ok_or_else(|| anyhow!("not of the form 1/2: {text}"))?;
        let number = |text: &str| text.parse().with_context(|| format!("no number: {text}"));
        let (machine, of): (usize, usize) = (number(machine)?, number(of)?);
        ensure!(
            (1..=of).contains(&machine),
            "there is no machine {machine} of {of}"
        );
        Ok(Self { machine, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_played_once_and_those_of_the_kernel_on_each() {
        let shares = ["1/2", "2/2"].map(|text| text.parse::<Share>().unwrap());
        for case in Case::all() {
            let played = shares.iter().filter(|share| share.has(case)).count();
            let wanted = if case.on_each_kernel { 2 } else { 1 };
            assert_eq!(played, wanted, "{}", case.name);
            assert!(Share::WHOLE.has(case));
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "1", "0/2", "3/2", "one/2", "1/0"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
