import { expect } from '@playwright/test';
import { PNG } from 'pngjs';
import { DevicePage, emptyDevice, media, test, type TestFile } from './device_page';
import { difference, fromRgb565, nearest, reference, snapshot } from './pictures';

/** The goal: at most 8 levels of 255 on average in any channel. */
const LIMIT = 8;

const FILES = { dance: 'dance.gif', glide: 'glide.mp4', portrait: 'portrait.jpg' };
const NAMES = Object.keys(FILES) as (keyof typeof FILES)[];

test.beforeEach(({ request }) => emptyDevice(request));

test('a GIF, a film and a photograph go on the glass in order, each with its own timing', async ({
  page,
  request,
}) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(NAMES.map((name) => media(FILES[name])));
  await expect(device.loopNames).toHaveText(NAMES);

  const { data } = await (await request.get('/api/media')).json();
  for (const name of NAMES) {
    const { frame_count, durations_us } = reference(name);
    const item = data.media.find(({ filename }: TestItem) => filename === FILES[name]);
    expect(item.frame_count).toBe(frame_count);
    const seconds = durations_us.reduce((sum, duration) => sum + duration, 0) / 1e6;
    // A still has no length.
    if (frame_count > 1) expect(item.duration).toBeCloseTo(seconds, 2);
    else expect(item.duration).toBeNull();
  }

  await device.row('dance').click();
  for (const name of NAMES) {
    await device.playing(name);
    await device.pause();
    const match = nearest(await snapshot(request), reference(name).frames);
    expect(match.error, `${name} on the glass`).toBeLessThanOrEqual(LIMIT);
    await device.button('Play').click();
    await expect(device.button('Pause')).toBeVisible();
    await device.button('Next').click();
  }
  await device.playing('dance');
});

interface TestItem {
  filename: string;
}

for (const name of NAMES) {
  test(`every frame of the ${name} sample is right and stands for its own time`, async ({
    page,
  }) => {
    const device = new DevicePage(page);
    await device.open();
    await device.dropAndWait([media(FILES[name])]);
    const { frames, durationsUs } = await device.lastClip();
    const expected = reference(name);
    expect(frames).toHaveLength(expected.frame_count);
    // How long a still stands is up to the device.
    expected.durations_us.forEach((duration, i) => {
      expect(Math.abs(durationsUs[i]! - duration)).toBeLessThanOrEqual(100);
    });
    const errors = frames.map((frame, i) => difference(fromRgb565(frame), expected.frames[i]!));
    expect(Math.max(...errors), 'the worst frame').toBeLessThanOrEqual(LIMIT);
    test.info().annotations.push({ type: 'worst', description: Math.max(...errors).toFixed(2) });
  });
}

test('a PNG is known by its content, whatever its name says', async ({ page }) => {
  const png = new PNG({ width: 32, height: 24 });
  for (let i = 0; i < png.data.length; i += 4) png.data.set([0, 255, 0, 255], i);
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([{ name: 'green.gif', bytes: PNG.sync.write(png) }]);
  const [frame] = (await device.lastClip()).frames;
  expect(new Set(fromRgb565(frame!).filter((_, i) => i % 3 === 1))).toEqual(new Set([255]));
});

test('a drawing stands on white, whole, when fit is chosen', async ({ page }) => {
  const svg: TestFile = {
    name: 'ring.svg',
    bytes: Buffer.from(
      '<?xml version="1.0"?><!-- ring --><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><circle cx="5" cy="5" r="5" fill="#f00"/></svg>',
    ),
  };
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([svg]);
  await page.evaluate(() => localStorage.setItem('loop.fit', 'fit'));
  await device.open();
  await device.dropAndWait([svg]);
  const picture = fromRgb565((await device.lastClip()).frames[0]!);
  const at = (x: number, y: number) => [
    ...picture.subarray((y * 320 + x) * 3, (y * 320 + x) * 3 + 3),
  ];
  expect(at(160, 120)).toEqual([255, 0, 0]);
  expect(at(44, 4)).toEqual([255, 255, 255]);
  expect(at(5, 120)).toEqual([0, 0, 0]);
});
