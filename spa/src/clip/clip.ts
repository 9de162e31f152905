import { BadClip } from './error';
import { ENTRY_BYTES, HEADER_BYTES, Index, parseHeader } from './format';
import { blackFrame, type Frame } from './frame';
import { RecordReader } from './record';
import { openSource, type Source } from './source';

/** Of a long clip this much is fetched ahead of what is shown. */
const AHEAD_BYTES = 512 * 1024;

/** Records that are unpacked at a time, so that the page stays awake whatever the clip is like. */
const AT_A_TIME = 64;

/** An open clip that can show any of its frames, fastest the next one. */
export class Clip {
  readonly pixels: Frame = blackFrame();
  readonly #source: Source;
  readonly #index: Index;
  readonly #reader = new RecordReader();
  #shown: number | undefined;

  private constructor(source: Source, index: Index) {
    this.#source = source;
    this.#index = index;
  }

  static async open(url: string, signal: AbortSignal): Promise<Clip> {
    return Clip.from(await openSource(url, signal));
  }

  static async from(source: Source): Promise<Clip> {
    const head = Math.min(HEADER_BYTES, source.size);
    await source.load(0, head);
    const header = parseHeader(source.read(0, head) ?? new Uint8Array(), source.size);
    const length = header.records * ENTRY_BYTES;
    await source.load(header.indexOffset, length);
    // Our own copy: the source lets go of what was read long ago.
    const index = source.read(header.indexOffset, length)?.slice();
    return new Clip(source, new Index(header, index ?? new Uint8Array()));
  }

  get frameCount(): number {
    return this.#index.header.frames;
  }

  get totalUs(): number {
    return this.#index.header.totalUs;
  }

  durationUs(frame: number): number {
    return this.#index.durationUs(frame);
  }

  frameAt(positionUs: number): number {
    return this.#index.frameAt(positionUs);
  }

  /**
   * Brings `pixels` nearer to this frame. 'shown': they are it. 'working': call again in a moment. 'missing': call again
   * when {@link load} has fetched what it takes. Until it is shown they are nothing to look at. Throws BadClip.
   */
  show(frame: number): 'shown' | 'working' | 'missing' {
    if (frame < 0 || frame >= this.frameCount) throw new BadClip('there is no such frame');
    let steps = 0;
    for (const record of this.#way(frame)) {
      if (steps++ === AT_A_TIME) return 'working';
      const form = this.#index.form(record);
      const stored = this.#source.read(this.#index.offset(record), form.stored);
      if (stored === undefined) return 'missing';
      this.#shown = undefined;
      this.#reader.apply(form, stored, this.pixels);
      this.#shown = record === this.frameCount ? 0 : record;
    }
    return 'shown';
  }

  /** Fetches what it takes to come nearer to this frame, and some of what follows. */
  async load(frame: number): Promise<void> {
    const place = (record: number): [number, number] => [
      this.#index.offset(record),
      this.#index.form(record).stored,
    ];
    const isHere = (record: number): boolean => this.#source.read(...place(record)) !== undefined;
    const [start, length] = place(this.#way(frame).find((record) => !isHere(record)) ?? frame);
    await this.#source.load(start, length);
    const { indexOffset } = this.#index.header;
    await this.#source.load(start, Math.min(AHEAD_BYTES, indexOffset - start));
    // Behind the last frame comes the first.
    const left = Math.min(AHEAD_BYTES - (indexOffset - start), indexOffset - HEADER_BYTES);
    if (left > 0) await this.#source.load(HEADER_BYTES, left);
  }

  /** The records that lead from what is shown to a frame. */
  #way(frame: number): number[] {
    const [shown, key] = [this.#shown, this.#index.keyBefore(frame)];
    if (shown === frame) return [];
    if (shown !== undefined && shown < frame && key <= shown) return records(shown + 1, frame);
    const last = this.frameCount - 1;
    if (shown === last && key === 0) return [this.frameCount, ...records(1, frame)];
    return records(key, frame);
  }
}

function records(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
