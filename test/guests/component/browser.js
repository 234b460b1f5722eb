import * as browser from 'sandglass:host/browser@0.1.0';

const interfaces = { browser };

export const describe = () => '{"name":"browser"}';

/** `[[function, …arguments]]`: the answer, or the error, of each call; bytes as their first eight. */
export function invoke(input) {
  const answers = JSON.parse(input).map(([name, ...args]) => {
    try {
      const answer = interfaces.browser[name](...args);
      return answer instanceof Uint8Array ? [...answer.slice(0, 8)] : answer;
    } catch (error) {
      return { error: error.payload ?? error };
    }
  });
  return JSON.stringify(answers);
}
