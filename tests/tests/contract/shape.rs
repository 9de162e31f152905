//! What JSON must look like: the names of the fields, and the types of their values.

use serde_json::Value;

/// In an object of a shape: fields of ours that may stand beside those of the contract, whose clients pass over them.
pub(crate) const MORE: &str = "+";

/// In place of a list: the shape of each of its values.
pub(crate) const EACH: &str = "each";

/// Whether a value is as described and no more: names of types stand for any value of that type, with `?` for null, too;
/// all else stands for itself. The error says where it is not.
pub(crate) fn check(value: &Value, shape: &Value) -> Result<(), String> {
    at("", value, shape)
}

fn at(place: &str, value: &Value, shape: &Value) -> Result<(), String> {
    match (value, shape) {
        (_, Value::String(kind)) if is_kind(kind) => is_of(value, kind)
            .then_some(())
            .ok_or_else(|| format!("{place}: {value} is no {kind}")),
        (Value::Array(values), Value::Object(shape)) if shape.contains_key(EACH) => values
            .iter()
            .enumerate()
            .try_for_each(|(number, value)| at(&format!("{place}[{number}]"), value, &shape[EACH])),
        (Value::Object(fields), Value::Object(shape)) => {
            let more = shape.get(MORE).and_then(Value::as_array);
            let is_more = |name: &String| {
                more.is_some_and(|more| more.iter().any(|more| more == name.as_str()))
            };
            let unknown = |name: &&String| !shape.contains_key(*name) && !is_more(name);
            if let Some(name) = fields.keys().find(unknown) {
                return Err(format!("{place}.{name} is not in the contract"));
            }
            let wanted = shape.iter().filter(|(name, _)| *name != MORE);
            wanted
                .into_iter()
                .try_for_each(|(name, shape)| match fields.get(name) {
                    Some(value) => at(&format!("{place}.{name}"), value, shape),
                    None => Err(format!("{place}.{name} is missing")),
                })
        }
        _ if value == shape => Ok(()),
        _ => Err(format!("{place}: {value} instead of {shape}")),
    }
}

const KINDS: [&str; 8] = [
    "any", "int", "number", "bool", "list", "object", "text", "time",
];

fn is_kind(text: &str) -> bool {
    KINDS.contains(&text.trim_end_matches('?'))
}

fn is_of(value: &Value, kind: &str) -> bool {
    match (value, kind.trim_end_matches('?')) {
        (_, "any") | (Value::Number(_), "number") => true,
        (Value::Null, _) => kind.ends_with('?'),
        (Value::Number(number), "int") => number.is_u64() || number.is_i64(),
        (Value::Bool(_), "bool")
        | (Value::Array(_), "list")
        | (Value::Object(_), "object")
        | (Value::String(_), "text") => true,
        // As JavaScript's Date reads and writes it.
        (Value::String(text), "time") => {
            text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z')
        }
        _ => false,
    }
}

#[test]
fn a_shape_fits_what_it_describes_and_nothing_else() {
    use serde_json::json;
    let shape = json!({"a": "int", "b": {EACH: "text?"}, "c": {"d": true, MORE: ["e"]}});
    let fits = |value: Value| check(&value, &shape);
    assert_eq!(
        fits(json!({"a": 1, "b": ["x", null], "c": {"d": true, "e": 0}})),
        Ok(())
    );
    for (value, fault) in [
        (
            json!({"a": 1.5, "b": [], "c": {"d": true}}),
            ".a: 1.5 is no int",
        ),
        (
            json!({"a": 1, "b": ["x", 2], "c": {"d": true}}),
            ".b[1]: 2 is no text?",
        ),
        (
            json!({"a": 1, "b": [], "c": {"d": false}}),
            ".c.d: false instead of true",
        ),
        (json!({"a": 1, "b": []}), ".c is missing"),
        (
            json!({"a": 1, "b": [], "c": {"d": true, "f": 0}}),
            ".c.f is not in the contract",
        ),
    ] {
        assert_eq!(fits(value), Err(fault.to_owned()));
    }
}
