/**
 * How closely a moving clip keeps to its frames, as the device knows it (loop-proto/src/clip/quality.rs): `off` keeps
 * every pixel; the others hold pixels that hardly change, which makes smaller clips that play more smoothly.
 */
export type Quality = 'off' | 'balanced' | 'small';

/** By how much of 255 a channel of a moving pixel may be off. */
export const TOLERANCE: Readonly<Record<Quality, number>> = { off: 0, balanced: 8, small: 16 };

/** What a file shows, as far as its name and the browser's guess at its type tell before it is opened. */
export type Motion = 'film' | 'animation' | 'still';

const FILM = /\.(mp4|m4v|mov|qt|webm|mkv|ts|mts|avi|wmv|flv|mpe?g)$/i;

/** Whether a file moves. WebP and PNG nearly never do: they count as still, for which there is nothing to choose. */
export function motionOf(file: File): Motion {
  if (file.type.startsWith('video/') || FILM.test(file.name)) return 'film';
  return file.type === 'image/gif' || /\.gif$/i.test(file.name) ? 'animation' : 'still';
}

/** Film is noisy, and nobody sees the noise; what was drawn pixel by pixel is shown pixel by pixel. */
export const USUAL: Readonly<Record<Motion, Quality>> = {
  film: 'balanced',
  animation: 'off',
  still: 'off',
};
