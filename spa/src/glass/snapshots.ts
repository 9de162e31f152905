const SNAPSHOT = '/api/display/snapshot.png';
const PATIENCE_MS = 5_000;

/** Single pictures of the glass, for when nothing better is to be had. */
export class Snapshots {
  #etag = '';

  /**
   * The picture; undefined if it is the one that was given last. Rejects when there is none: the device or its display
   * cannot be reached.
   */
  async next(): Promise<ImageBitmap | undefined> {
    const response = await fetch(SNAPSHOT, {
      headers: this.#etag === '' ? {} : { 'if-none-match': this.#etag },
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status === 304) return undefined;
    if (!response.ok) throw new Error(`no picture: the display answered ${response.status}`);
    const picture = await createImageBitmap(await response.blob());
    this.#etag = response.headers.get('etag') ?? '';
    return picture;
  }

  /** The next picture is a new one, whatever it is. */
  forget(): void {
    this.#etag = '';
  }
}
