import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { APIRequestContext } from '@playwright/test';
import { PNG } from 'pngjs';
import { MEDIA } from './device_page';

const PIXELS = 320 * 240;

/** Three channels of one picture, without alpha. */
export type Rgb = Uint8Array;

export function reference(name: string): {
  frames: Rgb[];
  frame_count: number;
  durations_us: number[];
} {
  const raw = readFileSync(join(MEDIA, `${name}.rgb`));
  const about = JSON.parse(readFileSync(join(MEDIA, `${name}.json`), 'utf8'));
  const frames = Array.from({ length: raw.length / (PIXELS * 3) }, (_, i) =>
    raw.subarray(i * PIXELS * 3, (i + 1) * PIXELS * 3),
  );
  return { ...about, frames };
}

/** What the panel makes of RGB565 bytes, high byte first. */
export function fromRgb565(frame: Uint8Array): Rgb {
  const rgb = new Uint8Array(PIXELS * 3);
  for (let i = 0; i < PIXELS; i++) {
    const value = (frame[i * 2]! << 8) | frame[i * 2 + 1]!;
    const [r, g, b] = [value >> 11, (value >> 5) & 63, value & 31];
    rgb.set([(r << 3) | (r >> 2), (g << 2) | (g >> 4), (b << 3) | (b >> 2)], i * 3);
  }
  return rgb;
}

export async function snapshot(request: APIRequestContext): Promise<Rgb> {
  const png = PNG.sync.read(await (await request.get('/api/display/snapshot.png')).body());
  const rgb = new Uint8Array(PIXELS * 3);
  for (let i = 0; i < PIXELS; i++) rgb.set(png.data.subarray(i * 4, i * 4 + 3), i * 3);
  return rgb;
}

/** The worst channel's mean absolute error, in levels of 255. */
export function difference(a: Rgb, b: Rgb): number {
  const sums = [0, 0, 0];
  for (let i = 0; i < a.length; i++) sums[i % 3]! += Math.abs(a[i]! - b[i]!);
  return Math.max(...sums) / PIXELS;
}

/** The reference frame nearest to a picture. */
export function nearest(picture: Rgb, frames: Rgb[]): { index: number; error: number } {
  const errors = frames.map((frame) => difference(picture, frame));
  const error = Math.min(...errors);
  return { index: errors.indexOf(error), error };
}
