import { Clip } from '../src/clip/clip';
import { COLUMNS, FRAME_BYTES, HEIGHT, WIDTH } from '../src/clip/frame';
import { WholeSource } from '../src/clip/source';

/** A clip as it left the page. */
export interface SentClip {
  /** RGB565 as the viewer sees it, row after row. */
  frames: Uint8Array[];
  durationsUs: number[];
}

export async function readClip(bytes: Uint8Array): Promise<SentClip> {
  const clip = await Clip.from(new WholeSource(bytes));
  const numbers = Array.from({ length: clip.frameCount }, (_, frame) => frame);
  const frames = numbers.map((frame) => {
    let state = clip.show(frame);
    while (state === 'working') state = clip.show(frame);
    if (state === 'missing') throw new Error('the clip is cut off');
    return asSeen(clip.pixels);
  });
  return { frames, durationsUs: numbers.map((frame) => clip.durationUs(frame)) };
}

function asSeen(frame: Uint8Array): Uint8Array {
  const picture = new Uint8Array(FRAME_BYTES);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const from = (x * COLUMNS + y) * 2;
      picture.set(frame.subarray(from, from + 2), (y * WIDTH + x) * 2);
    }
  }
  return picture;
}
