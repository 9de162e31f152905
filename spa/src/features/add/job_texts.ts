import type { ConvertReason } from '../../convert/error';

/** Which of the device's answers a person can do something about, and what. */
export const texts = {
  add: 'Add',
  addLong: 'Add pictures and films',
  dropTitle: 'Drop to put it on the glass',
  dropBody: 'GIFs, films and pictures',
  heading: 'Adding',
  clear: 'Clear finished',
  fitLegend: 'How pictures of another shape are shown',
  fill: 'Fill',
  fit: 'Fit',
  fillHint: 'Fill crops the edges',
  fitHint: 'Fit shows all of it on black',
  fitFor: (name: string) => `Shape of ${name}`,
  exact: 'Exact',
  balanced: 'Balanced',
  small: 'Small',
  qualityHint:
    'Exact keeps every dot. Balanced calms the noise of films, which nobody sees: smaller and smoother. Small calms more.',
  qualityFor: (name: string) => `Quality of ${name}`,
  cancel: (name: string) => `Cancel ${name}`,
  retry: 'Try again',
  retryFor: (name: string) => `Try ${name} again`,
  dismiss: (name: string) => `Remove ${name} from this list`,
  progress: (name: string) => `Progress of ${name}`,
  stages: {
    waiting: 'Waiting its turn',
    converting: 'Converting',
    sending: 'Sending',
    storing: 'Storing on the display',
    done: 'On the display',
    failed: 'Did not work',
  },
  percent: (fraction: number) => `${Math.floor(fraction * 100)} %`,
  takesItsLength:
    'Over plain http a film is converted by playing it: this takes as long as the film. Keep this page in front.',
  notes: {
    'first-frame-only':
      'Only the first picture was taken: over plain http this browser does not open animated WebP and PNG. A GIF or a film would move.',
  },
  leave: 'Files are still on their way to the display.',
};

/** Why a conversion failed, in words that say what to do. */
export function reasonText(reason: ConvertReason, detail: string): string {
  switch (reason) {
    case 'empty-file':
      return 'The file is empty.';
    case 'not-media':
      return 'This is not a picture or a film. GIF, JPEG, PNG, WebP, AVIF, BMP, SVG, MP4, MOV and WebM work.';
    case 'heic':
      return 'This browser cannot open HEIC photos. Share the photo as JPEG, or on an iPhone choose Settings › Camera › Formats › Most Compatible.';
    case 'tiff':
      return 'This browser cannot open TIFF pictures. Save it as PNG or JPEG.';
    case 'old-video':
      return `Browsers do not play ${detail} films. Save it as MP4 (H.264).`;
    case 'broken-picture':
      return `The ${detail} picture is damaged, or not one this browser can open.`;
    case 'broken-gif':
      return `The GIF is damaged: ${detail}.`;
    case 'broken-video':
      return 'The film is damaged, or this browser cannot play it. MP4 with H.264 always works.';
    case 'video-codec':
      return `This browser cannot play ${detail} video. Save it as MP4 with H.264; on an iPhone choose Settings › Camera › Formats › Most Compatible.`;
    case 'no-video-track':
      return 'There is no picture in this file, only sound.';
    case 'too-many-frames':
      return `The clip is too long${detail === '' ? '' : ` (${detail} pictures)`}: at most 3000 pictures fit, that is 100 seconds at 30 a second. Cut it shorter.`;
    case 'browser-too-old':
      return 'This browser is too old to take films apart. Update it, or use a GIF.';
    case 'unreadable':
      return 'The file cannot be read. It may have been moved, or lives in a cloud folder that is not here yet.';
    case 'internal':
      return `The conversion stopped (${detail}). Try again.`;
  }
}
