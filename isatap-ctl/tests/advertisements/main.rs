//! A host against routers, true and false, that send it whatever there is: sequences of valid and
//! broken Router Advertisements with injected time. What the host makes of each event is compared
//! with a model that was written from the RFCs and shares no code with it.
//!
//! `cargo xtask fuzz --sequences 10000000` runs as many as are wanted.
#![cfg(test)]

mod campaign;
mod draw;
mod event;
mod message;
mod model;
mod octets;
mod play;
mod promises;

use std::env;

/// So many sequences take a few seconds, unoptimised.
const FEW: u64 = 1_500;

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect(variable))
}

#[test]
fn sequences_of_the_first_seed_keep_the_promises() {
    campaign::run(1, FEW).is_broad();
}

/// Another seed each time; `ISATAP_SEED` plays one again.
#[test]
fn sequences_of_any_seed_keep_the_promises() {
    let seed = number("ISATAP_SEED").unwrap_or_else(|| fastrand::u64(..));
    campaign::run(seed, number("ISATAP_SEQUENCES").unwrap_or(FEW));
}
