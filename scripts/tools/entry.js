// The two exports of the world `sandglass:host/tool` around one function `run`. Bundled into every JavaScript tool.
import manifest from 'virtual:manifest';
import { run } from 'virtual:tool';

export const describe = () => manifest;

export function invoke(input) {
  try {
    const answer = run(JSON.parse(input));
    return typeof answer?.then === 'function' ? answer.then(encode, fail) : encode(answer);
  } catch (error) {
    return fail(error);
  }
}

const encode = (answer) => JSON.stringify(answer ?? null);

// A refusal of the host goes out as it came in, so that the run ends with its code.
function fail(error) {
  const refusal = error?.payload;
  if (typeof refusal?.code === 'string' && typeof refusal.message === 'string') throw refusal;
  throw { code: 'GUEST_THREW', message: String(error?.message ?? error), hint: undefined, refusal: 0 };
}
