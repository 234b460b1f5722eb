import { describe, expect, test } from 'vitest';
import { needsOf } from '../../../runtime/catalog/needs.ts';

const preview1 = (name: string) => ({ module: 'wasi_snapshot_preview1', name });

describe('needsOf()', () => {
  test.each([
    [[], []],
    [[preview1('fd_write'), preview1('proc_exit'), preview1('fd_prestat_get')], []],
    [[preview1('path_open')], ['open files and folders']],
    [[{ module: 'env', name: 'path_open' }], []],
    [[preview1('environ_get')], ['read environment variables']],
    [[{ name: 'wasi:filesystem/types@0.2.3' }], ['open files and folders']],
    [[{ name: 'wasi:cli/environment@0.2.3' }], ['read environment variables']],
    [[{ name: 'wasi:cli/stdout@0.2.3' }], []],
    [[{ name: 'wasi:sockets/tcp@0.2.3' }], ['open sockets']],
    [
      [{ name: 'sandglass:host/fs@0.1.0' }, { name: 'sandglass:host/http@0.1.0' }],
      ['open files and folders', 'send HTTP requests'],
    ],
  ])('of %j are %j', (imports, expected) => {
    expect(needsOf({ imports }).map(({ what }) => what)).toEqual(expected);
  });

  test('names no flag for what is never granted', () => {
    expect(needsOf({ imports: [preview1('sock_send')] })).toEqual([{ what: 'open sockets' }]);
  });
});
