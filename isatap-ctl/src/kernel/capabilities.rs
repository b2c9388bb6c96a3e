//! The capabilities that the daemon cannot do without.

use caps::{CapSet, Capability};

use super::Error;

/// Each need, met by any of its capabilities.
const NEEDS: [&[Capability]; 4] = [
    &[Capability::CAP_NET_ADMIN],
    &[Capability::CAP_NET_RAW],
    &[Capability::CAP_BPF, Capability::CAP_SYS_ADMIN],
    // Without it the verifier also follows what a processor may do speculatively, and refuses.
    &[Capability::CAP_PERFMON, Capability::CAP_SYS_ADMIN],
];

/// Checks that the calling thread may do what the daemon does; the error names what is missing.
pub fn check() -> Result<(), Error> {
    let effective = caps::read(None, CapSet::Effective).map_err(|cause| {
        Error::new(
            "read the capabilities of this process",
            std::io::Error::other(cause),
        )
    })?;
    match missing(|capability| effective.contains(&capability)) {
        Some(capability) => Err(Error::MissingCapability(capability.to_string())),
        None => Ok(()),
    }
}

/// The first need that is not met.
fn missing(has: impl Fn(Capability) -> bool) -> Option<Capability> {
    let unmet = NEEDS.iter().find(|any| !any.iter().any(|&c| has(c)));
    unmet.and_then(|any| any.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_missing_capability_is_named() {
        use Capability::{CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW, CAP_PERFMON, CAP_SYS_ADMIN};
        let rows: [(&[Capability], Option<Capability>); 6] = [
            (&[], Some(CAP_NET_ADMIN)),
            (&[CAP_NET_ADMIN, CAP_SYS_ADMIN], Some(CAP_NET_RAW)),
            (&[CAP_NET_ADMIN, CAP_NET_RAW], Some(CAP_BPF)),
            (&[CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF], Some(CAP_PERFMON)),
            (&[CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF, CAP_PERFMON], None),
            (&[CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN], None),
        ];
        for (held, expected) in rows {
            assert_eq!(missing(|c| held.contains(&c)), expected, "{held:?}");
        }
    }

    #[test]
    fn a_thread_that_lost_a_capability_is_told() {
        let thread = std::thread::spawn(|| {
            check().unwrap();
            caps::drop(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap();
            check().unwrap_err().to_string()
        });
        let text = thread.join().unwrap();
        assert!(text.starts_with("CAP_NET_RAW is missing; "), "{text}");
    }
}
