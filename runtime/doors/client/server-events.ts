/** One event of a run: `run`, `progress`, `output`, `missed`, `outcome`. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
  /** To follow on from. */
  readonly id?: number;
}

/** Reads server-sent events, as this server writes them: a field a line, one `data` line each. */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let held = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      held += decoder.decode(value, { stream: !done });
      const blocks = held.split('\n\n');
      held = blocks.pop() ?? '';
      for (const block of blocks) yield eventOf(block);
      if (done) return;
    }
  } finally {
    // A reader that stops early tells the server so.
    await reader.cancel().catch(() => undefined);
  }
}

function eventOf(block: string): ServerEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)] as const;
    }),
  );
  const id = fields.get('id');
  return {
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null'),
    ...(id === undefined ? {} : { id: Number(id) }),
  };
}
