import { PNG } from 'pngjs';
import { expect, type Page } from '@playwright/test';
import { emptyDevice, test } from '../device_page';

/** What the stand-in for the original's page shows of itself: tests/original_page. */
interface LoopPage {
  state: {
    dashboard: {
      media: { slug: string; filename: string }[];
      loop: string[];
      active: string | null;
    } | null;
    storage: { total: number } | null;
    brightness: number | null;
    uploads: Record<string, { progress: number; stage: string }>;
    heard: string[];
  };
  faults: string[];
  upload(file: File): Promise<{ slug: string; expected: boolean; ids: string[] }>;
  call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  cut(): void;
}

declare global {
  interface Window {
    loopPage: LoopPage;
    refused: string[];
    intruder?: boolean;
  }
}

const LINES = { websocket: '/', polling: '/?line=poll' } as const;
type Line = keyof typeof LINES;

test.beforeEach(({ request }) => emptyDevice(request));

/** Opens the page and waits until it has loaded what it loads first. */
async function open(page: Page, line: Line): Promise<void> {
  await page.addInitScript(() => {
    window.refused = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.refused.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(LINES[line]);
  await expect(page.locator('#badge')).toHaveText('Connected');
  await expect
    .poll(() => page.evaluate(() => window.loopPage.state.storage?.total))
    .toBeGreaterThan(0);
}

/** A picture of one colour. */
function png(red: number, green: number, blue: number): string {
  const picture = new PNG({ width: 32, height: 24 });
  for (let at = 0; at < picture.data.length; at += 4) picture.data.set([red, green, blue, 255], at);
  return PNG.sync.write(picture).toString('base64');
}

async function upload(page: Page, name: string, base64: string): Promise<string> {
  const result = await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64!), (letter) => letter.charCodeAt(0));
      return window.loopPage.upload(new File([bytes], name!, { type: 'image/png' }));
    },
    [name, base64],
  );
  expect(result).toEqual({ slug: result.slug, expected: true, ids: [] });
  return result.slug;
}

async function call(page: Page, method: string, path: string, body?: unknown): Promise<unknown> {
  return page.evaluate(
    ([method, path, body]) => window.loopPage.call(method as string, path as string, body),
    [method, path, body],
  );
}

/** Everything was read as it was meant, and nothing of the page was kept from running. */
async function isContent(page: Page): Promise<void> {
  expect(await page.evaluate(() => window.loopPage.faults)).toEqual([]);
  expect(await page.evaluate(() => window.refused)).toEqual([]);
}

test('a page that starts from scripts in its HTML runs, and no other script does', async ({
  page,
}) => {
  const loaded = page.waitForResponse((response) => response.url().includes('/chunks/main-app'));
  const document = page.waitForResponse((response) => response.url().endsWith('/'));
  await open(page, 'websocket');
  const policy = (await document).headers()['content-security-policy']!;
  expect(policy).not.toContain('unsafe-inline');
  expect(policy.match(/script-src [^;]*/)![0].match(/'sha256-/g)).toHaveLength(4);
  expect((await loaded).headers()['cache-control']).toContain('immutable');

  await expect(page).toHaveTitle('LOOP <b> & "friends"');
  await expect(page.locator('h1 b')).toHaveCSS('color', 'rgb(0, 190, 255)');
  await expect(page.locator('input')).toHaveCSS('opacity', '0');
  await isContent(page);

  await page.evaluate(() => {
    const script = window.document.createElement('script');
    script.textContent = 'window.intruder = true';
    window.document.body.append(script);
    window.document.body.insertAdjacentHTML(
      'beforeend',
      '<img src="x:" onerror="intruder = true">',
    );
  });
  await expect
    .poll(() => page.evaluate(() => window.refused.join(', ')))
    .toMatch(/script-src-elem inline.*script-src-attr inline/);
  expect(await page.evaluate(() => window.intruder)).toBeUndefined();
});

for (const line of Object.keys(LINES) as Line[]) {
  test(`${line}: a picture goes on the glass as its frames say`, async ({ page, request }) => {
    await open(page, line);
    const slug = await upload(page, 'Blue Sky.png', png(0, 0, 255));
    expect(slug).toMatch(/^blue_sky_[0-9a-f]{16}$/);
    const row = page.locator(`p[data-slug="${slug}"]`);
    await expect(row).toHaveAttribute('data-enabled', 'true');
    // Nothing is said of the length of a still, as of old.
    await expect(row).toHaveText('Blue Sky.png · 0.0 MB · image · 1 frames');
    await expect(row.locator('img')).toHaveJSProperty('naturalWidth', 32);
    await expect(page.locator('body')).toHaveAttribute('data-now', slug);
    await expect
      .poll(async () => {
        const glass = PNG.sync.read(await (await request.get('/api/display/snapshot.png')).body());
        return [...glass.data.subarray(0, 3)];
      })
      .toEqual([0, 0, 255]);
    if (line === 'websocket') {
      const heard = await page.evaluate(() => window.loopPage.state.heard);
      for (const kind of [
        'initial_dashboard',
        'subscribe_response',
        'pong',
        'media_uploaded',
        'upload_progress',
      ]) {
        await expect.poll(() => page.evaluate(() => window.loopPage.state.heard)).toContain(kind);
      }
      expect(heard[0]).toBe('connection');
    }
    await isContent(page);
  });

  test(`${line}: every control works, and a page beside it sees it`, async ({ page, context }) => {
    await open(page, line);
    const other = await context.newPage();
    await open(other, line);
    const slugs: string[] = [];
    for (const [name, shade] of [
      ['a', 60],
      ['b', 120],
      ['c', 180],
    ] as const) {
      slugs.push(await upload(page, `${name}.png`, png(shade, shade, shade)));
    }
    const [a, b, c] = slugs as [string, string, string];
    const body = other.locator('body');
    const order = () => other.evaluate(() => window.loopPage.state.dashboard?.loop);

    expect(await call(page, 'POST', '/playback/toggle')).toEqual({ paused: true });
    await expect(body).toHaveAttribute('data-playing', 'false');
    expect(await call(page, 'PUT', '/loop', { loop: [c, b, a] })).toEqual({ loop: [c, b, a] });
    await expect.poll(order).toEqual([c, b, a]);
    await call(page, 'POST', `/media/${b}/activate`);
    await expect(body).toHaveAttribute('data-now', b);
    await call(page, 'POST', '/playback/next');
    await expect(body).toHaveAttribute('data-now', a);
    await call(page, 'POST', '/playback/previous');
    await expect(body).toHaveAttribute('data-now', b);
    expect(await call(page, 'POST', '/playback/loop-mode')).toEqual({ loop_mode: 'one' });
    await expect(body).toHaveAttribute('data-mode', 'one');
    await call(page, 'POST', '/playback/loop-mode');
    await call(page, 'DELETE', `/loop/${c}`);
    await expect.poll(order).toEqual([b, a]);
    await call(page, 'POST', '/loop', { slug: c });
    await expect.poll(order).toEqual([b, a, c]);
    await call(page, 'DELETE', `/media/${a}`);
    await expect(other.locator('#media p')).toHaveCount(2);
    expect(await call(page, 'POST', '/display/brightness', { brightness: 40 })).toEqual({
      brightness: 40,
    });
    await other.reload();
    await expect.poll(() => other.evaluate(() => window.loopPage.state.brightness)).toBe(40);
    await call(page, 'POST', '/display/brightness', { brightness: 100 });
    await call(page, 'POST', '/playback/toggle');
    for (const one of [page, other]) await isContent(one);
  });
}

test('a device that is busy is asked three times more', async ({ page }) => {
  await open(page, 'websocket');
  let refusals = 3;
  await page.route('**/api/loop', (route) => {
    const busy = {
      success: false,
      message: 'busy',
      detail: 'busy',
      code: 'CONCURRENCY_LIMIT_EXCEEDED',
    };
    return refusals-- > 0 ? route.fulfill({ status: 503, json: busy }) : route.continue();
  });
  expect(await call(page, 'GET', '/loop')).toEqual({ loop: [] });
  await isContent(page);
});

test('a page whose socket was cut gets the state it has missed, and what comes after', async ({
  page,
  request,
}) => {
  await open(page, 'websocket');
  const slug = await upload(page, 'late.png', png(9, 9, 9));
  await page.evaluate(() => window.loopPage.cut());
  await request.post('/api/playback/pause');
  await request.delete(`/api/loop/${slug}`);
  const row = page.locator(`p[data-slug="${slug}"]`);
  await expect(row).toHaveAttribute('data-enabled', 'false');
  const greetings = () =>
    page.evaluate(() => window.loopPage.state.heard.filter((kind) => kind === 'connection').length);
  await expect.poll(greetings).toBe(2);
  await request.post('/api/loop', { data: { slug } });
  await expect(row).toHaveAttribute('data-enabled', 'true');
  await isContent(page);
});

test('what this version does not do is refused in a way the page can show', async ({ page }) => {
  await open(page, 'websocket');
  for (const [method, path] of [
    ['POST', '/wifi/hotspot'],
    ['POST', '/updates/install'],
  ] as const) {
    await expect(call(page, method, path)).rejects.toThrow(
      /501 this version of LOOP does not manage/,
    );
  }
  await isContent(page);
});
