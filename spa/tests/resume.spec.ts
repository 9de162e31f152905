import { deflateSync, crc32 } from 'node:zlib';
import {
  expect,
  type APIRequestContext,
  type BrowserContext,
  type Page,
  type Route,
} from '@playwright/test';
import { DevicePage, emptyDevice, media, test, type TestFile } from './device_page';

test.beforeEach(async ({ request }) => {
  await emptyDevice(request);
  // What the device knows of uploads under way must be ours alone.
  await expect.poll(() => underWay(request)).toEqual([]);
});

/** A picture of several megabytes that takes no time to convert: noise as a bitmap. */
function large(name: string, width = 1600, height = 1000): TestFile {
  const bytes = Buffer.alloc(54 + width * height * 3);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  let value = name.length;
  for (let i = 54; i < bytes.length; i++) {
    value = (value * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = value >> 16;
  }
  return { name, bytes };
}

/** Two pictures that take turns, as an animated PNG. */
function blinking(name: string): TestFile {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const numbers = (...values: number[]): Buffer => {
    const data = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => data.writeUInt32BE(value, i * 4));
    return data;
  };
  const [width, height] = [32, 24];
  const picture = (grey: number): Buffer =>
    deflateSync(
      Buffer.concat(
        Array(height).fill(Buffer.concat([Buffer.alloc(1), Buffer.alloc(width, grey)])),
      ),
    );
  // Each stands for a tenth of a second.
  const control = (order: number): Buffer =>
    chunk(
      'fcTL',
      Buffer.concat([numbers(order, width, height, 0, 0), Buffer.from([0, 1, 0, 10, 0, 0])]),
    );
  const bytes = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([numbers(width, height), Buffer.from([8, 0, 0, 0, 0])])),
    chunk('acTL', numbers(2, 0)),
    control(0),
    chunk('IDAT', picture(0)),
    control(1),
    chunk('fdAT', Buffer.concat([numbers(2), picture(255)])),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { name, bytes };
}

/** The wire between the pages and the device's uploads: counts what passes, can be slow, and can be cut. */
class Wire {
  made = 0;
  /** Bytes sent for good. */
  bytes = 0;
  /** Chunks that may still pass; then the wire is silent. */
  left = Infinity;
  isCut = false;
  /** Chunks that are held back stay on their way until the link is cut or the page goes. */
  readonly held: Route[] = [];

  constructor(readonly context: BrowserContext) {}

  async watch(): Promise<void> {
    await this.context.route('**/api/uploads**', async (route) => {
      const request = route.request();
      if (this.isCut) return route.abort('internetdisconnected');
      if (request.method() === 'POST') this.made++;
      if (request.method() !== 'PATCH') return route.continue();
      if (this.left <= 0) return void this.held.push(route);
      this.left--;
      const size = request.postDataBuffer()?.length ?? 0;
      await route.continue();
      // The page may be closed before its answer comes.
      const response = await request.response().catch(() => null);
      if (response?.status() === 204) this.bytes += size;
    });
  }

  /** The chunk that is under way dies with the link. */
  async cut(): Promise<void> {
    this.isCut = true;
    await this.context.setOffline(true);
    for (const route of this.held.splice(0)) await route.abort('internetdisconnected');
  }

  async mend(): Promise<void> {
    this.isCut = false;
    this.left = Infinity;
    await this.context.setOffline(false);
  }
}

async function stored(request: APIRequestContext): Promise<{ filename: string; size: number }[]> {
  const { data } = await (await request.get('/api/media')).json();
  return data.media;
}

async function names(request: APIRequestContext): Promise<string[]> {
  return (await stored(request)).map(({ filename }) => filename).sort();
}

async function underWay(request: APIRequestContext): Promise<string[]> {
  const { data } = await (await request.get('/api/uploads')).json();
  return data.uploads.map(({ filename }: { filename: string }) => filename);
}

async function begin(page: Page, context: BrowserContext): Promise<[DevicePage, Wire]> {
  const wire = new Wire(context);
  await wire.watch();
  const device = new DevicePage(page);
  await device.open();
  return [device, wire];
}

/** The browser has written down how far the upload is. */
async function isKept(page: Page): Promise<void> {
  await expect(page.getByText('You can close this page')).toBeVisible();
}

const big = large('big.bmp');

test('a link lost in the middle of sending pauses it, and it goes on to the end', async ({
  page,
  context,
  request,
}) => {
  const [device, wire] = await begin(page, context);
  wire.left = 2;
  await device.drop([big]);
  await expect.poll(() => wire.left).toBe(0);
  await expect.poll(() => wire.held.length).toBe(1);
  await wire.cut();
  await expect(device.card('big.bmp').getByText(/Paused: no link/)).toBeVisible();
  await expect(device.card('big.bmp').getByText(/Sending\s+[3-9]\d %/)).toBeVisible();
  await wire.mend();
  await device.seesDone('big.bmp');
  expect(wire.made, 'uploads made').toBe(1);
  expect(await names(request)).toEqual(['big.bmp']);
  expect((await stored(request))[0]!.size).toBeGreaterThan(0);
});

test('a page reloaded in the middle of sending goes on from the byte the device has', async ({
  page,
  context,
  request,
}) => {
  const [device, wire] = await begin(page, context);
  wire.left = 2;
  await device.drop([big]);
  await expect.poll(() => wire.left).toBe(0);
  await isKept(page);
  await page.reload();
  wire.left = Infinity;
  await device.seesDone('big.bmp');
  expect(wire.made, 'uploads made').toBe(1);
  expect(wire.bytes, 'nothing was sent twice').toBeLessThan(big.bytes.length + 1024 * 1024);
  expect(await names(request)).toEqual(['big.bmp']);
});

test('a page reloaded in the middle of converting converts again', async ({
  page,
  context,
  request,
}) => {
  const [device] = await begin(page, context);
  await device.drop([media('glide.mp4'), media('dance.gif')]);
  await expect(device.card('glide.mp4').getByText(/Converting/)).toBeVisible();
  await isKept(page);
  await page.reload();
  await device.seesDone('glide.mp4');
  await device.seesDone('dance.gif');
  expect(await names(request)).toEqual(['dance.gif', 'glide.mp4']);
});

test('a tab is closed, and a new one goes on without the file being chosen again', async ({
  page,
  context,
  request,
}) => {
  const [device, wire] = await begin(page, context);
  wire.left = 1;
  await device.drop([big, media('portrait.jpg')]);
  await expect.poll(() => wire.left).toBe(0);
  await expect(device.card('portrait.jpg').getByText('Waiting to be sent')).toBeVisible();
  await isKept(page);
  await page.close();
  wire.left = Infinity;
  const next = new DevicePage(await context.newPage());
  await next.open();
  await next.seesDone('big.bmp');
  await next.seesDone('portrait.jpg');
  expect(wire.made).toBe(2);
  expect(await names(request)).toEqual(['big.bmp', 'portrait.jpg']);
});

test('two tabs do not send the same file, and one takes over when the other goes', async ({
  page,
  context,
  request,
}) => {
  const [device, wire] = await begin(page, context);
  wire.left = 1;
  await device.drop([big]);
  await expect.poll(() => wire.left).toBe(0);
  await isKept(page);
  const other = new DevicePage(await context.newPage());
  await other.open();
  // Longer than it takes to ask whether anybody works on it.
  await other.page.waitForTimeout(2_500);
  await expect(other.card('big.bmp')).toHaveCount(0);
  await page.close();
  wire.left = Infinity;
  await other.seesDone('big.bmp');
  expect(wire.made).toBe(1);
  expect(await names(request)).toEqual(['big.bmp']);
});

test('of several files one is cancelled, one fails and says why, and the others arrive', async ({
  page,
  context,
  request,
}) => {
  const [device, wire] = await begin(page, context);
  wire.left = 1;
  const liar: TestFile = { name: 'liar.gif', bytes: Buffer.from('no') };
  await device.drop([big, liar, media('dance.gif'), media('portrait.jpg')]);
  await expect(device.card('liar.gif').getByRole('alert')).toContainText('not a picture or a film');
  await expect.poll(() => wire.left).toBe(0);
  // Those after it may pass; the chunk that is held back is not let go.
  wire.left = Infinity;
  await device.button('Cancel big.bmp').click();
  await expect(device.card('big.bmp')).toHaveCount(0);
  await device.seesDone('dance.gif');
  await device.seesDone('portrait.jpg');
  await expect(device.button('Try liar.gif again')).toBeVisible();
  expect(await names(request)).toEqual(['dance.gif', 'portrait.jpg']);
  await expect.poll(() => underWay(request)).toEqual([]);
});

test('the focus stays near when a card goes', async ({ page, context }) => {
  const [device] = await begin(page, context);
  const liars = ['one.gif', 'two.gif'].map((name) => ({ name, bytes: Buffer.from(name) }));
  await device.drop(liars);
  await expect(device.button('Try all again')).toBeVisible();
  await device.button('Remove one.gif from this list').press('Enter');
  await expect(device.button('Remove two.gif from this list')).toBeFocused();
  await device.button('Remove two.gif from this list').press('Enter');
  await expect(page.getByRole('button', { name: 'Add', exact: true })).toBeFocused();
});

test('what this browser cannot open is converted by the display', async ({
  page,
  context,
  request,
}) => {
  const [device] = await begin(page, context);
  await device.drop([blinking('blink.png')]);
  await device.seesDone('blink.png');
  const { data } = await (await request.get('/api/media')).json();
  expect(data.media[0]).toMatchObject({ filename: 'blink.png', frame_count: 2 });
});

test('what neither the browser nor the display can open has both reasons', async ({
  page,
  context,
}) => {
  const [device] = await begin(page, context);
  const film = Buffer.from('RIFF\x20\0\0\0AVI LIST but nothing that moves');
  await device.drop([{ name: 'torn.avi', bytes: film }]);
  const alert = device.card('torn.avi').getByRole('alert');
  await expect(alert).toContainText('Browsers do not play AVI films');
  await expect(alert).toContainText('The display could not either:');
});

test('a phone of 360 px shows all of a card', async ({ page, context }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const [device] = await begin(page, context);
  const name = `${'a-very-long-name-'.repeat(6)}.gif`;
  await device.drop([{ name, bytes: Buffer.from('no') }, media('dance.gif')]);
  await expect(device.card(name).getByRole('alert')).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(360);
});
