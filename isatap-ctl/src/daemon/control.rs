//! The daemon's end of the control socket.

use std::{
    fs, io, net::Ipv4Addr, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration,
};

use isatap_common::abi::PrlSource;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tracing::info;

use super::{node::Node, status};
use crate::{
    config,
    control::{PrlDocument, Request, SCHEMA, accepted, refused, socket_path},
    kernel::Error,
};

/// Clients served at once.
const CLIENTS: usize = 8;
/// Longest request in bytes.
const LONGEST_REQUEST: u64 = 4096;
/// How long a client may take over its request or the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request and where its answer goes.
pub type Question = (Request, oneshot::Sender<String>);

/// Listens, and hands the loop one request at a time.
pub struct Server {
    questions: mpsc::Receiver<Question>,
    accepting: JoinHandle<()>,
    path: PathBuf,
}

impl Server {
    /// Listens for commands about `interface`. Call it with the interface's lock held.
    pub fn bind(interface: &str) -> Result<Self, Error> {
        let path = socket_path(interface);
        let listener = listen(&path)
            .map_err(|cause| Error::new(format!("listen at {}", path.display()), cause))?;
        let (sender, questions) = mpsc::channel(CLIENTS);
        Ok(Self {
            questions,
            accepting: tokio::spawn(accept(listener, sender)),
            path,
        })
    }

    /// The next request. Dropping the future loses none.
    pub async fn next(&mut self) -> Option<Question> {
        self.questions.recv().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        // The next daemon would replace it anyway.
        let _ = fs::remove_file(&self.path);
    }
}

/// Answers a request. Returns whether the router list has changed.
pub fn answer(node: &mut Node, (request, sender): Question) -> bool {
    let (line, changed) = respond(node, &request);
    // A client that has gone needs no answer.
    let _ = sender.send(line);
    changed
}

fn respond(node: &mut Node, request: &Request) -> (String, bool) {
    let document = match request {
        Request::Status => accepted(&status::document(node)),
        Request::PrlList => accepted(&PrlDocument {
            schema: SCHEMA,
            interface: node.settings.interface.name.clone(),
            prl: status::prl(node),
        }),
        Request::PrlAdd { ipv4, save } => return done(add(node, *ipv4, *save)),
        Request::PrlDel { ipv4, save } => return done(remove(node, *ipv4, *save)),
    };
    (
        document.unwrap_or_else(|error| refused(&error.to_string())),
        false,
    )
}

/// The answer to a request to change the list, and whether it has changed.
fn done(result: Result<(), String>) -> (String, bool) {
    let changed = result.is_ok();
    let line = result.and_then(|()| accepted(&()).map_err(|error| error.to_string()));
    (line.unwrap_or_else(|error| refused(&error)), changed)
}

fn add(node: &mut Node, router: Ipv4Addr, save: bool) -> Result<(), String> {
    let mut list = node.prl.clone();
    let source = if save {
        PrlSource::Static
    } else {
        PrlSource::Command
    };
    list.unbar(router);
    list.add(source, router)
        .map_err(|refusal| refusal.to_string())?;
    if save {
        config::add_router(&node.settings.file, router).map_err(|error| error.to_string())?;
        list.remove(PrlSource::Command, router);
    }
    node.prl = list;
    info!("router {router} added by command{}", for_good(save));
    Ok(())
}

fn remove(node: &mut Node, router: Ipv4Addr, save: bool) -> Result<(), String> {
    if save {
        config::remove_router(&node.settings.file, router).map_err(|error| error.to_string())?;
    }
    let forgotten = save && node.prl.remove(PrlSource::Static, router);
    if !node.prl.bar(router) && !forgotten {
        return Err(format!("{router} is not in the list"));
    }
    info!("router {router} removed by command{}", for_good(save));
    Ok(())
}

const fn for_good(save: bool) -> &'static str {
    if save {
        ", and in the configuration"
    } else {
        ""
    }
}

fn listen(path: &PathBuf) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

async fn accept(listener: UnixListener, questions: mpsc::Sender<Question>) {
    let slots = std::sync::Arc::new(tokio::sync::Semaphore::new(CLIENTS));
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let questions = questions.clone();
        tokio::spawn(async move {
            // A client that is slow or goes away harms nobody but itself.
            let _ = timeout(PATIENCE, serve(stream, questions)).await;
            drop(slot);
        });
    }
}

async fn serve(stream: UnixStream, questions: mpsc::Sender<Question>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LONGEST_REQUEST))
        .read_line(&mut line)
        .await?;
    let answer = match serde_json::from_str(&line) {
        Err(error) => refused(&format!("not a request: {error}")),
        Ok(request) => {
            let (sender, receiver) = oneshot::channel();
            if questions.send((request, sender)).await.is_err() {
                return Ok(());
            }
            receiver
                .await
                .unwrap_or_else(|_| refused("the daemon is stopping"))
        }
    };
    writer.write_all(format!("{answer}\n").as_bytes()).await
}
