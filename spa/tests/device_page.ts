import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  test as base,
  expect,
  type APIRequestContext,
  type Locator,
  type Page,
} from '@playwright/test';
import { readClip, type SentClip } from './sent_clip';

export const MEDIA = process.env.LOOP_MEDIA ?? 'media';

/** `request` asks the device itself: the name of the plain-http run exists only in the browser. */
export const test = base.extend({
  request: async ({ playwright }, use) => {
    const context = await playwright.request.newContext({
      baseURL: process.env.LOOP_URL ?? 'http://127.0.0.1:8080',
    });
    await use(context);
    await context.dispose();
  },
});

const TYPES: Record<string, string> = {
  gif: 'image/gif',
  mp4: 'video/mp4',
  jpg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
};

export interface TestFile {
  name: string;
  bytes: Buffer;
}

export function media(name: string): TestFile {
  return { name, bytes: readFileSync(join(MEDIA, name)) };
}

/** Small pictures that differ, made in a moment. */
export function dots(...names: string[]): TestFile[] {
  return names.map((name, i) => ({
    name: `${name}.svg`,
    bytes: Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><circle cx="${10 + i * 8}" cy="15" r="9"/></svg>`,
    ),
  }));
}

/** Removes everything from the device, through the same interface as anybody. */
export async function emptyDevice(request: APIRequestContext): Promise<void> {
  const { data } = await (await request.get('/api/media')).json();
  for (const { slug } of data.media) {
    expect((await request.delete(`/api/media/${slug}`)).ok()).toBe(true);
  }
  // A page that was closed while it sent has left its upload for when it comes back.
  const { data: left } = await (await request.get('/api/uploads')).json();
  for (const { id } of left.uploads) {
    await request.delete(`/api/uploads/${id}`, { headers: { 'tus-resumable': '1.0.0' } });
  }
  await request.post('/api/playback/resume');
}

/** The page as a person meets it. */
export class DevicePage {
  constructor(readonly page: Page) {}

  async open(): Promise<void> {
    await this.page.addInitScript(keepLastUpload);
    await this.page.goto('/');
    await expect(this.page.locator('[data-phase=live]')).toBeVisible();
    // The state follows the greeting; until then what it would change is disabled.
    await expect(this.page.getByRole('group', { name: 'Repeat' })).toBeEnabled();
  }

  /** Drops files anywhere on the page, as a file manager does. */
  async drop(files: TestFile[]): Promise<void> {
    const list = files.map(({ name, bytes }) => ({
      name,
      type: TYPES[name.split('.').pop()!] ?? '',
      base64: bytes.toString('base64'),
    }));
    const transfer = await this.page.evaluateHandle((all) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of all) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      return data;
    }, list);
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await this.page.dispatchEvent('body', type, { dataTransfer: transfer });
    }
  }

  async dropAndWait(files: TestFile[]): Promise<void> {
    await this.drop(files);
    for (const { name } of files) await this.seesDone(name);
    await this.page.getByRole('button', { name: 'Clear finished' }).click();
    await expect(this.page.getByRole('region', { name: 'Adding' })).toHaveCount(0);
  }

  async seesDone(name: string): Promise<void> {
    await expect(this.card(name).getByText('On the display', { exact: true })).toBeVisible({
      timeout: 90_000,
    });
  }

  card(name: string): Locator {
    return this.page.getByRole('article', { name, exact: true });
  }

  /** The row itself: a tap on it shows the item. */
  row(name: string): Locator {
    return this.page.getByRole('button', { name: new RegExp(`^${name} .*: show now$`) });
  }

  /** An item's own sheet, open. */
  async sheet(name: string): Promise<Locator> {
    await this.button(`More for ${name}`).click();
    const sheet = this.page.getByRole('dialog', { name, exact: true });
    await expect(sheet).toBeVisible();
    return sheet;
  }

  /** Works on any screen: a phone has the switch of what loops in the sheet. */
  async putInLoop(name: string, wanted: boolean): Promise<void> {
    const sheet = await this.sheet(name);
    const inLoop = sheet.getByRole('switch', { name: `${name} in the loop` });
    await expect(inLoop).toBeChecked({ checked: !wanted });
    await inLoop.click();
    await expect(inLoop).toBeChecked({ checked: wanted });
    await sheet.getByRole('button', { name: 'Close' }).last().click();
    await expect(sheet).toBeHidden();
  }

  get loopNames(): Locator {
    return this.page.getByRole('list', { name: 'Loop, in playing order' }).locator('.name');
  }

  /** What is listed below the loop, or found. */
  get listed(): Locator {
    return this.page.getByRole('list', { name: /^(Found|Not in)/ }).locator('.name');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  async playing(name: string): Promise<void> {
    await expect(this.page.locator('.bar .name')).toHaveText(name);
  }

  async pause(): Promise<void> {
    await this.button('Pause').click();
    await expect(this.button('Play')).toBeVisible();
  }

  /** The clip of the last upload, as it left the page. */
  async lastClip(): Promise<SentClip> {
    const base64 = await this.page.evaluate(async () => {
      const { metadata, parts } = (window as unknown as { lastUpload: SentUpload }).lastUpload;
      const size = Number(atob(/(?:^|,)frames ([^,]*)/.exec(metadata)![1]!));
      const clip = new Blob(parts).slice(-size);
      const url = await new Promise<string>((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result as string);
        reader.readAsDataURL(clip);
      });
      return url.slice(url.indexOf(',') + 1);
    });
    return readClip(Buffer.from(base64, 'base64'));
  }
}

/** An upload as it left the page. */
interface SentUpload {
  metadata: string;
  parts: Blob[];
}

/** Runs in the page: keeps what was sent, so that a test can look into it. */
function keepLastUpload(): void {
  const { open, setRequestHeader, send } = XMLHttpRequest.prototype;
  const methods = new WeakMap<XMLHttpRequest, string>();
  let last: SentUpload = { metadata: '', parts: [] };
  XMLHttpRequest.prototype.open = function (method: string, url: string | URL) {
    methods.set(this, method);
    open.call(this, method, url, true);
  };
  XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
    if (name === 'Upload-Metadata') {
      last = { metadata: value, parts: [] };
      Object.assign(window, { lastUpload: last });
    }
    setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (methods.get(this) === 'PATCH') last.parts.push(body as Blob);
    send.call(this, body ?? null);
  };
}
