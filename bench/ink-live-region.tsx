// Takes the place of src/ui/screen/draw/live-region.ts in one variant of the benchmark: Ink draws on the terminal itself, as
// programs on Ink usually do, with all that makes it cheap: no Static, no box, memoised rows, 60 frames a second.
import {PassThrough} from 'node:stream';
import {Box, render, Text, useStdout} from 'ink';
import {memo, useSyncExternalStore} from 'react';
import type {Frame} from '../src/ui/screen/draw/frame.ts';
import type {Layout, LiveRegion} from '../src/ui/screen/draw/live-region.ts';
import type {Painter} from '../src/ui/screen/draw/painter.ts';

let frame: Frame | undefined;
let writeAbove: (text: string) => void = () => {};
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const Row = memo(({text}: {text: string}) => <Text wrap="truncate">{text === '' ? ' ' : text}</Text>);

function Screen() {
  const current = useSyncExternalStore(subscribe, () => frame);
  const {write} = useStdout();
  writeAbove = write;
  if (current === undefined) return null;
  return (
    <Box flexDirection="column">
      {rowsOf(current).map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, it has no other name
        <Row key={index} text={text} />
      ))}
    </Box>
  );
}

const rowsOf = ({tail, status, prompt}: Frame) => [...tail, ...(status === undefined ? [] : [status]), ...prompt];

let started = false;

function start(): void {
  started = true;
  const stdin = Object.assign(new PassThrough(), {isTTY: true, setRawMode() {}, ref() {}, unref() {}});
  render(<Screen />, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 60,
  });
}

/** The same for every layout: there is one Ink on one terminal. */
export function liveRegion(_painter: Painter, _layout: Layout): LiveRegion {
  return {
    show(finished, next) {
      if (!started) start();
      if (finished.length > 0) writeAbove(`${finished.join('\n')}\n`);
      frame = next;
      for (const listener of listeners) listener();
    },
  };
}

export const plainLayout: Layout = rowsOf;
