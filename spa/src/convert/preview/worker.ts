/** Shows what the glass would show of one file, as long as somebody looks; ended by terminating it. */
import { colours } from '../../clip/paint';
import { FramePainter, drawable, type Picture } from '../clip';
import { Cut, planOf, type Plan } from '../cut';
import { ConvertError } from '../error';
import { HEIGHT, WIDTH } from '../geometry';
import { TOLERANCE } from '../quality';
import { sniff, SNIFF_BYTES } from '../sniff';
import { animatedFilm, gifFilm, pageFilm, stillFilm, type Film } from './film';
import type { FromPreview, ToPreview, WholeLook } from './messages';
import { runsOf, Scale } from './weigh';

type Asked<Type extends ToPreview['type']> = Extract<ToPreview, { type: Type }>;

let film: Film | undefined;
let show: Asked<'show'> | undefined;
let weigh: Asked<'weigh'> | undefined;
let drawn: ((answer: Asked<'drawn'>) => void) | undefined;
let isBusy = false;
/** The picture that says how all are rounded, and which that was. */
let first: { frame: number; bitmap: ImageBitmap } | undefined;

function tell(message: FromPreview, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

async function drawByPage(what: 'svg' | 'film', us: number) {
  const { bitmap, endUs } = await new Promise<Asked<'drawn'>>((resolve) => {
    drawn = resolve;
    tell({ type: 'draw', what, us });
  });
  if (bitmap === undefined)
    throw new ConvertError(what === 'svg' ? 'broken-picture' : 'broken-video');
  return { bitmap, endUs };
}

async function openVideo(file: File): Promise<Film> {
  const { decodedFilm, timesOf } = await import('../video/film');
  try {
    if (typeof VideoDecoder !== 'undefined') return await decodedFilm(file);
  } catch {
    // The page's own player may know what the decoder does not.
  }
  return pageFilm((us) => drawByPage('film', us), await timesOf(file));
}

async function openFilm(file: File): Promise<Film> {
  const head = new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer());
  const { kind, format } = sniff(head);
  switch (kind) {
    case 'gif':
      return gifFilm(file);
    case 'animated-webp':
    case 'animated-png':
      if (typeof ImageDecoder === 'undefined') throw new ConvertError('animation', format);
      return animatedFilm(file, kind === 'animated-webp' ? 'image/webp' : 'image/png');
    case 'svg':
      return stillFilm((await drawByPage('svg', 0)).bitmap);
    case 'video':
      return openVideo(file);
    case 'old-video':
      throw new ConvertError('old-video', format);
    case 'unknown':
      throw new ConvertError('not-media');
    default:
      return stillFilm(await createImageBitmap(file, { imageOrientation: 'from-image' }));
  }
}

const COLOURS = colours();

/** RGB565, high byte first, in RGBA as the panel shows it. */
function rgbaOf(frame: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint32Array(WIDTH * HEIGHT);
  for (let from = 0; from < frame.length; from += 2) {
    pixels[from / 2] = COLOURS[(frame[from]! << 8) | frame[from + 1]!]!;
  }
  return new Uint8ClampedArray(pixels.buffer);
}

async function holdFirst(open: Film, frame: number): Promise<Picture> {
  if (first?.frame !== frame) {
    const { width, height, draw } = await open.picture(frame);
    const canvas = new OffscreenCanvas(width, height);
    const all = { x: 0, y: 0, width, height };
    draw(canvas.getContext('2d')!, all, all);
    first?.bitmap.close();
    first = { frame, bitmap: canvas.transferToImageBitmap() };
  }
  return drawable(first.bitmap);
}

/** Paints as the conversion would: where the first picture decides, it is asked here as well. */
async function painterFor(open: Film, { fit, edit }: WholeLook, plan: Plan | undefined) {
  const painter = new FramePainter(fit, open.rounding, edit);
  const isOpen = open.rounding === undefined && edit.dither === 'auto' && open.starts.length > 1;
  if (isOpen) painter.look(await holdFirst(open, plan?.frames[0] ?? 0));
  return painter;
}

function planFor({ starts, endUs }: Film, { edit }: WholeLook): Plan | undefined {
  if (starts.length === 1) return { frames: [0], durationsUs: [endUs], totalUs: 0 };
  return planOf(starts, endUs, new Cut(edit));
}

async function showOne(open: Film, { look, frame }: Asked<'show'>): Promise<void> {
  const painter = await painterFor(open, look, planOrNone(open, look));
  const rgba = rgbaOf(painter.frame(await open.picture(frame)));
  tell({ type: 'shown', frame, rgba }, [rgba.buffer]);
}

function planOrNone(open: Film, look: WholeLook): Plan | undefined {
  try {
    return planFor(open, look);
  } catch {
    // Nothing is left: what is shown is what was cut away.
    return undefined;
  }
}

/** False when something is to be shown first. */
async function weighOne(open: Film, { look }: Asked<'weigh'>): Promise<boolean> {
  const plan = planFor(open, look);
  if (plan === undefined) throw new ConvertError('too-many-frames');
  const painter = await painterFor(open, look, plan);
  const scale = new Scale(TOLERANCE[look.quality]);
  for (const run of runsOf(plan.frames.length)) {
    scale.begin();
    for (const place of run) {
      if (show !== undefined) return false;
      const picture = await open.picture(plan.frames[place]!);
      scale.add(painter.frame(picture), plan.durationsUs[place]!);
      // Lets what was said meanwhile be heard.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  tell({ type: 'weighed', weight: scale.weight(plan) });
  return true;
}

function reasonOf(error: unknown): Pick<ConvertError, 'reason' | 'detail'> {
  if (error instanceof ConvertError) return error;
  return { reason: 'broken-picture', detail: error instanceof Error ? error.message : '' };
}

async function work(): Promise<void> {
  if (isBusy || film === undefined) return;
  isBusy = true;
  while (show !== undefined || weigh !== undefined) {
    const [showing, weighing] = [show, weigh];
    try {
      if (showing !== undefined) {
        show = undefined;
        await showOne(film, showing);
      } else if (weighing !== undefined && (await weighOne(film, weighing))) {
        if (weigh === weighing) weigh = undefined;
      }
    } catch (error) {
      if (showing === undefined) weigh = undefined;
      const { reason, detail } = reasonOf(error);
      tell({ type: 'refused', reason, detail });
    }
  }
  isBusy = false;
}

async function open(file: File): Promise<void> {
  try {
    film = await openFilm(file);
    const { size, starts, endUs } = film;
    const { width, height } = size;
    tell({ type: 'opened', size: { width, height }, starts: [...starts], endUs });
    void work();
  } catch (error) {
    const { reason, detail } = reasonOf(error);
    tell({ type: 'failed', reason, detail });
  }
}

addEventListener('message', ({ data }: MessageEvent<ToPreview>) => {
  if (data.type === 'open') void open(data.file);
  else if (data.type === 'drawn') drawn?.(data);
  else {
    if (data.type === 'show') show = data;
    else weigh = data;
    void work();
  }
});
