// The screen's components and their layout by Ink. Ink draws into memory; the painter puts its rows on the terminal.

import {PassThrough} from 'node:stream';
import {width} from '../../graphemes.ts';
import {Box, render, Text} from '../../ink.ts';
import {combine, paint, type Row, type Theme} from '../../markdown/style.ts';
import type {Frame, Panel} from './frame.ts';
import type {Layout} from './live-region.ts';

/** Rows that are composed already: Ink places them and cuts them to the width. */
function Rows({rows}: {rows: readonly Row[]}) {
  return rows.map((row, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, it has no other name
    <Text key={index} wrap="truncate">
      {row === '' ? ' ' : row}
    </Text>
  ));
}

interface ChoiceProps {
  readonly item: Panel['items'][number];
  readonly widest: number;
  readonly selected: boolean;
  readonly theme: Theme;
}

/** One choice: what it is called, and what it means in the column beside it. */
function Choice({item, widest, selected, theme}: ChoiceProps) {
  const label = paint(`${selected ? '> ' : '  '}${item.label}`, selected ? combine(theme.strong, theme.accent) : '');
  return (
    <Box>
      <Box width={widest + 4} flexShrink={0}>
        <Text wrap="truncate">{label}</Text>
      </Box>
      <Text wrap="truncate">{paint(item.detail, theme.dim)}</Text>
    </Box>
  );
}

function Choices({panel, columns, theme}: {panel: Panel; columns: number; theme: Theme}) {
  const room = panel.items.every(({detail}) => detail === '') ? columns : Math.floor(columns / 2);
  const widest = Math.min(Math.max(...panel.items.map((item) => width(item.label))), room);
  return (
    <Box flexDirection="column">
      {panel.title !== undefined && <Text wrap="truncate">{paint(panel.title, theme.strong)}</Text>}
      {panel.items.map((item, index) => (
        <Choice key={item.label} item={item} widest={widest} selected={index === panel.selected} theme={theme} />
      ))}
    </Box>
  );
}

function Screen({frame, theme}: {frame: Frame; theme: Theme}) {
  return (
    <Box flexDirection="column" width={frame.columns - 1}>
      <Rows rows={frame.tail} />
      {frame.status !== undefined && <Rows rows={[frame.status]} />}
      <Rows rows={frame.prompt} />
      {frame.panel !== undefined && <Choices panel={frame.panel} columns={frame.columns} theme={theme} />}
    </Box>
  );
}

/** A layout by Ink, with the function that ends it. */
export interface InkLayout {
  readonly layout: Layout;
  unmount(): void;
}

/**
 * Starts Ink on streams of its own. Ink 6 erases and rewrites all its rows on every frame, leaves copies of them behind
 * after a resize and loses keys; as a layout engine behind the painter it does none of this.
 */
export function createInkLayout(theme: Theme): InkLayout {
  let output = '';
  const stdout = Object.assign(new PassThrough(), {columns: 80, rows: 24});
  stdout.write = (text: unknown) => {
    output = String(text);
    return true;
  };
  const streams = {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
  };
  const blank = <Text> </Text>;
  const instance = render(blank, {...streams, debug: true, exitOnCtrlC: false, patchConsole: false});
  return {
    layout: (frame) => {
      stdout.columns = frame.columns;
      instance.rerender(<Screen frame={frame} theme={theme} />);
      // Ink has put rows beside and below each other, and written nothing of its own.
      return output.split('\n').map((row) => row.trimEnd() as Row);
    },
    unmount: () => instance.unmount(),
  };
}
