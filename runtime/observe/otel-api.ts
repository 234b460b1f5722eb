/** What is used of `@opentelemetry/api` 1.x, so that nobody needs the package who makes no spans. */
export interface OtelApi {
  readonly trace: {
    getTracer(name: string, version?: string): OtelTracer;
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
  };
  readonly context: { active(): OtelContext };
  readonly propagation: {
    extract(context: OtelContext, carrier: Readonly<Record<string, string>>): OtelContext;
  };
}

export interface OtelTracer {
  startSpan(
    name: string,
    options: { readonly startTime: number; readonly attributes: OtelAttributes },
    context: OtelContext,
  ): OtelSpan;
}

export interface OtelSpan {
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  setAttribute(name: string, value: string | number | boolean): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  addEvent(name: string, attributes: OtelAttributes, time: number): unknown;
  end(time: number): void;
}

/** Opaque: handed from one call to the next. */
// biome-ignore lint/suspicious/noExplicitAny: the package's own Context has to fit in both directions
export type OtelContext = any;

export type OtelAttributes = Record<string, string | number | boolean>;
