import { expect, type Page, type WebSocketRoute } from '@playwright/test';
import { isAccessible, SCREENS } from './axe';
import { DevicePage, dots, emptyDevice, media, test } from './device_page';

test.beforeEach(({ request }) => emptyDevice(request));

/** Puts a switch into the socket's cable. */
async function cable(page: Page): Promise<{ cut: () => Promise<void>; mend: () => void }> {
  let whole = true;
  const open = new Set<WebSocketRoute>();
  await page.routeWebSocket(/\/ws$/, (socket) => {
    if (!whole) return void socket.close();
    open.add(socket);
    socket.connectToServer();
  });
  return {
    cut: async () => {
      whole = false;
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend: () => (whole = true),
  };
}

test('a lost connection says how old things are, keeps working, and comes back', async ({
  page,
  request,
}) => {
  const wire = await cable(page);
  const device = new DevicePage(page);
  await device.open();
  await device.dropAndWait([media('portrait.jpg')]);
  await wire.cut();
  await expect(page.locator('[data-phase=reconnecting]')).toContainText(
    /Reconnecting · shown as of/,
  );
  await expect(device.loopNames).toHaveText(['portrait']);

  const snapshots: string[] = [];
  page.on('request', (sent) => {
    if (sent.url().endsWith('snapshot.png')) snapshots.push(sent.url());
  });
  await expect.poll(() => snapshots.length).toBeGreaterThan(1);

  const { data } = await (await request.get('/api/media')).json();
  const { slug } = data.media[0];
  await request.delete(`/api/loop/${slug}`);
  // Requests still get through, so the state does; the page says that it comes in steps.
  await expect(page.locator('[data-phase=polling]')).toContainText('updated every 2 s');
  await expect(device.loopNames).toHaveCount(0);

  await request.post('/api/loop', { data: { slug } });
  wire.mend();
  await expect(page.locator('[data-phase=live]')).toBeVisible({ timeout: 20_000 });
  await expect(device.loopNames).toHaveText(['portrait']);
});

test('where no socket opens the page shows the state all the same', async ({ page, request }) => {
  await page.routeWebSocket(/\/ws$/, (socket) => void socket.close());
  const device = new DevicePage(page);
  await page.goto('/');
  await expect(page.locator('[data-phase=polling]')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await request.post('/api/display/brightness', { data: { brightness: 37 } });
  await expect(page.getByRole('slider', { name: 'Brightness' })).toHaveValue('37');
  await request.post('/api/display/brightness', { data: { brightness: 100 } });
  await device.drop([media('portrait.jpg')]);
  await expect(device.loopNames).toHaveText(['portrait'], { timeout: 30_000 });
});

test('coming back to the page reconnects at once', async ({ page }) => {
  const wire = await cable(page);
  const device = new DevicePage(page);
  await device.open();
  await wire.cut();
  await expect(page.locator('[data-phase=reconnecting]')).toBeVisible();
  wire.mend();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await expect(page.locator('[data-phase=live]')).toBeVisible({ timeout: 2_000 });
});

for (const [screen, viewport] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing on a ${screen} in ${colorScheme}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const device = new DevicePage(page);
      await device.open();
      await isAccessible(page, 'nothing stored');
      await device.dropAndWait([media('dance.gif'), media('portrait.jpg')]);
      await device.drop([{ name: 'liar.gif', bytes: Buffer.from('no') }]);
      await expect(device.card('liar.gif').getByRole('alert')).toBeVisible();
      await device.putInLoop('dance', false);
      await expect(page.getByRole('heading', { name: 'Not in the loop' })).toBeVisible();
      await isAccessible(page, 'two items and a refused file');
      await page.route('**/api/uploads/*', (route) =>
        route.request().method() === 'PATCH' ? undefined : route.continue(),
      );
      await device.drop([media('dance.gif'), ...dots('first', 'second'), media('glide.mp4')]);
      await expect(device.card('dance.gif')).toContainText('Sending');
      await expect(device.card('first.svg')).toContainText('Waiting to be sent');
      await isAccessible(page, 'files at several stages');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(viewport.width);
    });
  }
}
