//! What NetworkManager says by itself, read.

use std::collections::HashMap;

use zbus::{Message, OwnedObjectPath};

use super::facts::{Path, Properties};
use super::names::{CONNECTION, DEVICE, OBJECT_MANAGER, PROPERTIES};
use super::trial::Turn;

/// One signal.
#[derive(Debug)]
pub(crate) enum News {
    /// Properties of an interface of an object have other values.
    Changed {
        object: Path,
        interface: String,
        properties: Properties,
    },
    /// An object is there, or has more interfaces.
    Added {
        object: Path,
        interfaces: HashMap<String, Properties>,
    },
    /// An object has fewer interfaces, or none.
    Removed {
        object: Path,
        interfaces: Vec<String>,
    },
    /// A device has gone on.
    Turned { device: Path, turn: Turn },
    /// A profile says something else.
    Edited { profile: Path },
}

impl News {
    /// What a message says; `None` for one that does not matter here, or is not as it should be.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        let (header, body) = (message.header(), message.body());
        let object = header.path()?.to_string();
        match (header.interface()?.as_str(), header.member()?.as_str()) {
            (PROPERTIES, "PropertiesChanged") => {
                let (interface, properties, _): (String, Properties, Vec<String>) =
                    body.deserialize().ok()?;
                Some(Self::Changed {
                    object,
                    interface,
                    properties,
                })
            }
            (OBJECT_MANAGER, "InterfacesAdded") => {
                let (object, interfaces): (OwnedObjectPath, _) = body.deserialize().ok()?;
                let object = object.to_string();
                Some(Self::Added { object, interfaces })
            }
            (OBJECT_MANAGER, "InterfacesRemoved") => {
                let (object, interfaces): (OwnedObjectPath, _) = body.deserialize().ok()?;
                let object = object.to_string();
                Some(Self::Removed { object, interfaces })
            }
            (DEVICE, "StateChanged") => {
                let (to, from, reason) = body.deserialize().ok()?;
                let turn = Turn { to, from, reason };
                Some(Self::Turned {
                    device: object,
                    turn,
                })
            }
            (CONNECTION, "Updated") => Some(Self::Edited { profile: object }),
            _ => None,
        }
    }
}
