import { err } from './errors.ts';

/** Resources of `wasi:sockets/*`. No guest ever holds a socket, so none of them needs a method. */
class Network {}
class UdpSocket {}
class IncomingDatagramStream {}
class OutgoingDatagramStream {}
class TcpSocket {}
class ResolveAddressStream {}

/** `wasi:sockets/*`: can be imported; every way to a socket or an address is refused. */
export function socketsInterfaces() {
  const refuse = () => err('access-denied');
  return {
    'wasi:sockets/network': { Network },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
    'wasi:sockets/udp': { UdpSocket, IncomingDatagramStream, OutgoingDatagramStream },
    'wasi:sockets/udp-create-socket': { createUdpSocket: refuse },
    'wasi:sockets/tcp': { TcpSocket },
    'wasi:sockets/tcp-create-socket': { createTcpSocket: refuse },
    'wasi:sockets/ip-name-lookup': { ResolveAddressStream, resolveAddresses: refuse },
  };
}
