//! Whole numbers as clients write them: in JSON 5.0 is one, too.

use serde::{Deserialize, Deserializer};
use serde_json::Number;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// The number, if it is whole; of one that is too large the nearest there is.
pub(super) fn whole(number: &Number) -> Option<i64> {
    let nearest = || {
        let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
        let most = if number > 0.0 { i64::MAX } else { i64::MIN };
        Some(format!("{number:.0}").parse().unwrap_or(most))
    };
    number.as_i64().or_else(nearest)
}

/// Reads one that may be absent or null.
pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let number = Option::<Number>::deserialize(from)?;
    let number = number.map(|number| {
        let found = || serde::de::Error::custom(format!("{number} is no whole number"));
        whole(&number).ok_or_else(found)
    });
    number.transpose()
}

/// As the document describes one that may be null: without a format, which would bound it.
pub(super) fn described() -> Object {
    let types = SchemaType::from_iter([Type::Integer, Type::Null]);
    ObjectBuilder::new().schema_type(types).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_taken_however_it_is_written() {
        for (text, wanted) in [
            ("5", Some(5)),
            ("-3.0", Some(-3)),
            ("1e2", Some(100)),
            ("9223372036854775807", Some(i64::MAX)),
            ("5.5", None),
            ("9223372036854775808", Some(i64::MAX)),
            ("-1e300", Some(i64::MIN)),
        ] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(whole(&number), wanted, "{text}");
        }
    }
}
