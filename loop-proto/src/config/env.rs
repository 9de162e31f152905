//! Environment variables over the file: `LOOP_<SECTION>_<KEY>`.

use toml::{Table, Value};

use super::{Config, Error};

pub(super) fn overlay(
    mut config: Config,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Config, Error> {
    for (name, value) in variables {
        let fail = |message: String| Error::Env {
            name: name.clone(),
            message,
        };
        let mut table = Table::try_from(&config).map_err(|error| fail(error.to_string()))?;
        let Some((section, key)) = target(&table, &name) else {
            continue;
        };
        let Some(old) = table.get(&section).and_then(|section| section.get(&key)) else {
            return Err(fail(format!("[{section}] has no key `{key}`")));
        };
        let new = typed_like(old, &value).map_err(fail)?;
        if let Some(section) = table.get_mut(&section).and_then(Value::as_table_mut) {
            section.insert(key, new);
        }
        config = table
            .try_into()
            .map_err(|error: toml::de::Error| fail(error.message().to_owned()))?;
    }
    Ok(config)
}

/// Section and key a variable names; `None` if it is not about any section.
fn target(table: &Table, variable: &str) -> Option<(String, String)> {
    let (section, key) = variable.strip_prefix("LOOP_")?.split_once('_')?;
    let section = section.to_ascii_lowercase();
    table
        .contains_key(&section)
        .then(|| (section, key.to_ascii_lowercase()))
}

/// Reads a variable's text as the type the key has.
fn typed_like(old: &Value, text: &str) -> Result<Value, String> {
    match old {
        Value::Integer(_) => text
            .parse()
            .map(Value::Integer)
            .map_err(|_| format!("`{text}` is not a whole number")),
        Value::Boolean(_) => text
            .parse()
            .map(Value::Boolean)
            .map_err(|_| format!("`{text}` is not true or false")),
        Value::Array(_) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Ok(Value::Array(
                parts.map(|part| Value::String(part.to_owned())).collect(),
            ))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
