//! What loop-web reads from loop-hw: no bytes may panic it, and a state it has taken over can be told again.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use loop_proto::service::HardwareResponse;
use loop_proto::snapshot::{HwSnapshot, Update};
use loop_proto::wire::Codec;
use tokio_util::codec::Decoder;

fuzz_target!(|data: &[u8]| {
    let mut codec = Codec::<tarpc::Response<HardwareResponse>, ()>::default();
    let (mut bytes, mut mirror) = (BytesMut::from(data), None::<HwSnapshot>);
    while let Ok(Some(response)) = codec.decode(&mut bytes) {
        let Ok(HardwareResponse::ChangesSince(Ok(news))) = response.message else {
            continue;
        };
        let before = mirror.clone();
        match (news.update, &mut mirror) {
            (Update::Whole(whole), _) => mirror = Some(*whole),
            (Update::Changes(changes), Some(mirror)) => {
                changes.into_iter().for_each(|change| mirror.apply(change));
            }
            (Update::Changes(_), None) => {}
        }
        if let (Some(mut before), Some(after)) = (before, &mirror) {
            for change in before.diff(after) {
                before.apply(change);
            }
            assert_eq!(&before, after);
        }
    }
});
