import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type APIRequestContext, type Frame, type Page } from '@playwright/test';
import { DevicePage, emptyDevice, media, test } from './device_page';
import { fromRgb565, snapshot, type Rgb } from './pictures';

test.beforeEach(({ request }) => emptyDevice(request));

/** What a canvas shows, pixel by pixel. */
async function canvas(page: Page | Frame): Promise<Rgb> {
  const base64 = await page.locator('canvas').evaluate((element: HTMLCanvasElement) => {
    const { data } = element.getContext('2d')!.getImageData(0, 0, 320, 240);
    let text = '';
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(...data.slice(i, i + 3));
    return btoa(text);
  });
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function same(a: Rgb, b: Rgb): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Waits until a canvas shows just what the device says is on its glass. */
async function matches(page: Page | Frame, request: APIRequestContext): Promise<Rgb> {
  await expect
    .poll(async () => same(await canvas(page), await snapshot(request)), { timeout: 10_000 })
    .toBe(true);
  return canvas(page);
}

function count(page: Page, ending: RegExp): () => number {
  let asked = 0;
  page.on('request', (sent) => void (asked += ending.test(new URL(sent.url()).pathname) ? 1 : 0));
  return () => asked;
}

const live = (page: Page) => expect(page.locator('[data-view=live]')).toBeVisible();

test('a screen of the device is on the page pixel by pixel', async ({ page, request }) => {
  const device = new DevicePage(page);
  await device.open();
  await live(page);
  await matches(page, request);
});

test('a paused clip is on the page pixel by pixel, whenever it is paused', async ({
  page,
  request,
}) => {
  const [snapshots, clips] = [count(page, /snapshot\.png$/), count(page, /\/clip$/)];
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('dance.gif')]);
  await device.playing('dance');
  const before = clips();
  expect(before).toBe(1);
  for (let round = 0; round < 5; round++) {
    await device.pause();
    await matches(page, request);
    await device.button('Play').click();
    await expect(device.button('Pause')).toBeVisible();
    await page.waitForTimeout(70 + round * 90);
  }
  await live(page);
  // All of it from one file; not a single picture was sent.
  expect([clips(), snapshots()]).toEqual([before, 0]);
});

test('what plays on the page are the frames of the clip, one after the other', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('dance.gif')]);
  const frames = (await device.lastClip()).frames.map(fromRgb565);
  await device.playing('dance');
  await live(page);
  const seen: number[] = [];
  for (let look = 0; look < 25; look++) {
    const picture = await canvas(page);
    seen.push(frames.findIndex((frame) => same(frame, picture)));
    await page.waitForTimeout(30);
  }
  expect(seen, 'each picture is a frame').not.toContain(-1);
  expect(new Set(seen).size).toBeGreaterThan(3);
});

test('next and a choice are on the page at once, also while paused', async ({ page, request }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('dance.gif'), media('portrait.jpg')]);
  await device.row('dance').click();
  await device.playing('dance');
  await device.pause();
  const dance = await matches(page, request);
  await device.button('Next').click();
  await device.playing('portrait');
  const portrait = await matches(page, request);
  expect(same(dance, portrait)).toBe(false);
  await device.row('dance').click();
  await device.playing('dance');
  await matches(page, request);
});

test('a clip that cannot be fetched is shown as single pictures, and the page says so', async ({
  page,
  request,
}) => {
  await page.route('**/clip?*', (route) => route.abort());
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('portrait.jpg')]);
  await expect(page.getByText('Single pictures')).toBeVisible();
  await matches(page, request);
  await page.unroute('**/clip?*');
  await live(page);
  await matches(page, request);
});

test('the picture alone fills its window, moves, and stops with the device', async ({
  page,
  request,
}) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('dance.gif')]);
  await page.goto('/view');
  await expect(page.locator('body.live')).toBeVisible();
  const first = await canvas(page);
  await expect.poll(async () => same(first, await canvas(page))).toBe(false);
  await request.post('/api/playback/pause');
  await matches(page, request);
  const box = await page.locator('canvas').boundingBox();
  expect(box).toEqual({ x: 0, y: 0, ...page.viewportSize()! });
});

test('without a WebSocket the picture alone is a single one, twice a second', async ({
  page,
  request,
}) => {
  await page.routeWebSocket(/\/ws$/, (socket) => void socket.close());
  const snapshots = count(page, /snapshot\.png$/);
  await page.goto('/view');
  await expect(page.getByText('Single pictures')).toBeVisible();
  await matches(page, request);
  await expect.poll(snapshots).toBeGreaterThan(2);
});

test('other pages may frame the picture, and not the page with the buttons', async ({
  page,
  baseURL,
  request,
}) => {
  const frames = ['view', ''].map((path) => `<iframe src="${baseURL}${path}"></iframe>`);
  // Another port is another origin. It is on this machine: browsers let pages from outside frame nothing in here.
  const elsewhere = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(frames.join(''));
  });
  await new Promise<void>((ready) => elsewhere.listen(0, '127.0.0.1', ready));
  try {
    const { port } = elsewhere.address() as AddressInfo;
    const { hostname } = new URL(baseURL!);
    await page.goto(`http://${hostname}:${port}/`);
    const view = page.frames().find((frame) => frame.url().endsWith('/view'))!;
    await expect(view.locator('body.live')).toBeVisible();
    await matches(view, request);
    const urls = page.frames().map((frame) => frame.url());
    expect(urls).toEqual([page.url(), `${baseURL}view`, 'chrome-error://chromewebdata/']);
  } finally {
    elsewhere.close();
  }
});
