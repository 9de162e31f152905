import { expect, type Locator, type Page } from '@playwright/test';
import { isAccessible, SCREENS } from './axe';
import { DevicePage, dots, emptyDevice, media, test } from './device_page';

test.beforeEach(({ request }) => emptyDevice(request));

/** A device with these pictures on its page, all in the loop. */
async function library(page: Page, ...names: string[]): Promise<DevicePage> {
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait(dots(...names));
  return device;
}

const save = (sheet: Locator) => sheet.getByRole('button', { name: 'Save' });
const search = (page: Page) => page.getByRole('searchbox', { name: 'Search the library' });
const undo = (page: Page) => page.getByRole('button', { name: 'Undo' });
const checkbox = (page: Page, name: string) =>
  page.getByRole('checkbox', { name: new RegExp(`^${name} .*: choose$`) });

async function tag(device: DevicePage, name: string, ...tags: string[]): Promise<void> {
  const sheet = await device.sheet(name);
  for (const word of tags) {
    await sheet.getByLabel('Tags').fill(word);
    await sheet.getByLabel('Tags').press('Enter');
  }
  await save(sheet).click();
  await expect(sheet).toBeHidden();
}

/** Imports a file. */
async function sendBack(page: Page, buffer: Buffer): Promise<void> {
  const picker = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await (await picker).setFiles({ name: 'library.tar', mimeType: 'application/x-tar', buffer });
}

test('a new title is on the page, on the device and still there after a reload', async ({
  page,
  request,
}) => {
  const device = await library(page, 'one', 'two');
  const sheet = await device.sheet('one');
  await sheet.getByLabel('Title').fill('The first of all');
  await save(sheet).click();
  await expect(sheet).toBeHidden();
  await expect(device.loopNames).toHaveText(['The first of all', 'two']);
  await expect(device.button('More for The first of all')).toBeFocused();
  const { data } = await (await request.get('/api/media?q=first')).json();
  expect(data.media.map(({ title }: { title: string }) => title)).toEqual(['The first of all']);
  await device.open();
  await expect(device.loopNames).toHaveText(['The first of all', 'two']);
});

test('a title that cannot be is refused beside its field, and nothing is lost by leaving', async ({
  page,
}) => {
  const device = await library(page, 'one');
  const sheet = await device.sheet('one');
  const title = sheet.getByLabel('Title');
  await title.fill('x'.repeat(201));
  await save(sheet).click();
  await expect(sheet.getByRole('alert')).toHaveText(/1 to 200/);
  await expect(title).toBeFocused();
  await title.fill('Something better');
  await page.keyboard.press('Escape');
  await expect(sheet.getByRole('alert')).toHaveText(/not saved/);
  await save(sheet).click();
  await expect(device.loopNames).toHaveText(['Something better']);
});

test('tags are offered, and show only what has them', async ({ page }) => {
  const device = await library(page, 'one', 'two', 'three');
  await tag(device, 'one', 'holiday', 'sea');
  const sheet = await device.sheet('two');
  await sheet.getByRole('button', { name: '+ sea' }).click();
  await save(sheet).click();
  await page.getByRole('button', { name: 'sea', exact: true }).click();
  await expect(device.listed).toHaveText(['two', 'one']);
  await expect(page.getByText('2 found')).toBeAttached();
  await page.getByRole('button', { name: 'sea', exact: true }).click();
  await expect(device.loopNames).toHaveText(['one', 'two', 'three']);
});

test('a slash leads to the search, which finds titles, files and tags', async ({ page }) => {
  const device = await library(page, 'one', 'two', 'three');
  await tag(device, 'three', 'blue');
  await page.keyboard.press('/');
  await expect(search(page)).toBeFocused();
  await page.keyboard.type('t');
  await expect(device.listed).toHaveText(['three', 'two']);
  await search(page).fill('blue');
  await expect(device.listed).toHaveText(['three']);
  await search(page).fill('nothing like it');
  await expect(page.getByText('Nothing is called that').first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(device.loopNames).toHaveCount(3);
});

test('what does not loop is put in order', async ({ page }) => {
  const device = await library(page, 'b 2', 'a', 'b 10');
  for (const name of ['b 2', 'a', 'b 10']) await device.putInLoop(name, false);
  const order = page.getByRole('combobox', { name: 'Order' });
  await order.selectOption('Title, A to Z');
  await expect(device.listed).toHaveText(['a', 'b 2', 'b 10']);
  await order.selectOption('Title, Z to A');
  await expect(device.listed).toHaveText(['b 10', 'b 2', 'a']);
});

test('several are chosen by keyboard and mouse, deleted, and brought back to their places', async ({
  page,
  request,
}) => {
  const device = await library(page, 'one', 'two', 'three', 'four');
  await device.button('Select').click();
  await checkbox(page, 'two').click();
  await checkbox(page, 'four').click({ modifiers: ['Shift'] });
  await expect(page.getByRole('region', { name: 'Chosen items' })).toContainText('3 chosen');
  await checkbox(page, 'three').press('Space');
  await page.keyboard.press('Delete');
  await expect(device.loopNames).toHaveText(['one', 'three']);
  await expect(page.getByText('Deleted 2 items')).toBeVisible();
  await expect(device.row('three')).toBeFocused();
  const stored = async () => (await (await request.get('/api/media')).json()).data.media.length;
  await expect.poll(stored).toBe(2);
  await page.keyboard.press('u');
  await expect(device.loopNames).toHaveText(['one', 'two', 'three', 'four']);
  await expect.poll(stored).toBe(4);
  await device.open();
  await expect(device.loopNames).toHaveText(['one', 'two', 'three', 'four']);
});

test('everything is chosen at once, taken out of the loop and put in again', async ({ page }) => {
  const device = await library(page, 'one', 'two', 'three');
  await device.button('Select').click();
  await page.keyboard.press('Control+a');
  await expect(page.getByRole('region', { name: 'Chosen items' })).toContainText('3 chosen');
  await device.button('Take out').click();
  await expect(device.loopNames).toHaveCount(0);
  await device.button('Select').click();
  await page.keyboard.press('Control+a');
  await device.button('Add to loop').click();
  await expect(device.loopNames).toHaveCount(3);
  await device.button('Select').click();
  await page.keyboard.press('Escape');
  await expect(device.button('Select')).toBeFocused();
});

test('several get a tag together', async ({ page }) => {
  const device = await library(page, 'one', 'two');
  await device.button('Select').click();
  await page.keyboard.press('Control+a');
  await device.button('Tag').click();
  const sheet = page.getByRole('dialog', { name: 'Tags for 2 items' });
  await sheet.getByLabel('Tags').fill('both');
  await sheet.getByLabel('Tags').press('Enter');
  await device.button('Add tags').click();
  await expect(sheet).toBeHidden();
  await page.getByRole('button', { name: 'both', exact: true }).click();
  await expect(device.listed).toHaveCount(2);
});

test('a deletion from the sheet is undone with the mouse', async ({ page }) => {
  const device = await library(page, 'one', 'two');
  const sheet = await device.sheet('one');
  await sheet.getByRole('button', { name: 'Delete one' }).click();
  await expect(device.loopNames).toHaveText(['two']);
  await undo(page).click();
  await expect(device.loopNames).toHaveText(['one', 'two']);
  await expect(undo(page)).toHaveCount(0);
});

test('a refused deletion is taken back and offers nothing', async ({ page }) => {
  const device = await library(page, 'one');
  await page.route('**/api/media/delete', (route) =>
    route.fulfill({ status: 503, json: { success: false, message: 'Busy', code: 'BUSY' } }),
  );
  await device.row('one').focus();
  await page.keyboard.press('Delete');
  await expect(page.getByText('Busy')).toBeVisible();
  await expect(device.loopNames).toHaveText(['one']);
  await expect(undo(page)).toHaveCount(0);
});

test('a picture stays as long and a clip plays as often as is said', async ({ page, request }) => {
  const device = await library(page, 'still');
  await device.dropAndWait([media('dance.gif')]);
  const sheet = await device.sheet('still');
  await sheet.getByRole('radio', { name: 'Its own' }).check();
  await sheet.getByLabel('Stays on the glass, in seconds').fill('2.5');
  await save(sheet).click();
  await expect(sheet).toBeHidden();
  const clip = await device.sheet('dance');
  await clip.getByRole('radio', { name: 'Its own' }).check();
  await clip.getByLabel('Plays in a row, in times').fill('0');
  await save(clip).click();
  await expect(clip.getByRole('alert')).toHaveText(/1 to 1000/);
  await clip.getByLabel('Plays in a row, in times').fill('3');
  await save(clip).click();
  await expect(clip).toBeHidden();
  const settings = async () => {
    const { data } = await (await request.get('/api/media?sort=title&order=asc')).json();
    return data.media.map((item: { settings: unknown }) => item.settings);
  };
  expect(await settings()).toMatchObject([{ repeat: 3 }, { still_seconds: 2.5 }]);
  const again = await device.sheet('dance');
  await again.getByRole('radio', { name: 'As usual' }).check();
  await save(again).click();
  await expect(again).toBeHidden();
  expect(await settings()).toMatchObject([{ repeat: null }, { still_seconds: 2.5 }]);
});

test('another shape is converted from the original', async ({ page, request }) => {
  const device = await library(page, 'one');
  const sheet = await device.sheet('one');
  await sheet.getByRole('radio', { name: 'Fit' }).check();
  await sheet.getByRole('button', { name: 'Convert again' }).click();
  const fit = async () => {
    const { data } = await (await request.get('/api/media')).json();
    return data.media[0].settings.fit;
  };
  await expect.poll(fit, { timeout: 60_000 }).toBe('fit');
});

test('the original and the whole library can be downloaded', async ({ page, request }) => {
  const device = await library(page, 'one');
  const sheet = await device.sheet('one');
  const original = page.waitForEvent('download');
  await sheet.getByRole('link', { name: 'Download the original of one' }).click();
  expect((await original).suggestedFilename()).toBe('one.svg');
  await sheet.getByRole('button', { name: 'Close' }).last().click();
  const link = page.getByRole('link', { name: /^Export/ });
  await link.scrollIntoViewIfNeeded();
  await expect(link).toHaveText(/Export, .*B/);
  const answer = await request.head((await link.getAttribute('href'))!);
  expect(answer.headers()['content-type']).toBe('application/x-tar');
  expect(answer.headers()['content-disposition']).toContain('loop-library-');
});

test('an exported library is sent back, and only what is missing is taken in', async ({
  page,
  request,
}) => {
  const device = await library(page, 'one', 'two');
  const archive = await (await request.get('/api/media/export')).body();
  await device.row('two').focus();
  await page.keyboard.press('Delete');
  await expect(device.loopNames).toHaveText(['one']);
  await sendBack(page, archive);
  await expect(page.getByText('1 item imported, 1 there already.')).toBeVisible();
  await expect(device.loopNames).toHaveText(['one', 'two']);
  await expect(device.button('Import')).toBeEnabled();
  const uploads = await (await request.get('/api/uploads')).json();
  expect(uploads.data.uploads).toEqual([]);
});

test('what is no library is not taken in, and says so', async ({ page }) => {
  await library(page, 'one');
  await sendBack(page, Buffer.from('no archive at all'));
  const storage = page.getByRole('region', { name: 'Storage' });
  await expect(storage.getByRole('alert')).toHaveText(/not the exported library/);
  await storage.getByRole('button', { name: 'Close' }).click();
  await expect(storage.getByRole('alert')).toHaveCount(0);
});

test('the disk says what lies on it, and what cleaning up did', async ({ page }) => {
  const device = await library(page, 'one');
  const storage = page.getByRole('region', { name: 'Storage' });
  await expect(storage.getByText(/^Library \d/)).toBeVisible();
  await device.button('Clean up').click();
  await expect(storage.getByText(/^(Removed|Nothing to clean up)/)).toBeVisible();
});

for (const [screen, viewport] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing in the library on a ${screen} in ${colorScheme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const device = await library(page, 'one', 'two', 'three');
      await tag(device, 'one', 'sea');
      const sheet = await device.sheet('two');
      await isAccessible(page, 'the sheet of an item');
      await sheet.getByRole('button', { name: 'Close' }).last().click();
      await device.button('Select').click();
      await checkbox(page, 'two').click();
      await isAccessible(page, 'choosing');
      await device.button('Tag').click();
      await isAccessible(page, 'tags for what is chosen');
      await page.keyboard.press('Escape');
      await device.button('Delete').click();
      await expect(undo(page)).toBeVisible();
      await isAccessible(page, 'an offer to undo');
      await search(page).fill('o');
      await page.getByRole('heading', { name: 'Storage' }).scrollIntoViewIfNeeded();
      await isAccessible(page, 'what was found, and the disk');
      await sendBack(page, Buffer.from('no archive at all'));
      await expect(page.getByText(/not the exported library/)).toBeVisible();
      await isAccessible(page, 'an import that did not work');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(viewport.width);
    });
  }
}
