//! Lines for people.

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// Prints the steps of the story; coloured only on a terminal and without `NO_COLOR`.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    colours: bool,
}

impl Report {
    /// For the standard output.
    pub fn new() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colours: io::stdout().is_terminal() && !refused,
        }
    }

    /// A step that held, with what was seen.
    pub fn ok(self, number: usize, title: &str, took: Duration, evidence: &[String]) {
        self.step(number, &self.paint("32", "ok    "), title, took, evidence);
    }

    /// A step that did not.
    pub fn failed(self, number: usize, title: &str, took: Duration, error: &anyhow::Error) {
        let evidence: Vec<_> = format!("{error:#}").lines().map(String::from).collect();
        self.step(
            number,
            &self.paint("31;1", "FAILED"),
            title,
            took,
            &evidence,
        );
    }

    /// A line outside of the steps.
    pub fn say(self, text: &str) {
        print(text);
    }

    fn step(self, number: usize, word: &str, title: &str, took: Duration, evidence: &[String]) {
        let time = self.paint("2", &format!("{:.1} s", took.as_secs_f64()));
        print(&format!("{number:>2}  {word}  {title:<62} {time}"));
        for line in evidence {
            print(&format!("            {}", self.paint("2", line)));
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

/// A reader that went away (`| head`) must not keep the lab from cleaning up.
fn print(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
