//! What loop-hw reads from its socket: no bytes may panic it, and no deadline may get past the limit.
#![no_main]

use std::time::Instant;

use bytes::{BufMut, BytesMut};
use libfuzzer_sys::fuzz_target;
use loop_proto::service::HardwareRequest;
use loop_proto::wire::{Codec, MAX_DEADLINE};
use tarpc::ClientMessage;
use tokio_util::codec::Decoder;

fn drain(mut bytes: BytesMut) {
    let mut codec = Codec::<ClientMessage<HardwareRequest>, ()>::default();
    while let Ok(Some(message)) = codec.decode(&mut bytes) {
        if let ClientMessage::Request(request) = message {
            assert!(request.context.deadline <= Instant::now() + MAX_DEADLINE);
        }
    }
}

fuzz_target!(
    // libFuzzer's hook ends the process at once, also for the panics of tarpc that the codec is there to catch. One that
    // gets out of the codec still ends it.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| {
        drain(BytesMut::from(data));
        let mut framed = BytesMut::new();
        framed.put_u32(u32::try_from(data.len()).unwrap_or(u32::MAX));
        framed.extend_from_slice(data);
        drain(framed);
    }
);
