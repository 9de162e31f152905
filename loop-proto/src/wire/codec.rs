//! The only place that knows how a message is laid out in bytes.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bincode::Options;
use bytes::{Buf, BufMut, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::codec::{Decoder, Encoder};

use super::{Error, Inbound, MAX_MESSAGE_BYTES};

const LENGTH_BYTES: usize = 4;

/// Reads messages of type `In` and writes messages of type `Out`.
#[derive(Debug)]
pub struct Codec<In, Out>(PhantomData<fn() -> (In, Out)>);

impl<In, Out> Default for Codec<In, Out> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

fn layout() -> impl Options {
    bincode::DefaultOptions::new()
        .with_limit(MAX_MESSAGE_BYTES as u64)
        .with_varint_encoding()
        .reject_trailing_bytes()
}

impl<In: DeserializeOwned + Inbound, Out> Decoder for Codec<In, Out> {
    type Item = In;
    type Error = Error;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<In>, Error> {
        let Some(prefix) = input.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE_BYTES {
            return Err(Error::TooLong(length));
        }
        if input.len() < LENGTH_BYTES + length {
            input.reserve(LENGTH_BYTES + length - input.len());
            return Ok(None);
        }
        input.advance(LENGTH_BYTES);
        let message = input.split_to(length);
        let decoded = catch_unwind(AssertUnwindSafe(|| layout().deserialize::<In>(&message)))
            .map_err(|_| Error::Malformed("a value is out of its range".to_owned()))?;
        let mut item = decoded.map_err(|error| Error::Malformed(error.to_string()))?;
        item.tame();
        Ok(Some(item))
    }
}

impl<In, Out: Serialize> Encoder<Out> for Codec<In, Out> {
    type Error = Error;

    fn encode(&mut self, item: Out, output: &mut BytesMut) -> Result<(), Error> {
        let start = output.len();
        output.put_u32(0);
        let encoded = layout().serialize_into((&mut *output).writer(), &item);
        let length = output.len() - start - LENGTH_BYTES;
        let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        match (encoded, output.get_mut(start..start + LENGTH_BYTES)) {
            (Ok(()), Some(place)) => place.copy_from_slice(&prefix),
            (Err(error), _) => {
                output.truncate(start);
                return Err(Error::Unencodable(error.to_string()));
            }
            (Ok(()), None) => return Err(Error::Unencodable("no room for the length".to_owned())),
        }
        Ok(())
    }
}
