import { openVideo, INSIDE_SECONDS } from '../video/element';

/** A seek to the frame that is shown already presents nothing. */
const PRESENTED_MS = 80;

/** A film in the page's own player, stood on one frame after the other. Made when it is first needed. */
export class FilmReel {
  readonly #file: Blob;
  readonly #over = new AbortController();
  #video: Promise<HTMLVideoElement> | undefined;
  seconds = 0;

  constructor(file: Blob) {
    this.#file = file;
  }

  async picture(seconds: number): Promise<ImageBitmap> {
    this.#video ??= openVideo(this.#file, this.#over.signal);
    const video = await this.#video;
    this.seconds = video.duration;
    const presented = new Promise<void>((resolve) => {
      video.requestVideoFrameCallback(() => resolve());
    });
    const sought = new Promise<void>((resolve) => {
      video.addEventListener('seeked', () => resolve(), { once: true });
    });
    video.currentTime = Math.min(seconds + INSIDE_SECONDS, video.duration);
    await sought;
    await Promise.race([presented, new Promise((resolve) => setTimeout(resolve, PRESENTED_MS))]);
    return createImageBitmap(video);
  }

  close(): void {
    this.#over.abort();
  }
}
