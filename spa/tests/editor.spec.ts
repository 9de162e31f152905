import { expect, type Locator, type Page } from '@playwright/test';
import { isAccessible, SCREENS } from './axe';
import { DevicePage, dots, emptyDevice, media, test, type TestFile } from './device_page';
import { difference, fromRgb565, reference, snapshot, type Rgb } from './pictures';

/** At most 8 levels of 255 on average in any channel. */
const LIMIT = 8;
const [WIDTH, HEIGHT] = [320, 240];

test.beforeEach(({ request }) => emptyDevice(request));

/** A page whose new files wait to be edited. */
async function begin(page: Page): Promise<DevicePage> {
  await page.addInitScript(() => localStorage.setItem('loop.edit_first', 'yes'));
  const device = new DevicePage(page);
  await device.open();
  return device;
}

/** The editor of a file, with its picture on the glass. */
async function editor(page: Page, name: string): Promise<Locator> {
  const sheet = page.getByRole('dialog', { name: `Edit ${name}`, exact: true });
  await expect(sheet).toBeVisible();
  await expect(sheet.locator('[aria-busy=false] canvas')).toBeVisible();
  return sheet;
}

async function dropToEdit(page: Page, file: TestFile): Promise<[DevicePage, Locator]> {
  const device = await begin(page);
  await device.drop([file]);
  return [device, await editor(page, file.name)];
}

async function slide(sheet: Locator, name: string, us: number): Promise<void> {
  await sheet.getByRole('slider', { name }).evaluate((input: HTMLInputElement, value) => {
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, us);
}

/** A picture seen through an edit: upside down, and so much nearer. */
function upsideDown(picture: Rgb, zoom: number): Rgb {
  const seen = new Uint8Array(picture.length);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const fromX = Math.floor(WIDTH / 2 - (x + 0.5 - WIDTH / 2) / zoom);
      const fromY = Math.floor(HEIGHT / 2 - (y + 0.5 - HEIGHT / 2) / zoom);
      const from = (fromY * WIDTH + fromX) * 3;
      seen.set(picture.subarray(from, from + 3), (y * WIDTH + x) * 3);
    }
  }
  return seen;
}

/** What the editor shows now, pixel by pixel. */
async function previewed(sheet: Locator): Promise<Rgb> {
  const base64 = await sheet.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(...data.slice(i, i + 3));
    return btoa(text);
  });
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

for (const { name, file, first, count } of [
  { name: 'dance', file: 'dance.gif', first: 2, count: 3 },
  { name: 'glide', file: 'glide.mp4', first: 25, count: 20 },
]) {
  test(`a part of the ${name} sample, turned, cropped and at half its speed, is on the glass`, async ({
    page,
    request,
  }) => {
    const [device, sheet] = await dropToEdit(page, media(file));
    const { frames, durations_us: durations } = reference(name);
    const starts = durations.map((_, i) => durations.slice(0, i).reduce((a, b) => a + b, 0));
    await slide(sheet, 'Begins at', starts[first]!);
    await slide(sheet, 'Ends at', starts[first + count]!);
    for (let turn = 0; turn < 2; turn++) await sheet.getByRole('button', { name: /^Turn/ }).click();
    for (let step = 0; step < 3; step++)
      await sheet.getByRole('button', { name: 'Zoom in' }).click();
    await sheet.getByRole('radio', { name: '½', exact: true }).check();
    await sheet.getByRole('radio', { name: 'Exact' }).check();
    await expect(sheet.getByText(new RegExp(`${count} pictures`))).toBeVisible();
    await slide(sheet, 'Picture shown', starts[first]!);
    await expect
      .poll(async () => difference(await previewed(sheet), upsideDown(frames[first]!, 1.25 ** 3)))
      .toBeLessThanOrEqual(LIMIT);
    const shown = await previewed(sheet);
    await sheet.getByRole('button', { name: 'Add', exact: true }).click();
    await device.seesDone(file);

    const clip = await device.lastClip();
    expect(clip.frames).toHaveLength(count);
    clip.frames.forEach((frame, i) => {
      const wanted = upsideDown(frames[first + i]!, 1.25 ** 3);
      expect(difference(fromRgb565(frame), wanted), `frame ${i}`).toBeLessThanOrEqual(LIMIT);
      expect(Math.abs(clip.durationsUs[i]! - durations[first + i]! * 2)).toBeLessThanOrEqual(1000);
    });
    // What was shown before it was made is what was made, to the pixel.
    expect(Buffer.compare(fromRgb565(clip.frames[0]!), shown)).toBe(0);
    await device.playing(name);
    await device.pause();
    const glass = await snapshot(request);
    const errors = clip.frames.map((frame) => difference(fromRgb565(frame), glass));
    expect(Math.min(...errors)).toBe(0);
  });
}

test('what is done to one file is done to all that wait, but for the cut', async ({ page }) => {
  const device = await begin(page);
  await device.drop(dots('one', 'two', 'three'));
  const sheet = await editor(page, 'one.svg');
  await sheet.getByRole('radio', { name: 'Fit' }).check();
  await sheet.locator('input[type=color]').fill('#00ff00');
  await sheet.getByRole('button', { name: /^Turn/ }).click();
  await sheet.getByRole('button', { name: 'Use for all 3' }).click();
  await expect(sheet).toBeHidden();
  for (const name of ['one', 'two', 'three']) await device.seesDone(`${name}.svg`);
  const picture = fromRgb565((await device.lastClip()).frames[0]!);
  const at = (x: number, y: number) => [
    ...picture.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3),
  ];
  expect(at(4, 120)).toEqual([0, 255, 0]);
  // The third dot stood right of the middle; turned, it is below it, on its paper.
  expect(at(160, 148)).toEqual([0, 0, 0]);
  expect(at(160, 20)).toEqual([255, 255, 255]);
});

test('a file is dropped and goes at once, and can be edited afterwards', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.drop([media('portrait.jpg')]);
  await device.seesDone('portrait.jpg');
  const before = fromRgb565((await device.lastClip()).frames[0]!);
  await device.button('Edit portrait.jpg').click();
  const sheet = await editor(page, 'portrait.jpg');
  await expect.poll(async () => Buffer.compare(await previewed(sheet), before)).toBe(0);
  await sheet.getByRole('button', { name: 'Mirror left and right' }).click();
  await sheet.getByRole('button', { name: 'Mirror left and right' }).click();
  for (let turn = 0; turn < 2; turn++) await sheet.getByRole('button', { name: /^Turn/ }).click();
  await sheet.getByRole('button', { name: 'Apply' }).click();
  await expect(async () => {
    const after = fromRgb565((await device.lastClip()).frames[0]!);
    expect(difference(after, upsideDown(before, 1))).toBeLessThanOrEqual(LIMIT);
  }).toPass({ timeout: 15_000 });
  await device.seesDone('portrait.jpg');
});

test('everything can be done with the keyboard alone', async ({ page }) => {
  const [device, sheet] = await dropToEdit(page, media('dance.gif'));
  const glass = sheet.getByRole('application');
  const focused = async (target: Locator): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('the focus never came there');
  };
  await focused(glass);
  const whole = await previewed(sheet);
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowLeft');
  await expect.poll(async () => difference(await previewed(sheet), whole)).toBeGreaterThan(1);
  const end = sheet.getByRole('slider', { name: 'Ends at' });
  await focused(end);
  const all = Number(await end.inputValue());
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft');
  expect(Number(await end.inputValue())).toBeLessThan(all);
  await focused(sheet.getByRole('button', { name: 'Add', exact: true }));
  await page.keyboard.press('Enter');
  await device.seesDone('dance.gif');
  const { frame_count: count } = reference('dance');
  expect((await device.lastClip()).frames.length).toBeLessThan(count);
});

test('a finger moves the picture, and two make it larger', async ({ page }) => {
  const [, sheet] = await dropToEdit(page, media('portrait.jpg'));
  const zoom = sheet.getByRole('slider', { name: 'Zoom' });
  const box = (await sheet.locator('canvas').boundingBox())!;
  const touch = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...xs: [number, number][]) =>
    touch.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: xs.map(([x, y], id) => ({ x: box.x + x, y: box.y + y, id })),
    });
  await send('touchStart', [140, 120], [180, 120]);
  for (let i = 1; i <= 5; i++) await send('touchMove', [140 - i * 10, 120], [180 + i * 10, 120]);
  await send('touchEnd');
  await expect(zoom).toHaveAttribute('aria-valuetext', /^3\.[45]/);
  const before = await previewed(sheet);
  await send('touchStart', [160, 120]);
  for (let i = 1; i <= 5; i++) await send('touchMove', [160 + i * 8, 120]);
  await send('touchEnd');
  await expect.poll(async () => difference(await previewed(sheet), before)).toBeGreaterThan(1);
});

test('of a paused queue nothing is begun, also after the page comes back', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await page.route('**/api/uploads', (route) => route.abort());
  await device.drop(dots('one', 'two'));
  await device.button('Pause all').click();
  await expect(device.card('one.svg').getByText('Paused')).toBeVisible();
  await page.unroute('**/api/uploads');
  await page.waitForTimeout(300);
  await page.reload();
  await expect(device.card('two.svg').getByText('Paused')).toBeVisible();
  await device.button('Go on').click();
  for (const name of ['one', 'two']) await device.seesDone(`${name}.svg`);
});

for (const [screen, size] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`is for everybody, on a ${screen}, ${colorScheme}`, async ({ page }) => {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      const [, sheet] = await dropToEdit(page, media('dance.gif'));
      await expect(sheet.getByText(/pictures/).first()).toBeVisible();
      await isAccessible(page, `the editor, ${screen}, ${colorScheme}`);
      const wide = await sheet.evaluate((element) => element.scrollWidth - element.clientWidth);
      expect(wide).toBe(0);
      const shots = process.env.LOOP_SHOTS;
      if (shots) await page.screenshot({ path: `${shots}/editor-${screen}-${colorScheme}.png` });
      if (shots && screen === 'phone') {
        await sheet.locator('.body').evaluate((body) => body.scrollTo(0, 9999));
        await page.screenshot({ path: `${shots}/editor-${screen}-${colorScheme}-end.png` });
      }
    });
  }
}
