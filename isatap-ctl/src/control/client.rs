use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Request, socket_path};

const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_ANSWER: u64 = 64 << 20;

/// Asks the daemon of `interface`; nothing if none is running.
pub fn ask<T: DeserializeOwned>(interface: &str, request: &Request) -> Result<Option<T>> {
    ask_at(&socket_path(interface), request)
}

/// The interfaces that daemons listen for, those of daemons that were killed among them.
pub fn interfaces() -> Vec<String> {
    let directory = socket_path("").parent().map(fs::read_dir);
    let entries = directory.into_iter().flatten().flatten().flatten();
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(".sock").map(str::to_owned)
    };
    entries.filter_map(name).collect()
}

fn ask_at<T: DeserializeOwned>(path: &Path, request: &Request) -> Result<Option<T>> {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if is_absent(error.kind()) => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot connect to {}", path.display()));
        }
    };
    let line = exchange(stream, request)
        .with_context(|| format!("the daemon at {} does not answer", path.display()))?;
    document(&line).map(Some)
}

const fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

fn exchange(mut stream: UnixStream, request: &Request) -> Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut answer)?;
    if answer.is_empty() {
        bail!("it closed the connection");
    }
    Ok(answer)
}

fn document<T: DeserializeOwned>(line: &str) -> Result<T> {
    let answer: Value = serde_json::from_str(line).context("the daemon's answer is not JSON")?;
    if answer.get("ok").and_then(Value::as_bool) != Some(true) {
        let error = answer.get("error").and_then(Value::as_str);
        bail!("the daemon refuses: {}", error.unwrap_or("no reason given"));
    }
    serde_json::from_value(answer).context("the daemon's answer has another layout")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixListener;

    use super::super::{PrlDocument, SCHEMA, accepted, refused};
    use super::*;

    /// Serves one connection with `answer` and returns what the client made of it.
    fn served(name: &str, answer: String) -> Result<Option<PrlDocument>> {
        let file = format!("isatap-ctl-{name}-{}.sock", std::process::id());
        let path = std::env::temp_dir().join(file);
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            stream.write_all(format!("{answer}\n").as_bytes()).unwrap();
            line
        });
        let ipv4 = Ipv4Addr::new(10, 0, 0, 1);
        let save = false;
        let result = ask_at(&path, &Request::PrlAdd { ipv4, save });
        let line = server.join().unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(line, "{\"command\":\"prl-add\",\"ipv4\":\"10.0.0.1\"}\n");
        result
    }

    #[test]
    fn an_answer_is_read_as_its_document() {
        let document = PrlDocument {
            schema: SCHEMA,
            interface: "isatap0".to_owned(),
            prl: Vec::new(),
        };
        let answer = served("accepted", accepted(&document).unwrap()).unwrap();
        assert_eq!(answer, Some(document));
    }

    #[test]
    fn a_refusal_is_an_error_with_its_reason() {
        let error = served("refused", refused("10.0.0.1 is our own")).unwrap_err();
        assert_eq!(error.to_string(), "the daemon refuses: 10.0.0.1 is our own");
    }

    #[test]
    fn no_socket_is_no_daemon() {
        let answer: Option<Value> =
            ask_at(Path::new("/nonexistent/socket"), &Request::Status).unwrap();
        assert_eq!(answer, None);
    }
}
