// Makes of a picture what the original's worker makes: frames of RGB565, highest byte first, in a ZIP without compression.
const [WIDTH, HEIGHT] = [320, 240];

self.onmessage = async ({ data: { id, file, expectedSlug } }) => {
  try {
    self.postMessage({ id, progress: 10, stage: 'extracting' });
    const frame = await picture(file);
    const metadata = {
      slug: expectedSlug,
      original_filename: file.name,
      type: 'image',
      width: WIDTH,
      height: HEIGHT,
      frame_count: 1,
      format: 'rgb565',
      fps: 0,
    };
    const blob = zip([
      ['frame_000001.rgb', frame],
      ['metadata.json', new TextEncoder().encode(JSON.stringify(metadata))],
    ]);
    self.postMessage({ id, progress: 100, stage: 'complete', done: true, blob });
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
};

async function picture(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT).getContext('2d');
  const scale = Math.max(WIDTH / bitmap.width, HEIGHT / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  canvas.drawImage(bitmap, (WIDTH - width) / 2, (HEIGHT - height) / 2, width, height);
  const { data } = canvas.getImageData(0, 0, WIDTH, HEIGHT);
  const frame = new DataView(new ArrayBuffer(WIDTH * HEIGHT * 2));
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    const [red, green, blue] = [data[at * 4], data[at * 4 + 1], data[at * 4 + 2]];
    frame.setUint16(at * 2, ((red >> 3) << 11) | ((green >> 2) << 5) | (blue >> 3));
  }
  return new Uint8Array(frame.buffer);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function zip(entries) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const [name, content] of entries) {
    const [title, crc] = [new TextEncoder().encode(name), crc32(content)];
    // Version, flags, method 0, time and date, then checksum and sizes: the same in both records.
    const about = [20, 0, 0, 0, 0x21].flatMap((value) => [value & 255, value >> 8]);
    const sizes = [crc, content.length, content.length].flatMap(four);
    const names = [title.length & 255, title.length >> 8, 0, 0];
    parts.push(Uint8Array.of(...four(0x04034b50), ...about, ...sizes, ...names), title, content);
    const rest = [0, 0, 0, 0, 0, 0, ...four(0), ...four(offset)];
    directory.push(
      Uint8Array.of(...four(0x02014b50), 20, 0, ...about, ...sizes, ...names, ...rest),
      title,
    );
    offset += 30 + title.length + content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = [entries.length, 0, entries.length, 0];
  const end = Uint8Array.of(
    ...four(0x06054b50),
    0,
    0,
    0,
    0,
    ...count,
    ...four(size),
    ...four(offset),
    0,
    0,
  );
  return new Blob([...parts, ...directory, end]);
}

function four(value) {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}
