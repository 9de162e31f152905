// What the original's page does on the wire. Fields are read as it reads them; what it does not know it passes over.
(() => {
  const api = '/api';
  const polls = new URLSearchParams(location.search).get('line') === 'poll';
  const state = {
    dashboard: null,
    storage: null,
    brightness: null,
    connection: 'connecting',
    uploads: {},
    heard: [],
  };
  const faults = [];
  let socket = null;
  let attempts = 0;
  let waiting = [];

  // Requests: three more attempts while the device is busy.
  async function retried(ask) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (attempt === 3 || !/503|Service Unavailable|Failed to fetch/.test(error.message))
          throw error;
        await new Promise((done) => setTimeout(done, 50 * 2 ** attempt));
      }
    }
  }

  async function request(method, path, body) {
    const headers =
      method === 'POST' || method === 'PUT' ? { 'Content-Type': 'application/json' } : {};
    const response = await fetch(api + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const isJson = response.headers.get('content-type')?.includes('application/json');
    if (!isJson) throw Error('Expected JSON response but received HTML');
    const answer = await response.json();
    if (!response.ok) throw Error(`${response.status} ${answer.message || answer.detail}`);
    return answer;
  }

  const bare = (path) => retried(() => request('GET', path));

  async function call(method, path, body) {
    const answer = await retried(() => request(method, path, body));
    if (!answer.success) throw Error(answer.message || 'API request failed');
    return answer.data;
  }

  // Reading, as strictly as code does that trusts its types.
  function row(item) {
    const looks = item.type.startsWith('video/')
      ? 'video'
      : item.type.startsWith('image/')
        ? 'image'
        : 'none';
    const size = (item.size / 1024 / 1024).toFixed(1);
    const date = new Date(item.uploadedAt);
    if (Number.isNaN(date.getTime())) throw Error(`uploadedAt: ${item.uploadedAt}`);
    const length = item.duration && `${item.duration}s`;
    const parts = [
      item.filename,
      `${size} MB`,
      looks,
      length,
      item.frame_count && `${item.frame_count} frames`,
    ];
    // As a framework that leaves out null and writes out 0.
    return parts
      .filter((part) => part !== null && part !== undefined && part !== false)
      .join(' · ');
  }

  function render() {
    const { media, loop, status, processing } = state.dashboard;
    document.title = self.pageData.title;
    document.getElementById('badge').textContent = state.connection;
    const best = new Map();
    for (const item of media)
      if (!best.has(item.filename) || item.processing_status === 'completed')
        best.set(item.filename, item);
    const rows = [...best.values()].map((item) => {
      const line = document.createElement('p');
      line.dataset.slug = item.slug;
      line.dataset.enabled = loop.includes(item.slug);
      line.textContent = row(item);
      if (item.url) {
        const picture = document.createElement('img');
        picture.src = item.url;
        // Set by script: no policy is asked.
        picture.style.width = '2em';
        line.append(picture);
      }
      return line;
    });
    document.getElementById('media').replaceChildren(...rows);
    document.body.dataset.playing = status.player ? status.player.is_playing : '';
    document.body.dataset.mode = status.player ? status.player.loop_mode : '';
    document.body.dataset.now = status.player?.current_media ?? '';
    for (const [id, job] of Object.entries(processing || {}))
      note(id, job.filename, job.progress, job.stage);
    for (const check of waiting) check();
  }

  function note(id, filename, progress, stage) {
    if (typeof progress !== 'number' || progress < 0 || progress > 100)
      throw Error(`progress of ${id}: ${progress}`);
    state.uploads[filename] = { progress, stage };
  }

  const guarded =
    (act) =>
    (...values) => {
      try {
        return act(...values);
      } catch (error) {
        faults.push(String(error));
      }
    };

  const update = guarded((change) => {
    change();
    if (state.dashboard) render();
  });

  async function refresh() {
    const dashboard = await bare('/dashboard');
    update(() => (state.dashboard = dashboard));
  }

  // The line with the WebSocket.
  const handlers = {
    connection: () => (state.connection = 'Connected'),
    initial_dashboard: ({ data }) => (state.dashboard = data),
    dashboard_update: ({ data }) => (state.dashboard = data),
    media_uploaded: ({ data }) => {
      const media = state.dashboard.media.filter((item) => item.slug !== data.slug);
      state.dashboard.media = [...media, data];
    },
    media_deleted: ({ data }) => {
      state.dashboard.media = state.dashboard.media.filter((item) => item.slug !== data.slug);
    },
    loop_updated: ({ data }) => (state.dashboard.loop = data.loop),
    playback_changed: ({ data }) => {
      state.dashboard.status.player = data.player;
      state.dashboard.active = data.player.current_media;
    },
    processing_progress: ({ data }) => note(data.job_id, data.filename, data.progress, data.stage),
    upload_progress: ({ data }) => {
      // Two kinds of them: bytes of the body, and stages of a file.
      if (data.bytes_received === undefined) note('', data.filename, data.progress, data.stage);
      else if (data.bytes_received > data.total_bytes) throw Error('more than all');
    },
  };

  function connect() {
    socket = new WebSocket(
      `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
    );
    let ping;
    socket.onopen = () => {
      attempts = 0;
      for (const room of ['dashboard', 'progress'])
        socket.send(JSON.stringify({ type: 'subscribe', room }));
      ping = setInterval(() => socket.send(JSON.stringify({ type: 'ping' })), 300);
    };
    socket.onmessage = ({ data }) => {
      const message = guarded(JSON.parse)(data);
      state.heard.push(message.type);
      if (typeof message.timestamp !== 'number') faults.push(`${message.type} has no time`);
      update(() => handlers[message.type]?.(message));
    };
    socket.onclose = () => {
      clearInterval(ping);
      state.connection = 'Offline';
      if (attempts++ < 5) setTimeout(connect, 50 * 2 ** attempts);
      else state.connection = 'Connection Lost';
    };
  }

  // The line that polls.
  async function poll() {
    try {
      await refresh();
      update(() => (state.connection = 'Connected'));
      const { active_jobs: jobs } = await call('GET', '/poll/progress');
      update(() =>
        Object.entries(jobs).forEach(([id, job]) =>
          note(id, job.filename, job.progress, job.stage),
        ),
      );
    } catch (error) {
      state.connection = 'Offline';
    }
    setTimeout(poll, 100);
  }

  // Uploads.
  async function slugOf(file) {
    const bytes = await file.arrayBuffer();
    const hash = crypto.subtle
      ? await crypto.subtle.digest('SHA-256', bytes)
      : weakHash(file, bytes);
    const hex = [...new Uint8Array(hash)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    const stem = file.name
      .replace(/\.[^.]+$/, '')
      .replace(/\s+/g, '_')
      .toLowerCase();
    return `${stem}_${hex.slice(0, 16)}`;
  }

  function weakHash(file, content) {
    const bytes = new Uint8Array(content);
    const step = Math.max(1, Math.floor(bytes.length / Math.min(1024, bytes.length)));
    const samples = bytes.filter((_, at) => at % step === 0);
    const codes = [...`${file.name}${file.type}`].map((letter) => letter.codePointAt(0));
    const value = [...codes, file.size, ...samples].reduce((sum, next) => (31 * sum + next) | 0, 0);
    const hash = new DataView(new ArrayBuffer(32));
    for (let at = 0; at < 8; at++) hash.setUint32(4 * at, value + 31 * at);
    return hash.buffer;
  }

  function convert(file, expectedSlug) {
    return new Promise((done, fail) => {
      const worker = new Worker('/_next/static/chunks/158.9a3c5e7f1b2d4860.js');
      worker.onerror = (event) => fail(Error(event.message));
      worker.onmessage = ({ data }) => {
        if (data.error) fail(Error(data.error));
        if (data.done) done(data.blob);
      };
      worker.postMessage({ id: expectedSlug, file, expectedSlug });
    });
  }

  function send(form) {
    return new Promise((done, fail) => {
      const sent = new XMLHttpRequest();
      sent.open('POST', `${api}/media`);
      sent.timeout = 900_000;
      sent.onload = () => {
        if (sent.status < 200 || sent.status >= 300)
          return fail(Error(`Upload failed: HTTP ${sent.status}`));
        const answer = JSON.parse(sent.responseText);
        return answer.success ? done(answer.data) : fail(Error(answer.message));
      };
      sent.onerror = () => fail(Error('Network error during upload'));
      sent.upload.onprogress = () => {};
      sent.send(form);
    });
  }

  async function upload(file) {
    const slug = await slugOf(file);
    const frames = await convert(file, slug);
    const form = new FormData();
    form.append('files', file, file.name);
    form.append('files', frames, `${file.name.replace(/\.[^.]+$/, '')}_frames.zip`);
    const result = await send(form);
    await new Promise((done) => {
      const isThere = () =>
        state.dashboard.media.some((item) => item.slug === slug || item.filename === file.name);
      // By events the end is told; by polling the item is seen.
      const isOver = () => polls || state.uploads[file.name]?.stage === 'complete';
      const check = () => {
        if (!isThere() || !isOver()) return;
        waiting = waiting.filter((other) => other !== check);
        done();
      };
      waiting.push(check);
      check();
    });
    return { slug, expected: result.slug === slug, ids: result.job_ids };
  }

  self.loopPage = { state, faults, upload, call, refresh, cut: () => socket.close() };
  const first = polls ? poll() : refresh().then(connect);
  const settings = [bare('/dashboard/storage'), call('GET', '/display/brightness')];
  Promise.all([first, ...settings]).then(
    ([, storage, display]) => {
      const share = ((storage.system + storage.app + storage.media) / storage.total) * 100;
      if (!(share >= 0 && share <= 100)) faults.push(`storage: ${share} %`);
      Object.assign(state, { storage, brightness: display.brightness });
    },
    (error) => faults.push(String(error)),
  );
})();
