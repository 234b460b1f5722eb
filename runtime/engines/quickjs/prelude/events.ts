import { define, defineProperty, getOwnPropertyDescriptor, publish } from './primordials.ts';
import type { Timers } from './timers.ts';

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };
interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
  readonly capture: boolean;
}

/** The event as guests see it; the host never reads one. */
export class Event {
  readonly type: string;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly timeStamp = 0;
  target: unknown = null;
  currentTarget: unknown = null;
  defaultPrevented = false;
  stopped = false;
  constructor(type: unknown, init: { readonly bubbles?: boolean; readonly cancelable?: boolean } = {}) {
    this.type = String(type);
    this.bubbles = init?.bubbles === true;
    this.cancelable = init?.cancelable === true;
    define(this, 'stopped', false);
  }
  get isTrusted(): boolean {
    return false;
  }
  get composed(): boolean {
    return false;
  }
  get eventPhase(): number {
    return this.currentTarget === null ? 0 : 2;
  }
  get returnValue(): boolean {
    return !this.defaultPrevented;
  }
  get srcElement(): unknown {
    return this.target;
  }
  composedPath(): unknown[] {
    return this.currentTarget === null ? [] : [this.currentTarget];
  }
  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true;
  }
  stopPropagation(): void {}
  stopImmediatePropagation(): void {
    this.stopped = true;
  }
}

class CustomEvent extends Event {
  readonly detail: unknown;
  constructor(
    type: unknown,
    init: { readonly detail?: unknown; readonly bubbles?: boolean; readonly cancelable?: boolean } = {},
  ) {
    super(type, init);
    this.detail = init?.detail ?? null;
  }
}

let listenersOf: (target: EventTarget, type: string) => readonly Entry[];

export class EventTarget {
  #listeners = new Map<string, Entry[]>();
  static {
    listenersOf = (target, type) => target.#listeners.get(type) ?? [];
  }
  addEventListener(
    type: unknown,
    listener: Listener | null,
    options?:
      | boolean
      | { readonly once?: boolean; readonly capture?: boolean; readonly signal?: AbortSignal },
  ): void {
    if (listener === null || listener === undefined) return;
    const settings =
      typeof options === 'object' && options !== null ? options : { capture: options === true };
    const { once = false, capture = false } = settings as { once?: boolean; capture?: boolean };
    const signal = (settings as { signal?: AbortSignal }).signal;
    if (signal?.aborted === true) return;
    const name = String(type);
    const entries = this.#listeners.get(name) ?? [];
    if (entries.some((entry) => entry.listener === listener && entry.capture === capture)) return;
    this.#listeners.set(name, [...entries, { listener, once, capture }]);
    signal?.addEventListener('abort', () => this.removeEventListener(name, listener, { capture }), {
      once: true,
    });
  }
  removeEventListener(
    type: unknown,
    listener: Listener | null,
    options?: boolean | { readonly capture?: boolean },
  ): void {
    const capture =
      typeof options === 'object' && options !== null ? options.capture === true : options === true;
    const name = String(type);
    const left = (this.#listeners.get(name) ?? []).filter(
      (entry) => entry.listener !== listener || entry.capture !== capture,
    );
    this.#listeners.set(name, left);
  }
  dispatchEvent(event: Event): boolean {
    if (!(event instanceof Event))
      throw Object.assign(
        new TypeError(`The "event" argument must be an instance of Event. Received ${typeof event}`),
        { code: 'ERR_INVALID_ARG_TYPE' },
      );
    event.target = this;
    event.currentTarget = this;
    // A handler that is a field of its own comes first; `AbortSignal` keeps its place among the listeners.
    const handler = getOwnPropertyDescriptor(this, `on${event.type}`)?.value;
    if (typeof handler === 'function') handler.call(this, event);
    for (const entry of this.#listeners.get(event.type) ?? []) {
      if (event.stopped) break;
      if (entry.once) this.removeEventListener(event.type, entry.listener, { capture: entry.capture });
      if (typeof entry.listener === 'function') entry.listener.call(this, event);
      else entry.listener.handleEvent(event);
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }
}

/** Whether an event of this type would reach anybody. */
export const hasListener = (target: EventTarget, type: string): boolean =>
  listenersOf(target, type).length > 0 ||
  typeof (target as unknown as Record<string, unknown>)[`on${type}`] === 'function';

/** `DOMException` as far as aborts and clones need it. */
export class DomException extends Error {
  readonly code: number;
  constructor(message = '', name = 'Error') {
    super(message);
    define(this, 'name', name);
    this.code = CODES[name] ?? 0;
    define(this, 'code', this.code);
  }
}
const CODES: Readonly<Record<string, number>> = {
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
};

/** The numbers of old, from 1 on; the web has dropped some. */
const LEGACY =
  'INDEX_SIZE_ERR DOMSTRING_SIZE_ERR HIERARCHY_REQUEST_ERR WRONG_DOCUMENT_ERR INVALID_CHARACTER_ERR ' +
  'NO_DATA_ALLOWED_ERR NO_MODIFICATION_ALLOWED_ERR NOT_FOUND_ERR NOT_SUPPORTED_ERR ' +
  'INUSE_ATTRIBUTE_ERR INVALID_STATE_ERR SYNTAX_ERR INVALID_MODIFICATION_ERR NAMESPACE_ERR ' +
  'INVALID_ACCESS_ERR VALIDATION_ERR TYPE_MISMATCH_ERR SECURITY_ERR NETWORK_ERR ABORT_ERR ' +
  'URL_MISMATCH_ERR QUOTA_EXCEEDED_ERR TIMEOUT_ERR INVALID_NODE_TYPE_ERR DATA_CLONE_ERR';

let makeSignal: () => AbortSignal;
let abortSignal: (signal: AbortSignal, reason: unknown) => void;

export class AbortSignal extends EventTarget {
  static #open = false;
  #aborted = false;
  #reason: unknown;
  #handler: ((event: Event) => void) | null = null;
  #listens = false;
  get onabort(): ((event: Event) => void) | null {
    return this.#handler;
  }
  set onabort(handler: ((event: Event) => void) | null) {
    this.#handler = typeof handler === 'function' ? handler : null;
    if (this.#listens) return;
    this.#listens = true;
    this.addEventListener('abort', (event) => this.#handler?.call(this, event));
  }
  static {
    makeSignal = () => {
      AbortSignal.#open = true;
      return new AbortSignal();
    };
    abortSignal = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason =
        reason === undefined ? new DomException('This operation was aborted', 'AbortError') : reason;
      signal.dispatchEvent(new Event('abort'));
    };
  }
  constructor() {
    super();
    if (!AbortSignal.#open) throw new TypeError('Illegal constructor');
    AbortSignal.#open = false;
  }
  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
  static abort(reason?: unknown): AbortSignal {
    const signal = makeSignal();
    abortSignal(signal, reason);
    return signal;
  }
  static timeout: (ms: number) => AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const joined = makeSignal();
    for (const signal of signals) {
      if (signal.aborted) {
        abortSignal(joined, signal.reason);
        break;
      }
      signal.addEventListener('abort', () => abortSignal(joined, signal.reason), { once: true });
    }
    return joined;
  }
}

class AbortController {
  readonly #signal = makeSignal();
  get signal(): AbortSignal {
    return this.#signal;
  }
  abort(reason?: unknown): void {
    abortSignal(this.#signal, reason);
  }
}

export const installEvents = (timers: Timers): void => {
  define(AbortSignal, 'timeout', (ms: number): AbortSignal => {
    const signal = makeSignal();
    timers.idle(ms, () =>
      abortSignal(signal, new DomException('The operation was aborted due to timeout', 'TimeoutError')),
    );
    return signal;
  });
  const types = { Event, CustomEvent, EventTarget, AbortSignal, AbortController };
  for (const [name, type] of Object.entries(types)) {
    define(type.prototype, Symbol.toStringTag, name);
    publish(name, type);
  }
  for (const [at, name] of LEGACY.split(' ').entries()) {
    if (name === '-') continue;
    for (const target of [DomException, DomException.prototype])
      defineProperty(target, name, { value: at + 1, enumerable: true } as PropertyDescriptor);
  }
  define(DomException.prototype, Symbol.toStringTag, 'DOMException');
  publish('DOMException', DomException);
};
