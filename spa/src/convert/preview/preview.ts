import { ConvertError } from '../error';
import { drawSvg } from '../svg';
import type { FromPreview, Opened, ToPreview, Weight, WholeLook } from './messages';
import { FilmReel } from './reel';

export interface PreviewEvents {
  shown: (rgba: Uint8ClampedArray<ArrayBuffer>, frame: number) => void;
  weighed: (weight: Weight) => void;
  /** This look cannot be had. */
  refused: (error: ConvertError) => void;
}

/** The page's side of a preview: owns its worker. Of what is asked in one animation frame only the last is done. */
export class Preview {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  readonly #reel: FilmReel;
  #wanted: { look: WholeLook; frame: number } | undefined;
  #isBusy = false;
  #tick: number | undefined;
  /** Rejects with a {@link ConvertError} when this browser cannot open the file. */
  readonly opened: Promise<Opened>;

  constructor(file: File, events: PreviewEvents) {
    this.#reel = new FilmReel(file);
    this.opened = new Promise((resolve, reject) => {
      this.#worker.addEventListener('error', ({ message = '' }) => {
        reject(new ConvertError(message === '' ? 'not-loaded' : 'internal', message));
      });
      this.#worker.addEventListener('message', ({ data }: MessageEvent<FromPreview>) => {
        if (data.type === 'opened') resolve(data);
        else if (data.type === 'failed') reject(new ConvertError(data.reason, data.detail));
        else if (data.type === 'draw') void this.#draw(file, data.what, data.us);
        else if (data.type === 'weighed') events.weighed(data.weight);
        else {
          if (data.type === 'shown') events.shown(data.rgba, data.frame);
          else events.refused(new ConvertError(data.reason, data.detail));
          this.#isBusy = false;
          this.#next();
        }
      });
    });
    this.#tell({ type: 'open', file });
  }

  show(look: WholeLook, frame: number): void {
    this.#wanted = { look, frame };
    this.#next();
  }

  weigh(look: WholeLook): void {
    this.#tell({ type: 'weigh', look });
  }

  close(): void {
    if (this.#tick !== undefined) cancelAnimationFrame(this.#tick);
    this.#worker.terminate();
    this.#reel.close();
  }

  #next(): void {
    if (this.#isBusy || this.#wanted === undefined) return;
    this.#tick ??= requestAnimationFrame(() => {
      this.#tick = undefined;
      const wanted = this.#wanted;
      if (this.#isBusy || wanted === undefined) return;
      this.#wanted = undefined;
      this.#isBusy = true;
      this.#tell({ type: 'show', ...wanted });
    });
  }

  #tell(message: ToPreview, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  async #draw(file: File, what: 'svg' | 'film', us: number): Promise<void> {
    try {
      const bitmap = what === 'svg' ? await drawSvg(file) : await this.#reel.picture(us / 1e6);
      this.#tell({ type: 'drawn', bitmap, endUs: this.#reel.seconds * 1e6 }, [bitmap]);
    } catch {
      this.#tell({ type: 'drawn', bitmap: undefined, endUs: 0 });
    }
  }
}
