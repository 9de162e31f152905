//! How an original becomes a clip.

use std::str::FromStr;

use loop_proto::clip::Quality;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a picture of another shape is put on the glass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// It fills the glass; what is too much is cut off.
    #[default]
    Fill,
    /// All of it is there, on black.
    Fit,
}

/// How an original becomes a clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// Its shape.
    pub fit: Fit,
    /// How closely the clip keeps to it.
    pub quality: Quality,
}

/// A text that is none of the words it may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {found:?}, it must be {expected}")]
pub struct NoLook {
    /// Of the field.
    pub name: &'static str,
    found: String,
    expected: &'static str,
}

impl FromStr for Fit {
    type Err = NoLook;

    fn from_str(text: &str) -> Result<Self, NoLook> {
        match text {
            "fill" => Ok(Self::Fill),
            "fit" => Ok(Self::Fit),
            _ => Err(NoLook {
                name: "fit",
                found: text.chars().take(40).collect(),
                expected: "fill or fit",
            }),
        }
    }
}

impl Look {
    /// From the words a client may send; without one it is the default.
    ///
    /// # Errors
    /// With the field and what it may be.
    pub fn from_words(fit: Option<&str>, quality: Option<&str>) -> Result<Self, NoLook> {
        let quality = quality.map(|word| {
            Quality::from_name(word).ok_or_else(|| NoLook {
                name: "quality",
                found: word.chars().take(40).collect(),
                expected: "off, balanced or small",
            })
        });
        Ok(Self {
            fit: fit.map(str::parse).transpose()?.unwrap_or_default(),
            quality: quality.transpose()?.unwrap_or_default(),
        })
    }
}
