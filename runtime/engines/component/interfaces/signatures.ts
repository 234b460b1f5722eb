// Written by scripts/component-signatures.ts from wit/ and the WASI 0.2 WIT. Do not edit.

/** Long types by name; `$name$` in a text stands for one of them. */
export const NAMED_TYPES: Readonly<Record<string, string>> = {
  'wasi:http/types.field-size-payload': 'record { field-name: option<string>, field-size: option<u32> }',
  'wasi:http/types.TLS-alert-received-payload':
    'record { alert-id: option<u8>, alert-message: option<string> }',
  'wasi:io/streams.stream-error': 'variant { last-operation-failed(wasi:io/error.error), closed }',
  'sandglass:host/fs.entry': 'record { name: string, kind: enum { file, directory, symlink } }',
  'wasi:filesystem/types.advice': 'enum { normal, sequential, random, will-need, dont-need, no-reuse }',
  'sandglass:host/fs.stat': 'record { kind: enum { file, directory, symlink }, size: f64, modified: f64 }',
  'sandglass:host/types.host-error':
    'record { code: string, message: string, hint: option<string>, refusal: u32 }',
  'wasi:filesystem/types.new-timestamp':
    'variant { no-change, now, timestamp(record { seconds: u64, nanoseconds: u32 }) }',
  'wasi:http/types.method':
    'variant { get, head, post, put, delete, connect, options, trace, patch, other(string) }',
  'sandglass:host/http.response':
    'record { status: u16, url: string, headers: list<tuple<string, string>>, body: list<u8> }',
  'wasi:sockets/network.ip-address':
    'variant { ipv4(tuple<u8, u8, u8, u8>), ipv6(tuple<u16, u16, u16, u16, u16, u16, u16, u16>) }',
  'wasi:filesystem/types.descriptor-type':
    'enum { unknown, block-device, character-device, directory, fifo, symbolic-link, regular-file, socket }',
  'wasi:filesystem/types.descriptor-flags':
    'flags { read, write, file-integrity-sync, data-integrity-sync, requested-write-sync, mutate-directory }',
  'wasi:sockets/network.ipv6-socket-address':
    'record { port: u16, flow-info: u32, address: tuple<u16, u16, u16, u16, u16, u16, u16, u16>, scope-id: u32 }',
  'sandglass:host/sql.rows':
    'record { columns: list<record { name: string, type: string }>, rows: list<string>, row-count: u32, truncated: bool }',
  'sandglass:host/http.request':
    'record { method: string, url: string, headers: list<tuple<string, string>>, body: option<list<u8>>, timeout-ms: option<u32> }',
  'wasi:filesystem/types.directory-entry':
    'record { type: $wasi:filesystem/types.descriptor-type$, name: string }',
  'wasi:sockets/network.ip-socket-address':
    'variant { ipv4(record { port: u16, address: tuple<u8, u8, u8, u8> }), ipv6($wasi:sockets/network.ipv6-socket-address$) }',
  'wasi:sockets/udp.incoming-datagram':
    'record { data: list<u8>, remote-address: $wasi:sockets/network.ip-socket-address$ }',
  'wasi:sockets/udp.outgoing-datagram':
    'record { data: list<u8>, remote-address: option<$wasi:sockets/network.ip-socket-address$> }',
  'wasi:filesystem/types.descriptor-stat':
    'record { type: $wasi:filesystem/types.descriptor-type$, link-count: u64, size: u64, data-access-timestamp: option<record { seconds: u64, nanoseconds: u32 }>, data-modification-timestamp: option<record { seconds: u64, nanoseconds: u32 }>, status-change-timestamp: option<record { seconds: u64, nanoseconds: u32 }> }',
  'wasi:sockets/network.error-code':
    'enum { unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict, not-in-progress, would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use, remote-unreachable, connection-refused, connection-reset, connection-aborted, datagram-too-large, name-unresolvable, temporary-resolver-failure, permanent-resolver-failure }',
  'wasi:filesystem/types.error-code':
    'enum { access, would-block, already, bad-descriptor, busy, deadlock, quota, exist, file-too-large, illegal-byte-sequence, in-progress, interrupted, invalid, io, is-directory, loop, too-many-links, message-size, name-too-long, no-device, no-entry, no-lock, insufficient-memory, insufficient-space, not-directory, not-empty, not-recoverable, unsupported, no-tty, no-such-device, overflow, not-permitted, pipe, read-only, invalid-seek, text-file-busy, cross-device }',
  'wasi:http/types.error-code':
    'variant { DNS-timeout, DNS-error(record { rcode: option<string>, info-code: option<u16> }), destination-not-found, destination-unavailable, destination-IP-prohibited, destination-IP-unroutable, connection-refused, connection-terminated, connection-timeout, connection-read-timeout, connection-write-timeout, connection-limit-reached, TLS-protocol-error, TLS-certificate-error, TLS-alert-received($wasi:http/types.TLS-alert-received-payload$), HTTP-request-denied, HTTP-request-length-required, HTTP-request-body-size(option<u64>), HTTP-request-method-invalid, HTTP-request-URI-invalid, HTTP-request-URI-too-long, HTTP-request-header-section-size(option<u32>), HTTP-request-header-size(option<$wasi:http/types.field-size-payload$>), HTTP-request-trailer-section-size(option<u32>), HTTP-request-trailer-size($wasi:http/types.field-size-payload$), HTTP-response-incomplete, HTTP-response-header-section-size(option<u32>), HTTP-response-header-size($wasi:http/types.field-size-payload$), HTTP-response-body-size(option<u64>), HTTP-response-trailer-section-size(option<u32>), HTTP-response-trailer-size($wasi:http/types.field-size-payload$), HTTP-response-transfer-coding(option<string>), HTTP-response-content-coding(option<string>), HTTP-response-timeout, HTTP-upgrade-failed, HTTP-protocol-error, loop-detected, configuration-error, internal-error(option<string>) }',
};

/** Interface without version → function → its type. */
export const SIGNATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'wasi:cli/environment': {
    'get-environment': 'func() -> list<tuple<string, string>>',
    'get-arguments': 'func() -> list<string>',
    'initial-cwd': 'func() -> option<string>',
  },
  'wasi:cli/exit': {
    exit: 'func(status: result)',
    'exit-with-code': 'func(status-code: u8)',
  },
  'wasi:io/error': {
    '[method]error.to-debug-string': 'func(self: borrow<wasi:io/error.error>) -> string',
  },
  'wasi:io/poll': {
    '[method]pollable.ready': 'func(self: borrow<wasi:io/poll.pollable>) -> bool',
    '[method]pollable.block': 'func(self: borrow<wasi:io/poll.pollable>)',
    poll: 'func(in: list<borrow<wasi:io/poll.pollable>>) -> list<u32>',
  },
  'wasi:io/streams': {
    '[method]input-stream.read':
      'func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<list<u8>, $wasi:io/streams.stream-error$>',
    '[method]input-stream.blocking-read':
      'func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<list<u8>, $wasi:io/streams.stream-error$>',
    '[method]input-stream.skip':
      'func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<u64, $wasi:io/streams.stream-error$>',
    '[method]input-stream.blocking-skip':
      'func(self: borrow<wasi:io/streams.input-stream>, len: u64) -> result<u64, $wasi:io/streams.stream-error$>',
    '[method]input-stream.subscribe':
      'func(self: borrow<wasi:io/streams.input-stream>) -> wasi:io/poll.pollable',
    '[method]output-stream.check-write':
      'func(self: borrow<wasi:io/streams.output-stream>) -> result<u64, $wasi:io/streams.stream-error$>',
    '[method]output-stream.write':
      'func(self: borrow<wasi:io/streams.output-stream>, contents: list<u8>) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.blocking-write-and-flush':
      'func(self: borrow<wasi:io/streams.output-stream>, contents: list<u8>) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.flush':
      'func(self: borrow<wasi:io/streams.output-stream>) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.blocking-flush':
      'func(self: borrow<wasi:io/streams.output-stream>) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.subscribe':
      'func(self: borrow<wasi:io/streams.output-stream>) -> wasi:io/poll.pollable',
    '[method]output-stream.write-zeroes':
      'func(self: borrow<wasi:io/streams.output-stream>, len: u64) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.blocking-write-zeroes-and-flush':
      'func(self: borrow<wasi:io/streams.output-stream>, len: u64) -> result<_, $wasi:io/streams.stream-error$>',
    '[method]output-stream.splice':
      'func(self: borrow<wasi:io/streams.output-stream>, src: borrow<wasi:io/streams.input-stream>, len: u64) -> result<u64, $wasi:io/streams.stream-error$>',
    '[method]output-stream.blocking-splice':
      'func(self: borrow<wasi:io/streams.output-stream>, src: borrow<wasi:io/streams.input-stream>, len: u64) -> result<u64, $wasi:io/streams.stream-error$>',
  },
  'wasi:cli/stdin': {
    'get-stdin': 'func() -> wasi:io/streams.input-stream',
  },
  'wasi:cli/stdout': {
    'get-stdout': 'func() -> wasi:io/streams.output-stream',
  },
  'wasi:cli/stderr': {
    'get-stderr': 'func() -> wasi:io/streams.output-stream',
  },
  'wasi:cli/terminal-input': {},
  'wasi:cli/terminal-output': {},
  'wasi:cli/terminal-stdin': {
    'get-terminal-stdin': 'func() -> option<wasi:cli/terminal-input.terminal-input>',
  },
  'wasi:cli/terminal-stdout': {
    'get-terminal-stdout': 'func() -> option<wasi:cli/terminal-output.terminal-output>',
  },
  'wasi:cli/terminal-stderr': {
    'get-terminal-stderr': 'func() -> option<wasi:cli/terminal-output.terminal-output>',
  },
  'wasi:clocks/wall-clock': {
    now: 'func() -> record { seconds: u64, nanoseconds: u32 }',
    resolution: 'func() -> record { seconds: u64, nanoseconds: u32 }',
  },
  'wasi:clocks/monotonic-clock': {
    now: 'func() -> u64',
    resolution: 'func() -> u64',
    'subscribe-instant': 'func(when: u64) -> wasi:io/poll.pollable',
    'subscribe-duration': 'func(when: u64) -> wasi:io/poll.pollable',
  },
  'wasi:random/random': {
    'get-random-bytes': 'func(len: u64) -> list<u8>',
    'get-random-u64': 'func() -> u64',
  },
  'wasi:random/insecure': {
    'get-insecure-random-bytes': 'func(len: u64) -> list<u8>',
    'get-insecure-random-u64': 'func() -> u64',
  },
  'wasi:random/insecure-seed': {
    'insecure-seed': 'func() -> tuple<u64, u64>',
  },
  'wasi:filesystem/types': {
    '[method]descriptor.read-via-stream':
      'func(self: borrow<wasi:filesystem/types.descriptor>, offset: u64) -> result<wasi:io/streams.input-stream, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.write-via-stream':
      'func(self: borrow<wasi:filesystem/types.descriptor>, offset: u64) -> result<wasi:io/streams.output-stream, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.append-via-stream':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<wasi:io/streams.output-stream, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.advise':
      'func(self: borrow<wasi:filesystem/types.descriptor>, offset: u64, length: u64, advice: $wasi:filesystem/types.advice$) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.sync-data':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.get-flags':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<$wasi:filesystem/types.descriptor-flags$, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.get-type':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<$wasi:filesystem/types.descriptor-type$, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.set-size':
      'func(self: borrow<wasi:filesystem/types.descriptor>, size: u64) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.set-times':
      'func(self: borrow<wasi:filesystem/types.descriptor>, data-access-timestamp: $wasi:filesystem/types.new-timestamp$, data-modification-timestamp: $wasi:filesystem/types.new-timestamp$) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.read':
      'func(self: borrow<wasi:filesystem/types.descriptor>, length: u64, offset: u64) -> result<tuple<list<u8>, bool>, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.write':
      'func(self: borrow<wasi:filesystem/types.descriptor>, buffer: list<u8>, offset: u64) -> result<u64, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.read-directory':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<wasi:filesystem/types.directory-entry-stream, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.sync':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.create-directory-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.stat':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<$wasi:filesystem/types.descriptor-stat$, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.stat-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path-flags: flags { symlink-follow }, path: string) -> result<$wasi:filesystem/types.descriptor-stat$, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.set-times-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path-flags: flags { symlink-follow }, path: string, data-access-timestamp: $wasi:filesystem/types.new-timestamp$, data-modification-timestamp: $wasi:filesystem/types.new-timestamp$) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.link-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, old-path-flags: flags { symlink-follow }, old-path: string, new-descriptor: borrow<wasi:filesystem/types.descriptor>, new-path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.open-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path-flags: flags { symlink-follow }, path: string, open-flags: flags { create, directory, exclusive, truncate }, flags: $wasi:filesystem/types.descriptor-flags$) -> result<wasi:filesystem/types.descriptor, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.readlink-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path: string) -> result<string, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.remove-directory-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.rename-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, old-path: string, new-descriptor: borrow<wasi:filesystem/types.descriptor>, new-path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.symlink-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, old-path: string, new-path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.unlink-file-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path: string) -> result<_, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.is-same-object':
      'func(self: borrow<wasi:filesystem/types.descriptor>, other: borrow<wasi:filesystem/types.descriptor>) -> bool',
    '[method]descriptor.metadata-hash':
      'func(self: borrow<wasi:filesystem/types.descriptor>) -> result<record { lower: u64, upper: u64 }, $wasi:filesystem/types.error-code$>',
    '[method]descriptor.metadata-hash-at':
      'func(self: borrow<wasi:filesystem/types.descriptor>, path-flags: flags { symlink-follow }, path: string) -> result<record { lower: u64, upper: u64 }, $wasi:filesystem/types.error-code$>',
    '[method]directory-entry-stream.read-directory-entry':
      'func(self: borrow<wasi:filesystem/types.directory-entry-stream>) -> result<option<$wasi:filesystem/types.directory-entry$>, $wasi:filesystem/types.error-code$>',
    'filesystem-error-code':
      'func(err: borrow<wasi:io/error.error>) -> option<$wasi:filesystem/types.error-code$>',
  },
  'wasi:filesystem/preopens': {
    'get-directories': 'func() -> list<tuple<wasi:filesystem/types.descriptor, string>>',
  },
  'wasi:sockets/network': {},
  'wasi:sockets/instance-network': {
    'instance-network': 'func() -> wasi:sockets/network.network',
  },
  'wasi:sockets/udp': {
    '[method]udp-socket.start-bind':
      'func(self: borrow<wasi:sockets/udp.udp-socket>, network: borrow<wasi:sockets/network.network>, local-address: $wasi:sockets/network.ip-socket-address$) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.finish-bind':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.stream':
      'func(self: borrow<wasi:sockets/udp.udp-socket>, remote-address: option<$wasi:sockets/network.ip-socket-address$>) -> result<tuple<wasi:sockets/udp.incoming-datagram-stream, wasi:sockets/udp.outgoing-datagram-stream>, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.local-address':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<$wasi:sockets/network.ip-socket-address$, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.remote-address':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<$wasi:sockets/network.ip-socket-address$, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.address-family':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> enum { ipv4, ipv6 }',
    '[method]udp-socket.unicast-hop-limit':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<u8, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.set-unicast-hop-limit':
      'func(self: borrow<wasi:sockets/udp.udp-socket>, value: u8) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.receive-buffer-size':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.set-receive-buffer-size':
      'func(self: borrow<wasi:sockets/udp.udp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.send-buffer-size':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.set-send-buffer-size':
      'func(self: borrow<wasi:sockets/udp.udp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]udp-socket.subscribe':
      'func(self: borrow<wasi:sockets/udp.udp-socket>) -> wasi:io/poll.pollable',
    '[method]incoming-datagram-stream.receive':
      'func(self: borrow<wasi:sockets/udp.incoming-datagram-stream>, max-results: u64) -> result<list<$wasi:sockets/udp.incoming-datagram$>, $wasi:sockets/network.error-code$>',
    '[method]incoming-datagram-stream.subscribe':
      'func(self: borrow<wasi:sockets/udp.incoming-datagram-stream>) -> wasi:io/poll.pollable',
    '[method]outgoing-datagram-stream.check-send':
      'func(self: borrow<wasi:sockets/udp.outgoing-datagram-stream>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]outgoing-datagram-stream.send':
      'func(self: borrow<wasi:sockets/udp.outgoing-datagram-stream>, datagrams: list<$wasi:sockets/udp.outgoing-datagram$>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]outgoing-datagram-stream.subscribe':
      'func(self: borrow<wasi:sockets/udp.outgoing-datagram-stream>) -> wasi:io/poll.pollable',
  },
  'wasi:sockets/udp-create-socket': {
    'create-udp-socket':
      'func(address-family: enum { ipv4, ipv6 }) -> result<wasi:sockets/udp.udp-socket, $wasi:sockets/network.error-code$>',
  },
  'wasi:sockets/tcp': {
    '[method]tcp-socket.start-bind':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, network: borrow<wasi:sockets/network.network>, local-address: $wasi:sockets/network.ip-socket-address$) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.finish-bind':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.start-connect':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, network: borrow<wasi:sockets/network.network>, remote-address: $wasi:sockets/network.ip-socket-address$) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.finish-connect':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<tuple<wasi:io/streams.input-stream, wasi:io/streams.output-stream>, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.start-listen':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.finish-listen':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.accept':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<tuple<wasi:sockets/tcp.tcp-socket, wasi:io/streams.input-stream, wasi:io/streams.output-stream>, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.local-address':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<$wasi:sockets/network.ip-socket-address$, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.remote-address':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<$wasi:sockets/network.ip-socket-address$, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.is-listening': 'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> bool',
    '[method]tcp-socket.address-family':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> enum { ipv4, ipv6 }',
    '[method]tcp-socket.set-listen-backlog-size':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.keep-alive-enabled':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<bool, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-keep-alive-enabled':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: bool) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.keep-alive-idle-time':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-keep-alive-idle-time':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.keep-alive-interval':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-keep-alive-interval':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.keep-alive-count':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u32, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-keep-alive-count':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u32) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.hop-limit':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u8, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-hop-limit':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u8) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.receive-buffer-size':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-receive-buffer-size':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.send-buffer-size':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> result<u64, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.set-send-buffer-size':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, value: u64) -> result<_, $wasi:sockets/network.error-code$>',
    '[method]tcp-socket.subscribe':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>) -> wasi:io/poll.pollable',
    '[method]tcp-socket.shutdown':
      'func(self: borrow<wasi:sockets/tcp.tcp-socket>, shutdown-type: enum { receive, send, both }) -> result<_, $wasi:sockets/network.error-code$>',
  },
  'wasi:sockets/tcp-create-socket': {
    'create-tcp-socket':
      'func(address-family: enum { ipv4, ipv6 }) -> result<wasi:sockets/tcp.tcp-socket, $wasi:sockets/network.error-code$>',
  },
  'wasi:sockets/ip-name-lookup': {
    '[method]resolve-address-stream.resolve-next-address':
      'func(self: borrow<wasi:sockets/ip-name-lookup.resolve-address-stream>) -> result<option<$wasi:sockets/network.ip-address$>, $wasi:sockets/network.error-code$>',
    '[method]resolve-address-stream.subscribe':
      'func(self: borrow<wasi:sockets/ip-name-lookup.resolve-address-stream>) -> wasi:io/poll.pollable',
    'resolve-addresses':
      'func(network: borrow<wasi:sockets/network.network>, name: string) -> result<wasi:sockets/ip-name-lookup.resolve-address-stream, $wasi:sockets/network.error-code$>',
  },
  'wasi:http/types': {
    '[constructor]fields': 'func() -> wasi:http/types.fields',
    '[static]fields.from-list':
      'func(entries: list<tuple<string, list<u8>>>) -> result<wasi:http/types.fields, variant { invalid-syntax, forbidden, immutable }>',
    '[method]fields.get': 'func(self: borrow<wasi:http/types.fields>, name: string) -> list<list<u8>>',
    '[method]fields.has': 'func(self: borrow<wasi:http/types.fields>, name: string) -> bool',
    '[method]fields.set':
      'func(self: borrow<wasi:http/types.fields>, name: string, value: list<list<u8>>) -> result<_, variant { invalid-syntax, forbidden, immutable }>',
    '[method]fields.delete':
      'func(self: borrow<wasi:http/types.fields>, name: string) -> result<_, variant { invalid-syntax, forbidden, immutable }>',
    '[method]fields.append':
      'func(self: borrow<wasi:http/types.fields>, name: string, value: list<u8>) -> result<_, variant { invalid-syntax, forbidden, immutable }>',
    '[method]fields.entries': 'func(self: borrow<wasi:http/types.fields>) -> list<tuple<string, list<u8>>>',
    '[method]fields.clone': 'func(self: borrow<wasi:http/types.fields>) -> wasi:http/types.fields',
    '[method]incoming-request.method':
      'func(self: borrow<wasi:http/types.incoming-request>) -> $wasi:http/types.method$',
    '[method]incoming-request.path-with-query':
      'func(self: borrow<wasi:http/types.incoming-request>) -> option<string>',
    '[method]incoming-request.scheme':
      'func(self: borrow<wasi:http/types.incoming-request>) -> option<variant { HTTP, HTTPS, other(string) }>',
    '[method]incoming-request.authority':
      'func(self: borrow<wasi:http/types.incoming-request>) -> option<string>',
    '[method]incoming-request.headers':
      'func(self: borrow<wasi:http/types.incoming-request>) -> wasi:http/types.fields',
    '[method]incoming-request.consume':
      'func(self: borrow<wasi:http/types.incoming-request>) -> result<wasi:http/types.incoming-body>',
    '[constructor]outgoing-request':
      'func(headers: wasi:http/types.fields) -> wasi:http/types.outgoing-request',
    '[method]outgoing-request.body':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> result<wasi:http/types.outgoing-body>',
    '[method]outgoing-request.method':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> $wasi:http/types.method$',
    '[method]outgoing-request.set-method':
      'func(self: borrow<wasi:http/types.outgoing-request>, method: $wasi:http/types.method$) -> result',
    '[method]outgoing-request.path-with-query':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> option<string>',
    '[method]outgoing-request.set-path-with-query':
      'func(self: borrow<wasi:http/types.outgoing-request>, path-with-query: option<string>) -> result',
    '[method]outgoing-request.scheme':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> option<variant { HTTP, HTTPS, other(string) }>',
    '[method]outgoing-request.set-scheme':
      'func(self: borrow<wasi:http/types.outgoing-request>, scheme: option<variant { HTTP, HTTPS, other(string) }>) -> result',
    '[method]outgoing-request.authority':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> option<string>',
    '[method]outgoing-request.set-authority':
      'func(self: borrow<wasi:http/types.outgoing-request>, authority: option<string>) -> result',
    '[method]outgoing-request.headers':
      'func(self: borrow<wasi:http/types.outgoing-request>) -> wasi:http/types.fields',
    '[constructor]request-options': 'func() -> wasi:http/types.request-options',
    '[method]request-options.connect-timeout':
      'func(self: borrow<wasi:http/types.request-options>) -> option<u64>',
    '[method]request-options.set-connect-timeout':
      'func(self: borrow<wasi:http/types.request-options>, duration: option<u64>) -> result',
    '[method]request-options.first-byte-timeout':
      'func(self: borrow<wasi:http/types.request-options>) -> option<u64>',
    '[method]request-options.set-first-byte-timeout':
      'func(self: borrow<wasi:http/types.request-options>, duration: option<u64>) -> result',
    '[method]request-options.between-bytes-timeout':
      'func(self: borrow<wasi:http/types.request-options>) -> option<u64>',
    '[method]request-options.set-between-bytes-timeout':
      'func(self: borrow<wasi:http/types.request-options>, duration: option<u64>) -> result',
    '[static]response-outparam.set':
      'func(param: wasi:http/types.response-outparam, response: result<wasi:http/types.outgoing-response, $wasi:http/types.error-code$>)',
    '[method]incoming-response.status': 'func(self: borrow<wasi:http/types.incoming-response>) -> u16',
    '[method]incoming-response.headers':
      'func(self: borrow<wasi:http/types.incoming-response>) -> wasi:http/types.fields',
    '[method]incoming-response.consume':
      'func(self: borrow<wasi:http/types.incoming-response>) -> result<wasi:http/types.incoming-body>',
    '[method]incoming-body.stream':
      'func(self: borrow<wasi:http/types.incoming-body>) -> result<wasi:io/streams.input-stream>',
    '[static]incoming-body.finish':
      'func(this: wasi:http/types.incoming-body) -> wasi:http/types.future-trailers',
    '[method]future-trailers.subscribe':
      'func(self: borrow<wasi:http/types.future-trailers>) -> wasi:io/poll.pollable',
    '[method]future-trailers.get':
      'func(self: borrow<wasi:http/types.future-trailers>) -> option<result<result<option<wasi:http/types.fields>, $wasi:http/types.error-code$>>>',
    '[constructor]outgoing-response':
      'func(headers: wasi:http/types.fields) -> wasi:http/types.outgoing-response',
    '[method]outgoing-response.status-code': 'func(self: borrow<wasi:http/types.outgoing-response>) -> u16',
    '[method]outgoing-response.set-status-code':
      'func(self: borrow<wasi:http/types.outgoing-response>, status-code: u16) -> result',
    '[method]outgoing-response.headers':
      'func(self: borrow<wasi:http/types.outgoing-response>) -> wasi:http/types.fields',
    '[method]outgoing-response.body':
      'func(self: borrow<wasi:http/types.outgoing-response>) -> result<wasi:http/types.outgoing-body>',
    '[method]outgoing-body.write':
      'func(self: borrow<wasi:http/types.outgoing-body>) -> result<wasi:io/streams.output-stream>',
    '[static]outgoing-body.finish':
      'func(this: wasi:http/types.outgoing-body, trailers: option<wasi:http/types.fields>) -> result<_, $wasi:http/types.error-code$>',
    '[method]future-incoming-response.subscribe':
      'func(self: borrow<wasi:http/types.future-incoming-response>) -> wasi:io/poll.pollable',
    '[method]future-incoming-response.get':
      'func(self: borrow<wasi:http/types.future-incoming-response>) -> option<result<result<wasi:http/types.incoming-response, $wasi:http/types.error-code$>>>',
    'http-error-code': 'func(err: borrow<wasi:io/error.error>) -> option<$wasi:http/types.error-code$>',
  },
  'wasi:http/outgoing-handler': {
    handle:
      'func(request: wasi:http/types.outgoing-request, options: option<wasi:http/types.request-options>) -> result<wasi:http/types.future-incoming-response, $wasi:http/types.error-code$>',
  },
  'sandglass:host/types': {},
  'sandglass:host/browser': {
    navigate:
      'func(url: string) -> result<record { url: string, title: string }, $sandglass:host/types.host-error$>',
    extract:
      'func(selectors: list<tuple<string, string>>) -> result<list<tuple<string, list<string>>>, $sandglass:host/types.host-error$>',
    snapshot: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    'wait-for': 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    back: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    tabs: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    console: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    network: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    click: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    fill: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    'fill-form': 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    press: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    select: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    scroll: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    download: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    close: 'func(args: string) -> result<string, $sandglass:host/types.host-error$>',
    screenshot: 'func(args: string) -> result<list<u8>, $sandglass:host/types.host-error$>',
    pdf: 'func(args: string) -> result<list<u8>, $sandglass:host/types.host-error$>',
  },
  'sandglass:host/docs': {
    insert:
      'func(database: string, collection: string, documents: string) -> result<list<string>, $sandglass:host/types.host-error$>',
    find: 'func(database: string, collection: string, filter: string, sort: option<string>, limit: option<u32>, skip: option<u32>) -> result<record { documents: list<string>, truncated: bool }, $sandglass:host/types.host-error$>',
    count:
      'func(database: string, collection: string, filter: string) -> result<f64, $sandglass:host/types.host-error$>',
    update:
      'func(database: string, collection: string, filter: string, change: string) -> result<f64, $sandglass:host/types.host-error$>',
    delete:
      'func(database: string, collection: string, filter: string) -> result<f64, $sandglass:host/types.host-error$>',
  },
  'sandglass:host/fs': {
    read: 'func(path: string) -> result<list<u8>, $sandglass:host/types.host-error$>',
    'read-text': 'func(path: string) -> result<string, $sandglass:host/types.host-error$>',
    'read-range':
      'func(path: string, offset: f64, length: u32) -> result<list<u8>, $sandglass:host/types.host-error$>',
    write: 'func(path: string, contents: list<u8>) -> result<_, $sandglass:host/types.host-error$>',
    'write-text': 'func(path: string, contents: string) -> result<_, $sandglass:host/types.host-error$>',
    append: 'func(path: string, contents: list<u8>) -> result<_, $sandglass:host/types.host-error$>',
    list: 'func(path: string) -> result<list<$sandglass:host/fs.entry$>, $sandglass:host/types.host-error$>',
    'stat-path': 'func(path: string) -> result<$sandglass:host/fs.stat$, $sandglass:host/types.host-error$>',
    mkdir: 'func(path: string) -> result<_, $sandglass:host/types.host-error$>',
    remove: 'func(path: string) -> result<_, $sandglass:host/types.host-error$>',
    rename: 'func(from: string, to: string) -> result<_, $sandglass:host/types.host-error$>',
  },
  'sandglass:host/http': {
    fetch:
      'func(request: $sandglass:host/http.request$) -> result<$sandglass:host/http.response$, $sandglass:host/types.host-error$>',
  },
  'sandglass:host/kv': {
    get: 'func(store: string, key: string) -> result<option<string>, $sandglass:host/types.host-error$>',
    set: 'func(store: string, key: string, value: string, ttl-ms: option<u32>) -> result<u32, $sandglass:host/types.host-error$>',
    delete: 'func(store: string, key: string) -> result<bool, $sandglass:host/types.host-error$>',
    list: 'func(store: string, prefix: option<string>, after: option<string>) -> result<record { keys: list<string>, truncated: bool }, $sandglass:host/types.host-error$>',
  },
  'sandglass:host/log': {
    write: 'func(level: enum { debug, info, warn, error }, message: string)',
  },
  'sandglass:host/sql': {
    query:
      'func(database: string, query: string, params: option<string>) -> result<$sandglass:host/sql.rows$, $sandglass:host/types.host-error$>',
    execute:
      'func(database: string, query: string, params: option<string>) -> result<$sandglass:host/sql.rows$, $sandglass:host/types.host-error$>',
    schema: 'func(database: string) -> result<string, $sandglass:host/types.host-error$>',
    table: 'func(database: string, table: string) -> result<string, $sandglass:host/types.host-error$>',
  },
};
