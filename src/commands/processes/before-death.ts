// What is to be done before this process ends itself by a signal, of which Node tells no listener.

const last = new Set<() => void>();

/** Has `act` called before this process ends itself by a signal. It must not throw, nor wait. */
export function onDeath(act: () => void): void {
  last.add(act);
}

/** Ends by the signal itself, so that a shell sees 130 or 143 and stops its own loop. */
export function dieBySignal(signal: NodeJS.Signals): void {
  for (const act of last) act();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
