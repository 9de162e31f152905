"""What schemathesis cannot make up by itself: the words of tus, and bodies of which nothing is said but their kind."""

from base64 import b64encode

import schemathesis
from hypothesis import strategies as st


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


_names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)

_words = st.fixed_dictionaries(
    {"filename": _names.map(str.encode)},
    optional={
        "fit": st.sampled_from([b"fill", b"fit"]),
        "quality": st.sampled_from([b"off", b"balanced", b"small"]),
        "kind": st.sampled_from([b"media", b"library"]),
        "sha256": st.binary(min_size=32, max_size=32).map(lambda hash: hash.hex().encode()),
        "filetype": st.binary(max_size=20),
    },
)

_metadata = _words.map(lambda words: ",".join(f"{key} {_base64(value)}" for key, value in words.items()))

_checksums = st.one_of(
    st.binary(min_size=20, max_size=20).map(lambda hash: f"sha1 {_base64(hash)}"),
    st.binary(min_size=32, max_size=32).map(lambda hash: f"sha256 {_base64(hash)}"),
)

schemathesis.openapi.format("tus-metadata", _metadata)
schemathesis.openapi.format("tus-checksum", _checksums)

# An archive is 512 bytes and more; whatever is in it, it must be refused or taken, not more.
for kind in ["application/offset+octet-stream", "application/x-tar"]:
    schemathesis.openapi.media_type(kind, st.binary(max_size=2048))
