// Whether this computer's way to the network is still the one it was: its own addresses, nothing else. Asks nobody.
import { networkInterfaces } from 'node:os';

/** This computer's addresses as the others see them, without loopback and link-local ones. Cheap. */
export function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap(each => each ?? []);
  const useful = all.filter(({ internal, address }) => !internal && !/^(fe80:|169\.254\.)/i.test(address));
  return new Set(useful.map(({ address }) => address));
}
