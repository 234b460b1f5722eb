import { hide, inner } from '../inner.ts';
import { builtin } from '../registry.ts';

class Navigator {
  get hardwareConcurrency(): number {
    return 1;
  }
  get language(): string {
    return (
      (inner.setup.env.LC_ALL ?? inner.setup.env.LANG ?? 'en-US').split('.')[0]?.replace('_', '-') ?? 'en-US'
    );
  }
  get languages(): readonly string[] {
    return [this.language];
  }
  get platform(): string {
    return 'linux';
  }
  get userAgent(): string {
    return `Node.js/${(builtin('process') as { readonly versions: { readonly node: string } }).versions.node.split('.')[0]}`;
  }
}
/** As Node has it: what a guest says of its surroundings is the same everywhere. */
export const navigator = new Navigator();

type Handler = ((event: MessageEvent) => void) | null;

/** One end of a channel. What is posted is copied, and comes in a later turn. */
class MessagePort extends EventTarget {
  #other: MessagePort | undefined;
  #started = false;
  #closed = false;
  #waiting: unknown[] = [];
  #handler: Handler = null;
  static join(one: MessagePort, two: MessagePort): void {
    one.#other = two;
    two.#other = one;
  }
  get onmessage(): Handler {
    return this.#handler;
  }
  set onmessage(handler: Handler) {
    if (this.#handler !== null) this.removeEventListener('message', this.#handler as never);
    this.#handler = typeof handler === 'function' ? handler : null;
    if (this.#handler === null) return;
    this.addEventListener('message', this.#handler as never);
    this.start();
  }
  postMessage(value: unknown): void {
    const data = structuredClone(value);
    const other = this.#other;
    if (other !== undefined) other.#take(data);
  }
  start(): void {
    this.#started = true;
    for (const data of this.#waiting.splice(0)) this.#deliver(data);
  }
  close(): void {
    this.#closed = true;
    if (this.#other !== undefined) this.#other.#closed = true;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  /** As Node's emitters have it: the value alone. */
  on(name: string, listener: (data: unknown) => void): this {
    this.addEventListener(name, ((event: MessageEvent) => listener(event.data)) as never);
    if (name === 'message') this.start();
    return this;
  }
  once(name: string, listener: (data: unknown) => void): this {
    this.addEventListener(name, ((event: MessageEvent) => listener(event.data)) as never, { once: true });
    if (name === 'message') this.start();
    return this;
  }
  #take(data: unknown): void {
    if (this.#closed) return;
    if (this.#started) this.#deliver(data);
    else this.#waiting.push(data);
  }
  #deliver(data: unknown): void {
    setTimeout(() => {
      if (!this.#closed) this.dispatchEvent(new MessageEvent('message', { data }));
    }, 0);
  }
}

class MessageChannel {
  readonly port1 = new MessagePort();
  readonly port2 = new MessagePort();
  constructor() {
    MessagePort.join(this.port1, this.port2);
  }
}

const channels = new Map<string, Set<BroadcastChannel>>();

/** Reaches the other channels of its name in this guest, and nothing beyond it. */
class BroadcastChannel extends EventTarget {
  readonly name: string;
  #handler: Handler = null;
  constructor(name: unknown) {
    super();
    this.name = String(name);
    const same = channels.get(this.name) ?? new Set();
    same.add(this);
    channels.set(this.name, same);
  }
  get onmessage(): Handler {
    return this.#handler;
  }
  set onmessage(handler: Handler) {
    if (this.#handler !== null) this.removeEventListener('message', this.#handler as never);
    this.#handler = typeof handler === 'function' ? handler : null;
    if (this.#handler !== null) this.addEventListener('message', this.#handler as never);
  }
  postMessage(value: unknown): void {
    const data = structuredClone(value);
    for (const other of channels.get(this.name) ?? []) {
      if (other !== this) setTimeout(() => other.dispatchEvent(new MessageEvent('message', { data })), 0);
    }
  }
  close(): void {
    channels.get(this.name)?.delete(this);
  }
}
inner.hooks.begin.push(() => channels.clear());

for (const [name, type] of Object.entries({ Navigator, MessagePort, MessageChannel, BroadcastChannel })) {
  hide(type, 'name', name);
  hide(type.prototype, Symbol.toStringTag as unknown as string, name);
}

export { BroadcastChannel, MessageChannel, MessagePort };
