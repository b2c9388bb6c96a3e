//! A site of network namespaces, the daemon inside it, packets for it, and the story that the lab
//! tells with them.

pub mod backlog;
pub mod bare;
pub mod bench;
pub mod bpf;
pub mod config;
pub mod daemon;
pub mod dns;
pub mod exec;
pub mod flood;
pub mod foreign;
pub mod forge;
pub mod interop;
pub mod interrupt;
pub mod lab;
pub mod links;
pub mod names;
pub mod notify;
pub mod ns;
pub mod octets;
pub mod packet;
pub mod pings;
pub mod pins;
pub mod process;
pub mod report;
pub mod resolved;
pub mod site;
pub mod solicitations;
pub mod stats;
pub mod steps;
pub mod story;
pub mod sweep;
pub mod traffic;
