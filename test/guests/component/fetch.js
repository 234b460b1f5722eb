export const describe = () => '{"name":"fetch"}';

export async function invoke(input) {
  const { url, body, ...options } = JSON.parse(input);
  try {
    const response = await fetch(url, { ...options, ...(body === undefined ? {} : { body }) });
    return JSON.stringify({
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    });
  } catch (error) {
    throw { code: 'FETCH', message: String(error?.message ?? error), hint: undefined, refusal: 0 };
  }
}
