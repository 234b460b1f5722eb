export const describe = () => '{"name":"fetch"}';

/** `{ url, … }`: one request. `{ urls }`: all at once, and the order in which their answers came. */
export async function invoke(input) {
  const { url, urls, body, ...options } = JSON.parse(input);
  try {
    if (urls !== undefined) {
      const order = [];
      await Promise.all(urls.map(async (one) => order.push(await (await fetch(one)).text())));
      return JSON.stringify(order);
    }
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
