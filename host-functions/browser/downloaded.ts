import { Buffer } from 'node:buffer';
import type { DriverAnswer } from '../../runtime/contracts/operations/browser.ts';

/** A file that was downloaded, in memory. */
export interface Downloaded {
  readonly url: string;
  readonly bytes: Uint8Array;
  readonly mime?: string | undefined;
  /** The header `content-disposition`. */
  readonly disposition?: string | undefined;
  /** What the browser would have called it. */
  readonly name?: string | undefined;
}

const LONGEST_NAME = 200;

/** The name is a suggestion of the page: it holds no folder and no control character. */
export function downloaded({ url, bytes, mime, disposition, name }: Downloaded): DriverAnswer {
  const said = name ?? namedBy(disposition) ?? decoded(new URL(url).pathname.split('/').at(-1) ?? '');
  const filename = plainName(said) || 'download';
  return {
    value: {
      url,
      filename,
      mime:
        mime !== undefined && /^[\w.+-]{1,40}\/[\w.+-]{1,50}$/.test(mime)
          ? mime.toLowerCase()
          : mimeOf(filename),
      bytes: bytes.byteLength,
      base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    },
  };
}

function namedBy(disposition = ''): string | undefined {
  const extended = /filename\*=UTF-8'[^']{0,20}'([^;]{1,1000})/i.exec(disposition)?.[1];
  if (extended !== undefined) return decoded(extended.trim());
  return /filename="?([^";]{1,1000})/i.exec(disposition)?.[1]?.trim();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const plainName = (text: string): string =>
  (text.split(/[/\\]/).at(-1) ?? '')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .replace(/^\.+/, '')
    .slice(0, LONGEST_NAME);

const MIMES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xml: 'application/xml',
  zip: 'application/zip',
};

const mimeOf = (name: string): string =>
  MIMES[(name.split('.').at(-1) ?? '').toLowerCase()] ?? 'application/octet-stream';
