import { expect } from '@playwright/test';
import { DevicePage, dots, emptyDevice, media, test } from './device_page';

test.beforeEach(({ request }) => emptyDevice(request));

test('an order made by keyboard is there after a reload', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two', 'three'));
  await page.getByRole('button', { name: 'Drag three to another place' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(device.loopNames).toHaveText(['three', 'one', 'two']);
  await device.open();
  await expect(device.loopNames).toHaveText(['three', 'one', 'two']);
});

test('the move buttons tell a screen reader where the item went', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two'));
  await device.button('Move two up').press('Enter');
  await expect(page.getByText('two is now 1 of 2')).toBeAttached();
  await device.open();
  await expect(device.loopNames).toHaveText(['two', 'one']);
});

test('an item dragged by mouse stays where it was dropped', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two', 'three'));
  const grip = page.getByRole('button', { name: 'Drag one to another place' });
  const from = (await grip.boundingBox())!;
  const to = (await page
    .getByRole('button', { name: 'Drag three to another place' })
    .boundingBox())!;
  await page.mouse.move(from.x + 20, from.y + 30);
  await page.mouse.down();
  await page.mouse.move(from.x + 20, from.y + 50, { steps: 5 });
  await page.mouse.move(to.x + 20, to.y + 40, { steps: 15 });
  // The list makes room with an animation; a hand lets go after it has seen that.
  await expect(page.locator('ul[aria-label] > li').last()).toHaveAttribute('aria-label', 'one');
  const stored = page.waitForResponse('**/api/loop');
  await page.mouse.up();
  expect((await stored).ok()).toBe(true);
  await expect(device.loopNames).toHaveText(['two', 'three', 'one']);
  await device.open();
  await expect(device.loopNames).toHaveText(['two', 'three', 'one']);
});

test('next, previous, pause and repeat do what they say', async ({ page, request }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two'));
  await device.row('one').click();
  await device.playing('one');
  await device.button('Next').click();
  await device.playing('two');
  await device.button('Previous').click();
  await device.playing('one');
  await device.pause();
  await page.getByRole('radio', { name: 'One' }).check();
  await expect(page.getByRole('radio', { name: 'One' })).toBeChecked();
  const player = async () => (await (await request.get('/api/dashboard')).json()).status.player;
  await expect.poll(player).toMatchObject({ paused: true, loop_mode: 'one' });
  await page.getByRole('radio', { name: 'All' }).check();
  await device.button('Play').click();
  await expect(device.button('Pause')).toBeVisible();
});

test('brightness goes to the device and comes back to another page', async ({ page, context }) => {
  const device = new DevicePage(page);
  const other = new DevicePage(await context.newPage());
  await device.open();
  await other.open();
  await page.getByLabel('Brightness').fill('35');
  await expect(other.page.getByLabel('Brightness')).toHaveValue('35');
  await page.getByLabel('Brightness').fill('100');
  await expect(other.page.getByLabel('Brightness')).toHaveValue('100');
});

test('an item leaves the loop and comes back', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two'));
  await page.getByRole('switch', { name: 'two in the loop' }).click();
  await expect(device.loopNames).toHaveText(['one']);
  await expect(page.getByRole('heading', { name: 'Not in the loop' })).toBeVisible();
  await page.getByRole('switch', { name: 'two in the loop' }).click();
  await expect(device.loopNames).toHaveText(['one', 'two']);
});

test('a change the device refuses is taken back and its reason is shown', async ({ page }) => {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots('one', 'two'));
  await page.route('**/api/loop', (route) =>
    route.fulfill({
      status: 507,
      json: { success: false, message: 'The card is full', code: 'X' },
    }),
  );
  await device.button('Move two up').click();
  await expect(page.getByText('The card is full')).toBeVisible();
  await expect(device.loopNames).toHaveText(['one', 'two']);
});

test('cancelling a conversion leaves nothing behind', async ({ page, request }) => {
  const device = new DevicePage(page);
  await device.open();
  const posts: string[] = [];
  page.on('request', (sent) => posts.push(`${sent.method()} ${new URL(sent.url()).pathname}`));
  await device.drop([media('glide.mp4')]);
  await expect(device.card('glide.mp4').getByText('Converting')).toBeVisible();
  await device.button('Cancel glide.mp4').click();
  await expect(device.card('glide.mp4')).toHaveCount(0);
  await device.dropAndWait(dots('after'));
  expect(posts.filter((post) => post === 'POST /api/uploads')).toHaveLength(1);
  const { data } = await (await request.get('/api/media')).json();
  expect(data.media.map(({ filename }: { filename: string }) => filename)).toEqual(['after.svg']);
});

test('a file that is no picture is refused with a reason, and the next one goes on', async ({
  page,
}) => {
  const device = new DevicePage(page);
  await device.open();
  await device.drop([{ name: 'liar.gif', bytes: Buffer.from('<html></html>') }, ...dots('good')]);
  await expect(device.card('liar.gif').getByRole('alert')).toContainText('not a picture or a film');
  await expect(device.card('good.svg').getByText('On the display', { exact: true })).toBeVisible();
});
