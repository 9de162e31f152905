import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Above this the browser's own digest, which wants the whole file in memory, is not worth it. */
const IN_MEMORY_BYTES = 32 * 1024 * 1024;

/** SHA-256 of a file in hex. `crypto.subtle` is missing on plain http; then ours reads the file as a stream. */
export async function sha256Hex(file: Blob): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle !== undefined && file.size <= IN_MEMORY_BYTES) {
    return bytesToHex(new Uint8Array(await subtle.digest('SHA-256', await file.arrayBuffer())));
  }
  const hash = sha256.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytesToHex(hash.digest());
    hash.update(value);
  }
}
