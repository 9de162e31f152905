import { ConvertError } from './error';
import { HEIGHT, WIDTH } from './geometry';

/** Drawings are often black on nothing: they get paper under them. */
const PAPER = '#fff';

const LARGEST = 4096;

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch (error) {
    throw new ConvertError('broken-picture', 'SVG', { cause: error });
  }
  return image;
}

/** Draws an SVG three times as large as the glass; only a document can do that, a worker cannot. */
export async function drawSvg(file: Blob): Promise<ImageBitmap> {
  // An <img> takes SVG only under its own type, whatever the file was called.
  const url = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }));
  try {
    const image = await load(url);
    const width = image.naturalWidth || WIDTH;
    const height = image.naturalHeight || HEIGHT;
    const wanted = Math.max((WIDTH * 3) / width, (HEIGHT * 3) / height);
    const scale = Math.min(wanted, LARGEST / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext('2d');
    if (context === null) throw new ConvertError('internal', 'no 2d canvas');
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await createImageBitmap(canvas);
  } finally {
    URL.revokeObjectURL(url);
  }
}
