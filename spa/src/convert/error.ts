/** Why a file cannot go on the glass. The page turns each into a sentence (features/add/texts.ts). */
export type ConvertReason =
  | 'empty-file'
  | 'not-media'
  | 'heic'
  | 'tiff'
  | 'old-video'
  | 'broken-picture'
  | 'broken-gif'
  | 'broken-video'
  | 'video-codec'
  | 'no-video-track'
  | 'too-many-frames'
  | 'nothing-left'
  | 'browser-too-old'
  | 'unreadable'
  | 'animation'
  | 'not-loaded'
  | 'internal';

/** A failure with a reason the page can explain; `detail` names the place or the codec. */
export class ConvertError extends Error {
  readonly reason: ConvertReason;
  readonly detail: string;

  constructor(reason: ConvertReason, detail = '', options?: ErrorOptions) {
    super(detail === '' ? reason : `${reason}: ${detail}`, options);
    this.name = 'ConvertError';
    this.reason = reason;
    this.detail = detail;
  }
}

/** Shortcomings of this browser rather than of the file: the display, with decoders of its own, may do better. */
const OURS: readonly ConvertReason[] = [
  'heic',
  'tiff',
  'old-video',
  'broken-picture',
  'broken-gif',
  'broken-video',
  'video-codec',
  'browser-too-old',
  'animation',
];

export function displayMayConvert({ reason }: ConvertError): boolean {
  return OURS.includes(reason);
}
