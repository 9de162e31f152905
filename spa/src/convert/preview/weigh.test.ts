import { expect, it } from 'vitest';
import { FRAME_BYTES } from '../../clip/frame';
import { Raster } from '../../clip/encode/raster';
import { ClipWriter } from '../../clip/encode/writer';
import { Cut, planOf } from '../cut';
import { PLAIN } from '../edit';
import { runsOf, Scale } from './weigh';

it.each([1, 2, 15, 16, 17, 40, 3000])(
  'of %i frames the runs lie inside and do not meet',
  (count) => {
    const all = runsOf(count).flat();
    expect(new Set(all).size).toBe(all.length);
    expect([Math.min(...all), Math.max(...all)]).toEqual([0, count - 1]);
    expect(all.length).toBe(Math.min(count, 16));
  },
);

it('what a clip is said to weigh is near what it weighs', () => {
  const starts = Array.from({ length: 60 }, (_, i) => i * 100_000);
  const plan = planOf(starts, 6_000_000, new Cut(PLAIN))!;
  // A stripe of noise that moves on, over a quiet ground.
  let seed = 7;
  const noise = Uint8Array.from({ length: FRAME_BYTES / 8 }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed >> 16;
  });
  const picture = (i: number): Uint8Array<ArrayBuffer> => {
    const pixels = new Uint8Array(FRAME_BYTES).fill(40);
    pixels.set(noise, (i % 7) * noise.length);
    return pixels;
  };
  const writer = new ClipWriter(0);
  const raster = new Raster();
  plan.durationsUs.forEach((us, i) => {
    raster.takePicture(picture(i));
    writer.push(raster, us);
  });
  const scale = new Scale(0);
  for (const run of runsOf(plan.frames.length)) {
    scale.begin();
    for (const i of run) scale.add(picture(i), plan.durationsUs[i]!);
  }
  const { bytes, frames, totalUs } = scale.weight(plan);
  const { size } = writer.finish();
  expect([frames, totalUs]).toEqual([60, 6_000_000]);
  expect(Math.abs(bytes - size) / size).toBeLessThan(0.1);
});
