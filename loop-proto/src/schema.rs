//! Our names and numbers as JSON Schema, for frontends that describe their interface to programs in other languages.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::ids::Slug;
use crate::units::{Brightness, Repeats};

fn text(pattern: &str, description: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text.pattern(Some(pattern)).description(Some(description));
    text.into()
}

fn number(least: u32, most: u32, description: &str) -> RefOr<Schema> {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    let number = number.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)));
    let number = number.minimum(Some(least)).maximum(Some(most));
    number.description(Some(description)).into()
}

impl PartialSchema for Slug {
    fn schema() -> RefOr<Schema> {
        text("^[a-z0-9_][a-z0-9._-]{0,95}$", "Names an item.")
    }
}

impl ToSchema for Slug {}

impl PartialSchema for Repeats {
    fn schema() -> RefOr<Schema> {
        let description = "Passes of an animation before the next entry.";
        number(1, Self::MOST, description)
    }
}

impl ToSchema for Repeats {}

impl PartialSchema for Brightness {
    fn schema() -> RefOr<Schema> {
        number(0, 100, "Of the backlight, in percent.")
    }
}

impl ToSchema for Brightness {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MAX_SLUG_BYTES;

    #[test]
    fn the_longest_name_is_as_long_as_its_pattern_says() {
        let schema = serde_json::to_value(Slug::schema()).unwrap();
        let pattern = schema["pattern"].as_str().unwrap();
        assert!(pattern.contains(&format!("{{0,{}}}", MAX_SLUG_BYTES - 1)));
    }
}
