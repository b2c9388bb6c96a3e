use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problems, Wrong, spelling};

/// One table of the file. A key that was asked for is known; the others are refused in the end by
/// [`Table::refuse_unknown`].
pub(in crate::config) struct Table<'a> {
    path: String,
    span: Range<usize>,
    entries: Option<&'a DeTable<'a>>,
    problems: &'a Problems<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    pub fn root(entries: &'a DeTable<'a>, problems: &'a Problems<'a>) -> Self {
        Self::new(String::new(), 0..0, Some(entries), problems)
    }

    /// Whether the file has this table.
    pub const fn is_present(&self) -> bool {
        self.entries.is_some()
    }

    /// The table `key` below this one; an absent one reads as empty.
    pub fn section(&self, key: &'static str) -> Self {
        let value = self.value(key);
        let entries = value.and_then(|value| self.as_table(key, value));
        let span = entries.and(value).map_or(self.span.clone(), Spanned::span);
        Self::new(self.path_of(key), span, entries, self.problems)
    }

    /// The tables of the array `[[key]]`.
    pub fn sections(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            let path = self.path_of(key);
            self.wrong(
                key,
                format!("{path}: expected an array of tables; write [[{path}]]"),
            );
            return Vec::new();
        };
        let tables = array.iter().filter_map(|item| {
            let entries = self.as_table(key, item)?;
            Some(Self::new(
                self.path_of(key),
                item.span(),
                Some(entries),
                self.problems,
            ))
        });
        tables.collect()
    }

    /// The value of `key`, if it is there and right.
    pub fn read<T>(
        &self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.convert(key, self.value(key)?, read)
    }

    /// As [`Table::read`], but an absent key is an error.
    pub fn require<T>(
        &self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        if self.value(key).is_none() {
            self.missing(key);
        }
        self.read(key, read)
    }

    /// The items of the array `key`, if it is there; an item that is wrong or there twice is left
    /// out.
    pub fn list<T: Clone + Ord>(
        &self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.refuse(key, value, Wrong::expected("a list in [ ]"));
            return None;
        };
        let (mut items, mut seen) = (Vec::new(), BTreeSet::new());
        for item in array {
            match self.convert(key, item, &read) {
                Some(read) if !seen.insert(read.clone()) => self.twice(key, item),
                read => items.extend(read),
            }
        }
        Some(items)
    }

    /// As [`Table::list`], but an absent key and an empty list are errors.
    pub fn require_list<T: Clone + Ord>(
        &self,
        key: &'static str,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        match self.value(key) {
            None => self.missing(key),
            Some(value)
                if value
                    .get_ref()
                    .as_array()
                    .is_some_and(|list| list.is_empty()) =>
            {
                self.refuse(key, value, Wrong::expected("at least one item"));
            }
            Some(_) => {}
        }
        self.list(key, read)
    }

    /// Refuses the function of `key`, if the key is there: it comes later.
    pub fn unsupported(&self, key: &'static str) {
        let Some(value) = self.value(key) else { return };
        let path = self.path_of(key);
        let message = match self.problems.written(&value.span()) {
            Some(written) if !value.get_ref().is_table() => {
                format!("{path} = {written} is not supported yet")
            }
            _ => format!("{path} is not supported yet"),
        };
        self.wrong(key, message);
    }

    /// Records an error in the value of `key`, or in the table if that is absent.
    pub fn wrong(&self, key: &'static str, message: String) {
        let span = self.value(key).map_or(self.span.clone(), Spanned::span);
        self.problems.wrong(&span, message);
    }

    /// Records an error in `key` itself.
    pub fn wrong_key(&self, key: &'static str, message: String) {
        let entry = self.entries.and_then(|entries| entries.get_key_value(key));
        let span = entry.map_or(self.span.clone(), |(key, _)| key.span());
        self.problems.wrong(&span, message);
    }

    /// Notes that `key`, if it is there, has no effect, and why.
    pub fn idle(&self, key: &'static str, why: &str) {
        let Some(entries) = self.entries else { return };
        if let Some((name, _)) = entries.get_key_value(key) {
            let message = format!("{} has no effect, because {why}", self.path_of(key));
            self.problems.note(&name.span(), message);
        }
    }

    /// Refuses every key that nothing asked for.
    pub fn refuse_unknown(&self) {
        let known = self.known.borrow();
        for (key, _) in self.entries.into_iter().flatten() {
            if !known.contains(&key.get_ref().as_ref()) {
                let path = self.path_of(key.get_ref());
                let hint = self.spelling_of(key.get_ref(), &known);
                self.problems
                    .misplaced(&key.span(), format!("unknown key {path}; {hint}"));
            }
        }
    }

    /// The full name of `key`.
    pub fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    fn new(
        path: String,
        span: Range<usize>,
        entries: Option<&'a DeTable<'a>>,
        problems: &'a Problems<'a>,
    ) -> Self {
        Self {
            path,
            span,
            entries,
            problems,
            known: RefCell::default(),
        }
    }

    fn missing(&self, key: &str) {
        let path = self.path_of(key);
        self.problems
            .missing(&self.span, format!("missing key {path}"));
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.entries?.get(key)
    }

    fn as_table(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Option<&'a DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.refuse(key, value, Wrong::expected("a table"));
        }
        table
    }

    fn convert<T>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        read: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
    ) -> Option<T> {
        read(value.get_ref())
            .map_err(|wrong| self.refuse(key, value, wrong))
            .ok()
    }

    fn refuse(&self, key: &str, value: &Spanned<DeValue<'_>>, wrong: Wrong) {
        let path = self.path_of(key);
        let message = match wrong {
            Wrong::Because(reason) => format!("{path}: {reason}"),
            Wrong::Expected(what) => {
                let found = match self.problems.written(&value.span()) {
                    Some(written) if !value.get_ref().is_table() => written,
                    _ => value.get_ref().type_str(),
                };
                format!("{path}: expected {what}, found {found}")
            }
        };
        self.problems.wrong(&value.span(), message);
    }

    fn twice(&self, key: &str, item: &Spanned<DeValue<'_>>) {
        let written = self.problems.written(&item.span()).unwrap_or("the same");
        let message = format!("{}: {written} is there twice", self.path_of(key));
        self.problems.wrong(&item.span(), message);
    }

    fn spelling_of(&self, written: &str, known: &[&str]) -> String {
        let place = match self.path.as_str() {
            "" => "the file has the tables".to_owned(),
            path => format!("[{path}] has the keys"),
        };
        match spelling::nearest(written, known) {
            Some(name) => format!("is it {name}?"),
            None => format!("{place} {}", known.join(", ")),
        }
    }
}
