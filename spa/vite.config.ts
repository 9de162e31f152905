/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const device = process.env.LOOP_URL ?? 'http://127.0.0.1:8080';

/** Unit tests run in Node, which would get this one's build for Node. */
const ofBrowser = { 'tus-js-client': 'tus-js-client/lib.esm/browser/index.js' };

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Unit tests need the browser builds: of Svelte, not the server one.
  resolve: mode === 'test' ? { conditions: ['browser'], alias: ofBrowser } : {},
  build: {
    target: 'es2022',
    // The device sends a strict Content-Security-Policy: nothing inline, nothing as data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The page, and the live picture alone.
    rolldownOptions: { input: ['index.html', 'view.html'] },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': { target: device },
      '/media': { target: device },
      '/ws': { target: device, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'jsdom',
    restoreMocks: true,
    server: { deps: { inline: ['tus-js-client'] } },
  },
}));
