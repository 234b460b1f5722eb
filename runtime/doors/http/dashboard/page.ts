import { dashboardScript } from './script.ts';
import { DASHBOARD_STYLE } from './style.ts';

/** The files of the dashboard: a page that holds no figures, and what draws them once somebody gave the key. Nothing is loaded from elsewhere. */
export const DASHBOARD_FILES: Readonly<
  Record<'page' | 'style' | 'script', { readonly mime: string; readonly text: string }>
> = {
  page: {
    mime: 'text/html; charset=utf-8',
    text: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandglass</title>
<link rel="stylesheet" href="/dashboard/style.css">
<script src="/dashboard/script.js" defer></script>
<header>
  <h1>Sandglass</h1>
  <p id="state" role="status">not connected</p>
</header>
<form id="door">
  <label for="key">Key of the server</label>
  <input id="key" type="password" autocomplete="off" required>
  <button>Show</button>
  <p id="wrong" role="alert"></p>
</form>
<main hidden>
  <nav aria-label="Window">
    <label for="window">Last</label>
    <select id="window">
      <option value="5">5 minutes</option>
      <option value="15">15 minutes</option>
      <option value="60">60 minutes</option>
    </select>
    <button id="leave" type="button">Forget the key</button>
  </nav>
  <section aria-label="Now" id="tiles"></section>
  <section aria-labelledby="rate-title"><h2 id="rate-title">Runs</h2><div id="rate"></div></section>
  <section aria-labelledby="latency-title"><h2 id="latency-title">Time a run took, p95</h2><div id="latency"></div></section>
  <section aria-labelledby="tools-title"><h2 id="tools-title">Tools</h2><div id="tools"></div></section>
  <section aria-labelledby="errors-title"><h2 id="errors-title">Errors by kind</h2><div id="errors"></div></section>
  <section aria-labelledby="users-title"><h2 id="users-title">Activity by user</h2><div id="users"></div></section>
</main>
</html>
`,
  },
  style: { mime: 'text/css; charset=utf-8', text: DASHBOARD_STYLE },
  script: {
    mime: 'text/javascript; charset=utf-8',
    text: `'use strict';\n(${String(dashboardScript)})();\n`,
  },
};
