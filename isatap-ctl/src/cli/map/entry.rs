use serde::Serialize;
use serde_json::Value;

/// One entry of a map by meaning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Entry {
    pub key: String,
    #[serde(flatten)]
    pub fields: Fields,
}

/// The value of an entry: names and what they stand for, in the order of the value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field; nothing is `null` in JSON and a dash in text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// With another value of a field that is there.
    #[must_use]
    pub fn but(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let field = self.0.iter_mut().find(|(known, _)| *known == name);
        if let Some((_, is)) = field {
            *is = value.into();
        }
        self
    }
}

impl Entry {
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.0.iter().map(|(name, _)| *name)
    }

    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.fields.0.iter().map(|(_, value)| text(value))
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
