import * as fs from 'sandglass:host/fs@0.1.0';
import * as http from 'sandglass:host/http@0.1.0';
import * as log from 'sandglass:host/log@0.1.0';

export const describe = () => '{"name":"probe"}';

const steps = {
  echo: (input) => input,
  log: ({ text, times = 1 }) => {
    for (let count = 0; count < times; count++) log.write('info', text);
  },
  flood: () => {
    for (;;) log.write('info', 'x'.repeat(1000));
  },
  stubbornFlood: () => {
    for (;;) {
      try {
        log.write('info', 'x'.repeat(1000));
      } catch {}
    }
  },
  spin: () => {
    for (;;);
  },
  stubbornSpin: () => {
    for (;;) {
      try {
        for (;;);
      } catch {}
    }
  },
  recurse: () => {
    const down = () => 1 + down();
    return down();
  },
  allocate: () => {
    const kept = [];
    for (;;) kept.push(new Uint8Array(1 << 20));
  },
  cope: () => {
    const kept = [];
    try {
      for (;;) kept.push(new Uint8Array(1 << 20));
    } catch {
      kept.length = 0;
    }
    return 'coped';
  },
  throw: ({ message }) => {
    throw { code: 'MINE', message, hint: undefined, refusal: 0 };
  },
  trap: () => {
    throw new Error('not a host-error');
  },
  fs: ({ call, args }) => {
    const answer = Reflect.get(fs, call)(...args);
    return answer instanceof Uint8Array ? [...answer] : answer;
  },
  fetch: ({ request }) => {
    const answer = http.fetch({
      headers: [],
      ...request,
      body: request.body && Uint8Array.from(request.body),
    });
    return { ...answer, body: [...answer.body] };
  },
  handled: ({ path }) => {
    try {
      fs.read(path);
    } catch (error) {
      return { code: error.payload.code, refusal: error.payload.refusal };
    }
  },
  forged: ({ path }) => {
    try {
      fs.read(path);
    } catch (error) {
      throw { ...error.payload, refusal: 0 };
    }
  },
  ambient: () => [Math.random(), Math.random(), Date.now()],
  mark: () => {
    const found = globalThis.mark === undefined ? 'clean' : 'marked';
    globalThis.mark = true;
    Object.prototype.mark = true;
    return found;
  },
};

export function invoke(input) {
  const { step, ...rest } = JSON.parse(input);
  return JSON.stringify(steps[step](rest) ?? null);
}
