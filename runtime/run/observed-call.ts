import type { HostCalled } from '../vocabulary/events.ts';

/** What a grant is made of, of one host call. */
export type ObservedCall = Pick<
  HostCalled,
  'operation' | 'capability' | 'resource' | 'hops' | 'decision' | 'code'
>;
