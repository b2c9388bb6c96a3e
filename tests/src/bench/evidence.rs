//! Tables of what is measured once a boot.

use super::goals::{figure, ratio};
use super::outcome::{Lookups, Outcome, Transfer};
use super::table::Table;

/// All of them, in the order of the document.
pub fn tables(outcome: &Outcome) -> Vec<Table> {
    vec![
        at_router(outcome),
        at_host(outcome),
        transfers(outcome),
        lookups(outcome),
        forged(outcome),
    ]
}

fn at_router(outcome: &Outcome) -> Table {
    let mut table = Table::new(["routers in the router's list", "XDP, packet of a host"]);
    for list in &outcome.long_lists {
        table.row([list.routers.to_string(), list.cost.to_string()]);
    }
    table
}

fn at_host(outcome: &Outcome) -> Table {
    let mut table = Table::new([
        "routers in the host's list",
        "TC, packet of a host",
        "TC, packet of a router",
        "÷ of a host",
    ]);
    for list in &outcome.host_lists {
        let over = ratio(list.from_router, list.from_host).map(figure);
        let counts = [list.routers.into(), list.from_host, list.from_router];
        let [routers, host, router] = counts.map(|count: u64| count.to_string());
        table.row([routers, host, router, over.unwrap_or_default()]);
    }
    table
}

fn transfers(outcome: &Outcome) -> Table {
    let mut table = Table::new([
        "TCP with GSO, octets",
        "by",
        "instructions, median of the connections",
        "plain ÷ it",
        "sit ÷ it",
    ]);
    for transfer in &outcome.transfers {
        let beside = |way| outcome.transfer(way, transfer.octets);
        let over = |other: Option<&Transfer>| ratio(other?.time()?, transfer.time()?);
        let [plain, sit] = ["plain", "sit"].map(|way| over(beside(way)).map(figure));
        table.row([
            transfer.octets.to_string(),
            transfer.way.clone(),
            transfer.time().unwrap_or_default().to_string(),
            plain.unwrap_or_default(),
            sit.unwrap_or_default(),
        ]);
    }
    table
}

fn lookups(outcome: &Outcome) -> Table {
    let mut table = Table::new(["what is looked up for", "packets", "asked of the kernel"]);
    for Lookups {
        what,
        packets,
        asked,
        ..
    } in &outcome.lookups
    {
        let asked: Vec<_> = asked
            .iter()
            .map(|(name, times)| format!("{name} {times}"))
            .collect();
        table.row([what.clone(), packets.to_string(), asked.join(", ")]);
    }
    table
}

fn forged(outcome: &Outcome) -> Table {
    let mut table = Table::new(["forged", "sent", "got through", "dropped as", "so many"]);
    for forged in &outcome.forged {
        let counts = [forged.sent, forged.delivered, forged.counted];
        let [sent, through, dropped] = counts.map(|count| count.to_string());
        let (what, counter) = (forged.what.clone(), forged.counter.clone());
        table.row([what, sent, through, counter, dropped]);
    }
    table
}
