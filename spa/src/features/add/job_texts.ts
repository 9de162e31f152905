import { ApiFailure } from '../../api/client';
import { NotLoaded, Unreadable } from '../../api/deliver';
import { ConvertError, type ConvertReason } from '../../convert/error';

export const texts = {
  heading: 'Adding',
  clear: 'Clear finished',
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
  edit: (name: string) => `Edit ${name}`,
  pause: (name: string) => `Pause ${name}`,
  resume: (name: string) => `Go on with ${name}`,
  paused: 'Paused',
  pauseAll: 'Pause all',
  resumeAll: 'Go on',
  cancelAll: 'Cancel all',
  editorLater: 'The editor could not be loaded from the display. Try again.',
  cancel: (name: string) => `Cancel ${name}`,
  retryAll: 'Try all again',
  retryFor: (name: string) => `Try ${name} again`,
  dismiss: (name: string) => `Remove ${name} from this list`,
  progress: (name: string) => `Progress of ${name}`,
  stages: {
    waiting: 'Waiting its turn',
    converting: 'Converting',
    ready: 'Waiting to be sent',
    sending: 'Sending',
    storing: 'Storing on the display',
    done: 'On the display',
    failed: 'Did not work',
  },
  /** In place of "Storing", when the display says more. */
  doing: { waiting: 'Waiting its turn on the display', converting: 'The display converts it' },
  holds: {
    'no-link': 'Paused: no link to the display. Goes on by itself.',
    busy: 'Paused: the display is busy. Goes on by itself.',
    resuming: 'Going on where it was…',
  },
  isDone: (name: string) => `${name} is on the display`,
  goOn: (count: number) =>
    count === 1 ? 'The file from before goes on.' : `${count} files from before go on.`,
  mayClose: 'You can close this page: it goes on when you come back.',
  keepOpen:
    'This browser does not let the page keep files: leave this tab open until they are on the display.',
  percent: (fraction: number) => `${Math.floor(fraction * 100)} %`,
  takesItsLength:
    'Over plain http a film is converted by playing it: this takes as long as the film. Keep this page in front.',
  byDisplay: 'This browser cannot convert it, so the display does.',
  byDisplayPlain:
    'This browser cannot convert it, so the display does: with its shape and quality, without your other changes.',
};

const NOT_LOADED =
  'A part of this page could not be loaded from the display. Reload the page: the files go on by themselves.';

export const failureText = {
  of(error: unknown): string {
    if (error instanceof ConvertError) return reasonText(error.reason, error.detail);
    if (error instanceof ApiFailure) return error.message;
    if (error instanceof NotLoaded) return NOT_LOADED;
    if (error instanceof Unreadable) return reasonText('unreadable', '');
    return reasonText('internal', error instanceof Error ? error.message : '');
  },
  both: (browser: string, display: string) => `${browser} The display could not either: ${display}`,
  lost: 'The display has lost track of this file. Try again.',
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
    case 'nothing-left':
      return 'The cut leaves nothing of this file: it ends before the part begins. Edit it again.';
    case 'browser-too-old':
      return 'This browser is too old to take films apart. Update it, or use a GIF.';
    case 'unreadable':
      return 'The file cannot be read. It may have been moved, or lives in a cloud folder that is not here yet.';
    case 'animation':
      return `Over plain http this browser opens only the first picture of ${detail} animations. A GIF or a film moves.`;
    case 'not-loaded':
      return NOT_LOADED;
    case 'internal':
      return `The conversion stopped (${detail}). Try again.`;
  }
}
