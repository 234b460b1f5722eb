import type { Operation, Route } from './route.ts';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (one) => ESCAPES[one] ?? one);

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;text-transform:capitalize}code{font:14px ui-monospace,monospace}section{border-top:1px solid #8886;padding:.75rem 0}
table{border-collapse:collapse;width:100%}td{padding:.15rem .75rem .15rem 0;vertical-align:top}td:first-child{white-space:nowrap}`;

/** A page that tells the routes to people: no script, nothing loaded from elsewhere. */
export function referencePage(routes: readonly Route[], version: string): string {
  const tags = [...new Set(routes.map(({ operation }) => operation.tag))];
  const parts = tags.map(
    (tag) =>
      `<h2>${escaped(tag)}</h2>${routes
        .filter(({ operation }) => operation.tag === tag)
        .map(sectionOf)
        .join('')}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sandglass API</title><style>${STYLE}</style>
<h1>Sandglass API ${escaped(version)}</h1><p>Every request but those marked as open needs <code>Authorization: Bearer KEY</code>.
The whole of it for programs: <a href="/openapi.json">openapi.json</a>.</p>
${parts.join('\n')}</html>`;
}

function sectionOf({ method, path, operation }: Route): string {
  const open = operation.open === true ? ' (open)' : '';
  return (
    `<section id="${escaped(operation.id)}"><h3><code>${method.toUpperCase()} ` +
    `${escaped(path)}</code>${open}</h3><p>${escaped(operation.summary)}</p>${tableOf(operation)}</section>`
  );
}

function tableOf({ parameters = {}, body, answers }: Operation): string {
  const rows = [
    ...Object.entries(parameters).map(([name, { in: where, description, schema }]) => [
      `${name} (${where})`,
      description ?? String(schema.type ?? ''),
    ]),
    ...(body === undefined ? [] : [['body', body.mime]]),
    ...Object.entries(answers).map(([status, { description }]) => [status, description]),
  ];
  const cells = rows.map(
    ([name = '', what = '']) => `<tr><td><code>${escaped(name)}</code></td><td>${escaped(what)}</td></tr>`,
  );
  return `<table>${cells.join('')}</table>`;
}
