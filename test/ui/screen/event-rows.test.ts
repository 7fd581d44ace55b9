import {expect, test} from 'vitest';
import type {ChatEvent} from '../../../src/ui/chat/chat-face.ts';
import {bareTheme} from '../../../src/ui/markdown/style.ts';
import {eventRows} from '../../../src/ui/screen/event-rows.ts';
import {DRIVES, HOSTILE} from '../../fakes/hostile-text.ts';

const EVENTS: readonly ((evil: string) => ChatEvent)[] = [
  (text) => ({type: 'note', text}),
  (text) => ({type: 'warning', text}),
  (text) => ({type: 'said', text}),
  (text) => ({type: 'error', error: new Error(text)}),
  (text) => ({type: 'end', finish: undefined, error: new Error(text)}),
  (text) => ({type: 'recall', messages: [{role: 'user', content: text}]}),
];

test.each(HOSTILE)('events of a chat carry %j as it is, and their rows do not', (evil) => {
  const style = {columns: 60, theme: bareTheme(true), highlight: () => undefined, stats: 'full' as const};
  for (const event of EVENTS) {
    const rows = eventRows(event(`a${evil}b`), style, {continuable: false, elapsedMs: 0});
    expect(rows.join('')).not.toMatch(DRIVES);
    expect(rows.join('')).not.toContain('\n');
    expect(rows.join('')).toContain('a');
  }
});
