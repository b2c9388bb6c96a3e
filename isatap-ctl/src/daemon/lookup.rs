//! The routers' name, looked up in DNS as /etc/resolv.conf says.

use std::{
    fs,
    future::pending,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use hickory_resolver::{
    Resolver,
    config::ResolveHosts,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
    system_conf::read_system_conf,
};
use tokio::{task::JoinHandle, time::timeout};

use crate::prl::resolver::Answer;

/// What tells the resolvers of this machine.
const SYSTEM: &str = "/etc/resolv.conf";
/// Longest look-up, all servers and repetitions included.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often that file is looked at for a change.
const PACE: Duration = Duration::from_secs(1);

/// The look-up that is under way, and the file that it goes by.
pub struct Lookup {
    task: Option<JoinHandle<Answer>>,
    system: Option<Stamp>,
    looked: Instant,
}

/// What a file is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Lookup {
    /// None yet.
    pub fn new() -> Self {
        Self {
            task: None,
            system: stamp(Path::new(SYSTEM)),
            looked: Instant::now(),
        }
    }

    /// Looks `name` up, and gives up one that is under way.
    pub fn start(&mut self, name: &str) {
        if let Some(given_up) = self.task.take() {
            given_up.abort();
        }
        let name = format!("{name}.");
        self.task = Some(tokio::spawn(async move {
            match timeout(PATIENCE, look_up(&name)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => Answer::Failed(error.to_string()),
                Err(_) => Answer::Failed(NetError::Timeout.to_string()),
            }
        }));
    }

    /// Waits for the answer, for ever if nothing was asked. Dropping the future loses none.
    pub async fn answer(&mut self) -> Answer {
        let Some(task) = &mut self.task else {
            return pending().await;
        };
        let answer = task.await;
        self.task = None;
        answer.unwrap_or_else(|error| Answer::Failed(error.to_string()))
    }

    /// Whether /etc/resolv.conf has changed since it was last asked.
    pub fn system_changed(&mut self) -> bool {
        if self.looked.elapsed() < PACE {
            return false;
        }
        self.looked = Instant::now();
        let found = stamp(Path::new(SYSTEM));
        std::mem::replace(&mut self.system, found) != found
    }
}

/// The A records of `name`, which ends in a dot and so is not completed by any search list. The
/// file is read anew each time, nothing is kept in a cache, and neither /etc/hosts nor anything
/// but DNS is asked.
async fn look_up(name: &str) -> Result<Answer, NetError> {
    let name = Name::from_ascii(name)?;
    let (config, mut options) = read_system_conf()?;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    let resolver = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let resolver = resolver.with_options(options).build()?;
    match resolver.lookup(name.clone(), RecordType::A).await {
        Ok(found) => {
            let records = found.answers();
            // With an alias the resolver has put its lifetime, if it is shorter, into the record.
            let ttl = records.iter().map(|record| lifetime(record.ttl)).min();
            let addresses = records.iter().filter_map(|record| match &record.data {
                RData::A(address) => Some(address.0),
                _ => None,
            });
            Ok(Answer::Routers {
                addresses: addresses.collect(),
                ttl: ttl.unwrap_or_default(),
            })
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
            let ttl = none.negative_ttl.map(lifetime);
            match none.response_code {
                ResponseCode::NoError if resolver.lookup(name, RecordType::CNAME).await.is_ok() => {
                    Ok(Answer::Failed("an alias that leads nowhere".to_owned()))
                }
                ResponseCode::NXDomain | ResponseCode::NoError => Ok(Answer::Nothing { ttl }),
                code => Err(NetError::Dns(DnsError::ResponseCode(code))),
            }
        }
        Err(error) => Err(error),
    }
}

/// A TTL field; what has its first bit set is none (RFC 2181 section 8).
fn lifetime(ttl: u32) -> Duration {
    Duration::from_secs(i32::try_from(ttl).map_or(0, i32::cast_unsigned).into())
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        seconds: metadata.mtime(),
        nanoseconds: metadata.mtime_nsec(),
    })
}
