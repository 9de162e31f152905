//! Values of properties as our types. One of another type than it should be is as good as none.

use std::collections::HashMap;
use std::str::FromStr;

use zbus::{OwnedObjectPath, OwnedVariant};

use super::Path;

/// Takes a simple value over.
pub(super) fn take<'a, T: TryFrom<&'a OwnedVariant>>(place: &mut T, value: &'a OwnedVariant) {
    if let Ok(value) = T::try_from(value) {
        *place = value;
    }
}

/// A text.
pub(super) fn text(value: &OwnedVariant) -> String {
    <&str>::try_from(value).unwrap_or_default().to_owned()
}

/// Where another object is.
pub(super) fn path(value: &OwnedVariant) -> Path {
    convert::<OwnedObjectPath>(value).map_or_else(Path::new, |path| path.to_string())
}

/// Where other objects are.
pub(super) fn paths(value: &OwnedVariant) -> Vec<Path> {
    let paths = convert::<Vec<OwnedObjectPath>>(value).unwrap_or_default();
    paths.iter().map(ToString::to_string).collect()
}

/// Bytes that mean whatever they mean.
pub(super) fn bytes(value: &OwnedVariant) -> Vec<u8> {
    convert(value).unwrap_or_default()
}

/// The addresses of a list of descriptions of addresses.
pub(super) fn addresses<T: FromStr>(value: &OwnedVariant) -> Vec<T> {
    let all: Vec<HashMap<String, OwnedVariant>> = convert(value).unwrap_or_default();
    let address =
        |described: &HashMap<String, OwnedVariant>| text(described.get("address")?).parse().ok();
    all.iter().filter_map(address).collect()
}

fn convert<T: TryFrom<OwnedVariant>>(value: &OwnedVariant) -> Option<T> {
    T::try_from(value.try_clone().ok()?).ok()
}
