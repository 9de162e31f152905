import { expect, it } from 'vitest';
import { blurred } from './ground';

it('a ground out of focus keeps an even colour, and its light', () => {
  const [width, height] = [20, 15];
  expect(new Set(blurred(new Float32Array(width * height).fill(80), width, height))).toEqual(
    new Set([80]),
  );
  const dot = new Float32Array(width * height);
  dot[7 * width + 10] = 625;
  const soft = blurred(dot, width, height);
  expect(soft.reduce((sum, value) => sum + value, 0)).toBeCloseTo(625, 3);
  expect(Math.max(...soft)).toBeLessThan(30);
});
