//! How commands talk to the daemon: one JSON line each way over a Unix socket.
//!
//! A request is `{"command":"prl-add","ipv4":"10.0.0.1"}`, an answer `{"ok":true, …}` with the
//! fields of a document, or `{"ok":false,"error":"…"}`.

mod client;
mod status;
mod suspicion;

use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use client::{ask, interfaces};
pub use status::{
    AdvertisedBy, AdvertisingStatus, AnsweredStatus, Count, DaemonStatus, DeviceStatus,
    DifferenceStatus, DnsStatus, LayerTotals, LinkStatus, LocatorStatus, LoopLag, MappingStatus,
    PeerState, PeerStatus, PrefixStatus, PrlDocument, PrlStatus, ResolvedStatus, ResolverStatus,
    Role, RouterStatus, SCHEMA, StatusDocument, TcState, XdpState,
};
pub use suspicion::Suspicion;

/// What a command asks of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Request {
    /// Everything; answered with a [`StatusDocument`].
    Status,
    /// The Potential Router List; answered with a [`PrlDocument`].
    PrlList,
    /// Adds a router until the daemon restarts.
    PrlAdd {
        /// The router.
        ipv4: Ipv4Addr,
        /// For good: in the configuration file as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        save: bool,
    },
    /// Removes a router until the daemon restarts.
    PrlDel {
        /// The router.
        ipv4: Ipv4Addr,
        /// For good: in the configuration file as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        save: bool,
    },
}

/// Where the daemon of `interface` listens.
pub fn socket_path(interface: &str) -> PathBuf {
    PathBuf::from(format!("/run/isatap/{interface}.sock"))
}

/// The line that answers a request with `document`, without its newline.
pub fn accepted(document: &impl Serialize) -> serde_json::Result<String> {
    let mut answer = serde_json::to_value(document)?;
    match &mut answer {
        Value::Object(fields) => fields.insert("ok".to_owned(), Value::Bool(true)),
        _ => return serde_json::to_string(&json!({ "ok": true })),
    };
    serde_json::to_string(&answer)
}

/// The line that refuses a request, without its newline.
pub fn refused(error: &str) -> String {
    json!({ "ok": false, "error": error }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_the_documented_lines() {
        for (request, line) in [
            (Request::Status, r#"{"command":"status"}"#),
            (Request::PrlList, r#"{"command":"prl-list"}"#),
            (
                Request::PrlAdd {
                    ipv4: Ipv4Addr::new(10, 0, 0, 1),
                    save: false,
                },
                r#"{"command":"prl-add","ipv4":"10.0.0.1"}"#,
            ),
            (
                Request::PrlDel {
                    ipv4: Ipv4Addr::new(10, 0, 0, 1),
                    save: true,
                },
                r#"{"command":"prl-del","ipv4":"10.0.0.1","save":true}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&request).unwrap(), line);
            assert_eq!(serde_json::from_str::<Request>(line).unwrap(), request);
        }
        assert!(serde_json::from_str::<Request>(r#"{"command":"dance"}"#).is_err());
    }

    #[test]
    fn answers_are_the_documented_lines() {
        let document = json!({ "schema": 1 });
        assert_eq!(accepted(&document).unwrap(), r#"{"ok":true,"schema":1}"#);
        assert_eq!(accepted(&()).unwrap(), r#"{"ok":true}"#);
        assert_eq!(refused("no"), r#"{"error":"no","ok":false}"#);
    }
}
