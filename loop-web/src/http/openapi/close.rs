//! What we answer has exactly the fields that are described: each of them always, and no other.

use std::collections::BTreeSet;

use utoipa::Modify;
use utoipa::openapi::schema::{AdditionalProperties, Object, Schema};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr};

/// Types know which fields may be absent when they are read, and nothing of that we always write them all. What clients send
/// stays as its type has it: a field that nobody knows is passed over, unless the type refuses it.
pub(super) struct Closed;

impl Modify for Closed {
    fn modify(&self, document: &mut OpenApi) {
        let sent = sent_by_clients(document);
        let Some(Components { schemas, .. }) = &mut document.components else {
            return;
        };
        for (name, schema) in schemas {
            if let RefOr::T(Schema::Object(object)) = schema
                && !sent.contains(name)
            {
                name_content(name, object);
                close(object);
            }
        }
    }
}

/// An envelope names what is in it; the derive puts in a copy.
fn name_content(name: &str, envelope: &mut Object) {
    if let Some(content) = name.strip_prefix("Envelope_") {
        let named = Ref::from_schema_name(content).into();
        envelope.properties.insert("data".to_owned(), named);
    }
}

fn close(object: &mut Object) {
    if object.properties.is_empty() {
        return;
    }
    object.required = object.properties.keys().cloned().collect();
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
}

/// The names of the schemas of requests' bodies. Those have no named types within them.
fn sent_by_clients(document: &OpenApi) -> BTreeSet<String> {
    let paths = document.paths.paths.values();
    let operations = paths.flat_map(|path| [&path.post, &path.put, &path.patch]);
    let bodies = operations
        .flatten()
        .filter_map(|operation| match &operation.request_body {
            Some(RefOr::T(body)) => Some(body),
            _ => None,
        });
    let contents = bodies.flat_map(|body| body.content.values());
    let names = contents.filter_map(|content| match content {
        RefOr::T(content) => match &content.schema {
            Some(RefOr::Ref(schema)) => schema.ref_location.rsplit('/').next(),
            _ => None,
        },
        RefOr::Ref(_) => None,
    });
    let names = names.map(str::to_owned);
    names.collect()
}
