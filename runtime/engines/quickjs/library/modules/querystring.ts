import * as punycodePackage from 'unenv/node/punycode';
import * as querystringPackage from 'unenv/node/querystring';

const whole = (module: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const members: Record<string, unknown> = {};
  for (const name of Object.keys(module)) if (name !== 'default') members[name] = module[name];
  return members;
};

export const querystring: unknown = whole(querystringPackage as Readonly<Record<string, unknown>>);
export const punycode: unknown = whole(punycodePackage as Readonly<Record<string, unknown>>);
