/**
 * The rows of a long list that are on the screen, with some `beyond` its edges: from one to before another. `offset` is
 * how far the list's top is above the screen's. It moves in steps, so that most scrolling changes nothing.
 */
export function windowOf(
  offset: number,
  height: number,
  pitch: number,
  total: number,
  beyond: number,
): [from: number, to: number] {
  const step = Math.max(1, Math.floor(beyond / 2));
  const first = Math.floor(offset / pitch) - beyond;
  const last = Math.ceil((offset + height) / pitch) + beyond;
  const from = Math.max(0, Math.floor(first / step) * step);
  const to = Math.max(0, Math.ceil(last / step) * step);
  return [Math.min(from, total), Math.min(Math.max(from, to), total)];
}
