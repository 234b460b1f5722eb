import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { inspect } from './inspect.ts';
import { readMultipart } from './multipart.ts';
import {
  Bytes,
  bytesOf,
  bytesSet,
  define,
  exactBuffer,
  publish,
  toText,
  typedArrayBytes,
} from './primordials.ts';
import { isStream, makeStream, type ReadableStream } from './streams.ts';

type Data = Uint8Array<ArrayBuffer>;

/** A Blob that holds its bytes: enough for bodies and forms. */
export class Blob {
  readonly #bytes: Data;
  readonly type: string;
  constructor(parts: Iterable<unknown> = [], options: { readonly type?: string } = {}) {
    const pieces: Data[] = [];
    for (const part of parts) {
      pieces.push(part instanceof Blob ? part.#bytes : (bytesOf(part) ?? encodeUtf8(toText(part))));
    }
    this.#bytes = joinBytes(pieces);
    this.type = options?.type === undefined ? '' : toText(options.type).toLowerCase();
  }
  get size(): number {
    return typedArrayBytes(this.#bytes);
  }
  slice(from = 0, to = this.size, type = ''): Blob {
    return new Blob([this.#bytes.slice(from, to)], { type });
  }
  async text(): Promise<string> {
    return decodeUtf8(this.#bytes);
  }
  async bytes(): Promise<Data> {
    return this.#bytes.slice();
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return exactBuffer(this.#bytes.slice());
  }
  stream(): ReadableStream {
    return streamOf(this.#bytes.slice());
  }
}

class File extends Blob {
  readonly name: string;
  readonly lastModified: number;
  constructor(
    parts: Iterable<unknown>,
    name: unknown,
    options: { readonly type?: string; readonly lastModified?: number } = {},
  ) {
    super(parts, options);
    this.name = toText(name);
    this.lastModified = options?.lastModified ?? Date.now();
  }
}

export class FormData {
  #entries: [string, string | File][] = [];
  static #value(value: unknown, filename: unknown): string | File {
    if (!(value instanceof Blob)) {
      if (filename !== undefined)
        throw new TypeError("Failed to execute 'append' on 'FormData': parameter 2 is not of type 'Blob'.");
      return toText(value);
    }
    if (value instanceof File && filename === undefined) return value;
    return new File([value], filename ?? 'blob', { type: value.type });
  }
  append(name: unknown, value: unknown, filename?: unknown): void {
    this.#entries.push([toText(name), FormData.#value(value, filename)]);
  }
  set(name: unknown, value: unknown, filename?: unknown): void {
    this.delete(name);
    this.append(name, value, filename);
  }
  delete(name: unknown): void {
    this.#entries = this.#entries.filter(([key]) => key !== toText(name));
  }
  get(name: unknown): string | File | null {
    return this.#entries.find(([key]) => key === toText(name))?.[1] ?? null;
  }
  getAll(name: unknown): (string | File)[] {
    return this.#entries.filter(([key]) => key === toText(name)).map(([, value]) => value);
  }
  has(name: unknown): boolean {
    return this.#entries.some(([key]) => key === toText(name));
  }
  forEach(each: (value: string | File, name: string, form: FormData) => void): void {
    for (const [name, value] of this.#entries) each(value, name, this);
  }
  *entries(): Generator<[string, string | File]> {
    yield* this.#entries;
  }
  *keys(): Generator<string> {
    for (const [name] of this.#entries) yield name;
  }
  *values(): Generator<string | File> {
    for (const [, value] of this.#entries) yield value;
  }
  [Symbol.iterator](): Generator<[string, string | File]> {
    return this.entries();
  }
}

export const joinBytes = (pieces: readonly Data[]): Data => {
  let size = 0;
  for (const piece of pieces) size += typedArrayBytes(piece);
  const whole = new Bytes(size);
  let at = 0;
  for (const piece of pieces) {
    bytesSet(whole, piece, at);
    at += typedArrayBytes(piece);
  }
  return whole;
};

export const streamOf = (bytes: Data): ReadableStream =>
  makeStream({
    start: (controller) => {
      if (typedArrayBytes(bytes) > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

export const readAll = async (stream: ReadableStream): Promise<Data> => {
  const pieces: Data[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const bytes = bytesOf(value);
    if (bytes === undefined) throw new TypeError('Cannot read the body: a chunk is not bytes');
    pieces.push(bytes);
  }
  return joinBytes(pieces);
};

/** A body as bytes or a stream, with the content type it brings. */
export interface Content {
  readonly data: Data | ReadableStream | undefined;
  readonly type: string | undefined;
}

export const contentOf = async (body: unknown, boundary: string): Promise<Content> => {
  if (body === undefined || body === null) return { data: undefined, type: undefined };
  const bytes = bytesOf(body);
  if (bytes !== undefined) return { data: new Bytes(bytes), type: undefined };
  if (body instanceof URLSearchParams) {
    return { data: encodeUtf8(body.toString()), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  }
  if (body instanceof Blob)
    return { data: await body.bytes(), type: body.type === '' ? undefined : body.type };
  if (body instanceof FormData) {
    return { data: await multipart(body, boundary), type: `multipart/form-data; boundary=${boundary}` };
  }
  if (isStream(body)) return { data: body, type: undefined };
  return { data: encodeUtf8(toText(body)), type: 'text/plain;charset=UTF-8' };
};

const escapeName = (name: string): string =>
  name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');

const multipart = async (form: FormData, boundary: string): Promise<Data> => {
  const pieces: Data[] = [];
  for (const [name, value] of form) {
    const file = value instanceof File ? value : undefined;
    const head =
      file === undefined
        ? ''
        : `; filename="${escapeName(file.name)}"\r\nContent-Type: ${file.type || 'application/octet-stream'}`;
    pieces.push(
      encodeUtf8(
        `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"${head}\r\n\r\n`,
      ),
    );
    pieces.push(file === undefined ? encodeUtf8(value as string) : await file.bytes());
    pieces.push(encodeUtf8('\r\n'));
  }
  pieces.push(encodeUtf8(`--${boundary}--\r\n`));
  return joinBytes(pieces);
};

/** Form fields of a body: url-encoded, or multipart with the boundary that its type names. */
export const readForm = (bytes: Data, type: string): FormData => {
  const form = new FormData();
  const [kind] = type.toLowerCase().split(';');
  if (kind?.trim() === 'application/x-www-form-urlencoded') {
    for (const [name, value] of new URLSearchParams(decodeUtf8(bytes))) form.append(name, value);
    return form;
  }
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
  if (kind?.trim() !== 'multipart/form-data' || boundary === null) {
    throw new TypeError(`Cannot read the body as a form: its type is ${type === '' ? 'not told' : type}`);
  }
  for (const part of readMultipart(bytes, (boundary[1] ?? boundary[2]) as string)) {
    if (part.filename === undefined) form.append(part.name, decodeUtf8(part.bytes));
    else form.append(part.name, new File([part.bytes], part.filename, { type: part.type }));
  }
  return form;
};

/** A name that is there once has its value, one that is there more often has all. */
const shownForm = (form: FormData): string => {
  const shown: Record<string, unknown> = {};
  for (const name of form.keys()) {
    const all = form.getAll(name);
    shown[name] = all.length === 1 ? all[0] : all;
  }
  return `FormData ${inspect(shown)}`;
};

export const installBodies = (): void => {
  define(FormData.prototype, Symbol.for('nodejs.util.inspect.custom'), function (this: FormData): string {
    return shownForm(this);
  });
  for (const [name, type] of Object.entries({ Blob, File, FormData })) {
    define(type.prototype, Symbol.toStringTag, name);
    publish(name, type);
  }
};
