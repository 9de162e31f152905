import { defineConfig } from '@playwright/test';

/**
 * The tests drive a device that runs already:
 *   LOOP_URL    where it is, http://127.0.0.1:PORT (started with loop.test among its allowed hosts)
 *   LOOP_MEDIA  the folder tests/media/make.sh has filled
 * Each test runs twice: on 127.0.0.1, which browsers trust, and by name on plain http, which they do not.
 * Those of the original's page need a device that serves it (tests/original_page) and have projects of their own.
 */
const url = new URL(process.env.LOOP_URL ?? 'http://127.0.0.1:8080');

const ORIGINAL = 'original/**';
const byName = `http://loop.test:${url.port || '80'}/`;

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--host-resolver-rules=MAP loop.test ${url.hostname}`,
];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // One device, one test at a time.
  workers: 1,
  fullyParallel: false,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args },
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'secure', testIgnore: ORIGINAL, use: { baseURL: url.href } },
    { name: 'plain-http', testIgnore: ORIGINAL, use: { baseURL: byName } },
    { name: 'original', testMatch: ORIGINAL, use: { baseURL: url.href } },
    { name: 'original-plain-http', testMatch: ORIGINAL, use: { baseURL: byName } },
  ],
});
