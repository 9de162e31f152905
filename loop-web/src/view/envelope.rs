//! What is around most answers: the contract's envelope, and the one shape of all refusals.

use std::collections::BTreeMap;

use loop_proto::Slug;
use serde::Serialize;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Around the answer to a request that has succeeded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Envelope<T> {
    #[schema(schema_with = always_true)]
    success: bool,
    /// For people.
    message: Option<String>,
    data: T,
    #[schema(schema_with = always_null)]
    errors: (),
}

impl<T> Envelope<T> {
    /// Without a word.
    pub(crate) fn around(data: T) -> Self {
        Self {
            success: true,
            message: None,
            data,
            errors: (),
        }
    }

    /// With a sentence for people.
    pub(crate) fn saying(message: impl Into<String>, data: T) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::around(data)
        }
    }
}

/// `data` of an answer that is told by its message alone.
#[derive(Debug, Serialize)]
pub(crate) struct Nothing;

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        always_null().into()
    }
}

impl ToSchema for Nothing {}

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusal {
    #[schema(schema_with = always_false)]
    pub(crate) success: bool,
    /// For people: what is wrong and what to do about it.
    pub(crate) message: String,
    /// The same, where clients of the original look for it.
    pub(crate) detail: String,
    /// For programs.
    #[schema(pattern = "^[A-Z][A-Z0-9_]*$")]
    pub(crate) code: &'static str,
    pub(crate) errors: Option<Faults>,
    /// Unix time in seconds.
    pub(crate) timestamp: u64,
    /// Seconds after which the request may be sent again.
    pub(crate) retry_after: Option<u32>,
}

/// More about a refusal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Faults {
    /// What is wrong with a field, by its name.
    Fields(Vec<BTreeMap<String, String>>),
    /// With a full disk: what would make the most room.
    Room(Vec<Largest>),
}

/// An item that takes much room.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Largest {
    pub(crate) slug: Slug,
    pub(crate) title: String,
    /// Of all its files.
    pub(crate) bytes: u64,
}

/// What an older client looks for and this version does not have.
pub(crate) fn always_null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}

fn always_true() -> Object {
    always(true)
}

fn always_false() -> Object {
    always(false)
}

fn always(value: bool) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Boolean);
    object.enum_values(Some([value])).build()
}
