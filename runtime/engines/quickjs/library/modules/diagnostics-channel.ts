import type { Callable } from '../inner.ts';

type Subscriber = (message: unknown, name: PropertyKey) => void;

class Channel {
  readonly name: PropertyKey;
  #subscribers: Subscriber[] = [];
  constructor(name: PropertyKey) {
    this.name = name;
  }
  get hasSubscribers(): boolean {
    return this.#subscribers.length > 0;
  }
  publish(message: unknown): void {
    for (const subscriber of this.#subscribers) subscriber(message, this.name);
  }
  subscribe(subscriber: Subscriber): void {
    this.#subscribers = [...this.#subscribers, subscriber];
  }
  unsubscribe(subscriber: Subscriber): boolean {
    const at = this.#subscribers.indexOf(subscriber);
    if (at >= 0) this.#subscribers = this.#subscribers.toSpliced(at, 1);
    return at >= 0;
  }
  bindStore(): void {}
  unbindStore(): boolean {
    return false;
  }
  runStores(message: unknown, callback: Callable, self?: unknown, ...args: unknown[]): unknown {
    this.publish(message);
    return Reflect.apply(callback, self, args);
  }
}

const channels = new Map<PropertyKey, Channel>();
const channel = (name: PropertyKey): Channel => {
  const made = channels.get(name) ?? new Channel(name);
  channels.set(name, made);
  return made;
};

const STAGES = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
const tracingChannel = (given: string | Readonly<Record<string, Channel>>) => {
  const parts = Object.fromEntries(
    STAGES.map((stage) => [
      stage,
      typeof given === 'string' ? channel(`tracing:${given}:${stage}`) : given[stage],
    ]),
  ) as Record<(typeof STAGES)[number], Channel>;
  const traceSync = (
    callback: Callable,
    context: Record<string, unknown> = {},
    self?: unknown,
    ...args: unknown[]
  ) => {
    parts.start.publish(context);
    try {
      context.result = Reflect.apply(callback, self, args);
      return context.result;
    } catch (error) {
      context.error = error;
      parts.error.publish(context);
      throw error;
    } finally {
      parts.end.publish(context);
    }
  };
  return {
    ...parts,
    get hasSubscribers() {
      return STAGES.some((stage) => parts[stage].hasSubscribers);
    },
    subscribe: (handlers: Readonly<Record<string, Subscriber>>) => {
      for (const stage of STAGES) if (handlers[stage] !== undefined) parts[stage].subscribe(handlers[stage]);
    },
    unsubscribe: (handlers: Readonly<Record<string, Subscriber>>) =>
      STAGES.every((stage) => handlers[stage] === undefined || parts[stage].unsubscribe(handlers[stage])),
    traceSync,
    traceCallback: traceSync,
    tracePromise: async (
      callback: Callable,
      context: Record<string, unknown> = {},
      self?: unknown,
      ...args: unknown[]
    ) => {
      const result = await traceSync(callback, context, self, ...args);
      parts.asyncStart.publish(context);
      parts.asyncEnd.publish(context);
      return result;
    },
  };
};

export const diagnosticsChannel = {
  Channel,
  channel,
  hasSubscribers: (name: PropertyKey) => channels.get(name)?.hasSubscribers ?? false,
  subscribe: (name: PropertyKey, subscriber: Subscriber) => channel(name).subscribe(subscriber),
  unsubscribe: (name: PropertyKey, subscriber: Subscriber) => channel(name).unsubscribe(subscriber),
  tracingChannel,
};
