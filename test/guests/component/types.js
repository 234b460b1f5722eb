export const shapes = {
  mirror: ({ x, y }) => ({ x: y, y: x }),
  rename: ({ firstPart, secondPart }) => ({ firstPart: `${firstPart}!`, secondPart }),
  area: ({ tag, val }) => (tag === 'circle' ? val * val : tag === 'rectangle' ? val[0] * val[1] : 0),
  next: (colour) => ({ red: 'dark-green', 'dark-green': 'blue', blue: 'red' })[colour],
  toggle: ({ read, writeAll, delete: remove }) => ({ read: !read, writeAll: !writeAll, delete: !remove }),
};
export const add = (a, b) => a + b;
export const wide = (a, b) => [a, b];
export const small = (...all) => all;
export const half = (a) => a / 2;
export const flip = (a) => !a;
export const upper = (a, b) => [a.toUpperCase(), b.toUpperCase()];
export const reverse = (a) => Uint8Array.from(a).reverse();
export const sumPoints = (points) =>
  points.reduce((sum, p) => ({ x: sum.x + p.x, y: sum.y + p.y }), { x: 0, y: 0 });
export const maybe = (a) => a;
export const nested = (a) => a;
export const swap = ({ tag, val }) => {
  if (tag === 'ok') throw val;
  return val;
};
export const divide = (a, b) => {
  if (b === 0) throw 'division by zero';
  return Math.trunc(a / b);
};
export const failWithPoint = () => {
  throw { x: 1, y: 2 };
};
export const nothing = () => {};
