/** A time in a film, for eyes: "3.2", "1:07.5". */
export function clock(us: number): string {
  const tenths = Math.round(us / 1e5);
  const seconds = `${Math.floor((tenths % 600) / 10)}.${tenths % 10}`;
  return tenths < 600 ? seconds : `${Math.floor(tenths / 600)}:${seconds.padStart(4, '0')}`;
}

const seconds = (us: number): string => `${clock(us)} s`;

export const texts = {
  title: (name: string) => `Edit ${name}`,
  close: 'Close',
  glass: 'What the glass will show. Drag or use the arrow keys to move it, plus and minus to zoom.',
  opening: 'Opening the file…',
  cannotShow: (why: string) =>
    `${why} The display may be able to, with shape and quality only: there is nothing else to edit here.`,
  shape: 'Shape',
  blur: 'Blur',
  zoom: 'Zoom',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  times: (zoom: number) => `${zoom.toFixed(1)} ×`,
  turn: 'Turn',
  turnLong: 'Turn right by a quarter',
  mirror: 'Mirror',
  mirrorLong: 'Mirror left and right',
  reset: 'Undo all',
  ground: 'Background',
  speed: 'Speed',
  speeds: { 0.25: '¼', 0.5: '½', 1: '1', 1.5: '1½', 2: '2', 4: '4' } as Record<number, string>,
  quality: 'Quality',
  tones: 'Tones',
  auto: 'Auto',
  smooth: 'Smooth',
  flat: 'Flat',
  tonesHint: 'Smooth mixes dots where the glass lacks a colour. Flat never does: for drawings.',
  play: 'Play',
  pause: 'Pause',
  position: 'Picture shown',
  from: 'Begins at',
  to: 'Ends at',
  at: seconds,
  part: (fromUs: number, toUs: number) => `${clock(fromUs)} – ${clock(toUs)} s`,
  weighing: 'Estimating the size…',
  still: 'A still picture',
  pictures: (count: number, us: number) =>
    count === 1 ? 'A still picture' : `${count.toLocaleString()} pictures, ${seconds(us)}`,
  about: (size: string) => `about ${size.replace(' ', '\u00a0')} to send with the original`,
  sends: (wait: string) => `${wait} at the speed of the last uploads`,
  wait: (s: number) =>
    s < 1.5
      ? 'about a second'
      : s < 90
        ? `${Math.round(s)} seconds`
        : `${Math.round(s / 60)} minutes`,
  honest:
    'The original is stored as it is. If the display makes the clip anew from it one day, it uses shape and quality only: the other changes are made in this browser.',
  first: 'Edit before adding',
  firstHint: 'Opens this for every new file.',
  apply: 'Apply',
  add: 'Add',
  forAll: (count: number) => (count === 1 ? 'Use for both' : `Use for all ${count + 1}`),
  forAllHint: 'The other files take over everything but the cut.',
  applied: (name: string) => `${name} is converted with your changes`,
  appliedAll: (count: number) => `${count} files are converted with your changes`,
};
