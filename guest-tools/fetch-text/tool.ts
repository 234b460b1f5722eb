import * as http from 'sandglass:host/http@0.1.0';
import { textOfHtml } from './html.ts';

interface Input {
  url: string;
  maxChars?: number;
}

export function run({ url, maxChars = 20_000 }: Input) {
  const { href } = new URL(url);
  const response = http.fetch({
    method: 'GET',
    url: href,
    headers: [['accept', 'text/html, text/plain;q=0.9']],
  });
  const type = response.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'text/plain';
  const { text, encoding } = decode(response.body, type);
  const page = /html/i.test(type) ? textOfHtml(text, response.url) : { title: null, text, links: [] };
  return {
    status: response.status,
    url: response.url,
    encoding,
    title: page.title,
    text: page.text.slice(0, maxChars),
    truncated: page.text.length > maxChars,
    links: page.links,
  };
}

/** By the header's charset, else a `<meta charset>` near the start, else UTF-8. */
function decode(body: Uint8Array, type: string): { text: string; encoding: string } {
  const start = new TextDecoder('windows-1252').decode(body.subarray(0, 1024));
  const label =
    /charset="?([^\s";]+)/i.exec(type)?.[1] ?? /<meta[^>]+charset="?([^\s">]+)/i.exec(start)?.[1] ?? 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label);
  } catch {
    decoder = new TextDecoder();
  }
  return { text: decoder.decode(body), encoding: decoder.encoding };
}
