/** The bytes are no clip, or no record of one; the message says how. */
export class BadClip extends Error {
  override readonly name = 'BadClip';
}
