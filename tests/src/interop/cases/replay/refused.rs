//! Solicitations that must not be answered, and where it can be read why.

use anyhow::{Context as _, Result, ensure};

use super::advertisement::{advertisement, farewell};
use super::conversation::{Conversation, Line};
use super::ends::TEN;
use super::frames;
use crate::interop::scene::Scene;
use crate::ns::Inside;
use crate::stats::Stats;

/// What the daemon logs of a message that it refuses.
const LOGGED: [&str; 3] = ["wrong option_length", "wrong code", "wrong length"];

pub fn unspecified(scene: &mut Scene) -> Result<()> {
    let conversation = Conversation::prepare(scene, &[Line::Host(frames::UNSPECIFIED)])?;
    conversation.play()?;
    counted(&conversation, "inner_martian", 1)
}

/// A good solicitation at the end shows that the router answers this host at all.
pub fn invalid(scene: &mut Scene) -> Result<()> {
    let last = Line::Router(farewell(&TEN));
    let lines = [
        Line::Broken(frames::WITH_HOP_LIMIT_254),
        Line::Broken(frames::WITH_BAD_CHECKSUM),
        Line::Broken(frames::WITH_OPTION_OF_NO_LENGTH),
        Line::Broken(frames::WITH_CODE_1),
        Line::Broken(frames::WITHOUT_RESERVED_FIELD),
        Line::Host(frames::WINDOWS_VISTA),
        Line::Router(advertisement(&TEN)),
        last.clone(),
        last.clone(),
        last,
    ];
    let conversation = Conversation::prepare(scene, &lines)?;
    let wrong_checksums = wrong_checksums(&scene.site.router)?;
    conversation.play()?;
    counted(&conversation, "nd_hop_limit", 1)?;
    counted(&conversation, "nd_invalid", LOGGED.len() as u64)?;
    let wrong_checksums = self::wrong_checksums(&scene.site.router)? - wrong_checksums;
    ensure!(
        wrong_checksums == 1,
        "the kernel counted {wrong_checksums} wrong ICMPv6 checksums, not 1"
    );
    let log = conversation.router.logged();
    for words in LOGGED {
        let lines = log.lines().filter(|line| line.contains(words)).count();
        ensure!(
            lines == 1,
            "\"{words}\" is {lines} times in the log:\n{log}"
        );
    }
    Ok(())
}

fn counted(conversation: &Conversation, reason: &str, wanted: u64) -> Result<()> {
    let stats = Stats::read(&conversation.router)?;
    ensure!(
        stats.of_reason(reason) == wanted,
        "{reason} is not {wanted}:\n{}",
        stats.lines().join("\n")
    );
    Ok(())
}

/// The kernel verifies the checksum before the daemon gets the message, and counts.
fn wrong_checksums(router: &Inside) -> Result<u64> {
    let counters = router.run("cat /proc/net/snmp6")?;
    let mut words = counters.split_whitespace();
    let count = words
        .find(|word| *word == "Icmp6InCsumErrors")
        .and(words.next());
    count
        .and_then(|count| count.parse().ok())
        .context("no Icmp6InCsumErrors")
}
