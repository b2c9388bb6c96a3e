//! The results for people.

use super::verdict::{Machine, Verdict};

/// Prints every machine's cases, and the programs side by side.
pub fn print(machines: &[Machine]) {
    for machine in machines {
        println!("\nLinux {}", machine.outcome.kernel);
        machine.verdicts.iter().for_each(case);
    }
    println!();
    programs(machines);
    for machine in machines {
        let (held, all) = (
            machine.verdicts.iter().filter(|one| one.held()).count(),
            machine.verdicts.len(),
        );
        println!("Linux {}: {held} of {all} cases held", machine.series());
    }
}

fn case(verdict: &Verdict) {
    let Verdict {
        case,
        played,
        looked_at,
        failures,
    } = verdict;
    let word = if verdict.held() { "ok    " } else { "FAILED" };
    let here = played.host_seconds;
    let here = here.map_or_else(|| "?".to_owned(), |seconds| format!("{seconds:.1}"));
    println!(
        "{word} {:<28} {:>6.1} s, here {here:>6} s  {looked_at:>3} checks of packets  {}",
        case.name, played.seconds, case.peer
    );
    if let Some(comparison) = &played.comparison {
        println!("         sit:  {}", comparison.incumbent);
        println!("         ours: {}", comparison.ours);
    }
    for line in failures.iter().flat_map(|failure| failure.lines()) {
        println!("         {line}");
    }
}

/// One row a program, two columns a kernel.
fn programs(machines: &[Machine]) {
    let names = machines
        .iter()
        .flat_map(|machine| &machine.outcome.programs)
        .map(|program| program.name.as_str());
    let names: std::collections::BTreeSet<_> = names.collect();
    let heads = machines.iter().map(|machine| {
        let series = machine.series();
        format!("{:>24}", format!("{series} verified, stack"))
    });
    println!("{:<26}{}", "program", heads.collect::<String>());
    for name in names {
        let cells = machines.iter().map(|machine| {
            let mut programs = machine.outcome.programs.iter();
            let found = programs.find(|program| program.name == name);
            let cell = found.map_or_else(
                || "-".to_owned(),
                |program| format!("{} insns, {} octets", program.verified, program.stack),
            );
            format!("{cell:>24}")
        });
        println!("{name:<26}{}", cells.collect::<String>());
    }
}
