import {expect, test} from 'vitest';
import {CollapsedText} from '../../../src/ui/chat/collapsed-text.ts';

const call = {id: 'abcdefghi', name: 'add', arguments: '{}'};

test('a thought is whole when something else follows it, and when its answer fails', () => {
  const collapsed = new CollapsedText();
  expect(collapsed.text).toBe('');
  collapsed.take({type: 'reasoning', text: 'let me '});
  collapsed.take({type: 'reasoning', text: '**see**'});
  expect(collapsed.text).toBe('');
  collapsed.take({type: 'text', text: 'Done.'});
  expect(collapsed.text).toBe('let me **see**');
  collapsed.take({type: 'reasoning', text: 'and now'});
  collapsed.endThought();
  expect(collapsed.text).toBe('and now');
});

test('the result of a tool, whole, takes the place of what was there', () => {
  const collapsed = new CollapsedText();
  collapsed.put('a paste');
  collapsed.take({type: 'tool_call', call});
  expect(collapsed.text).toBe('a paste');
  collapsed.take({type: 'tool_result', call, content: 'sunny\n'.repeat(20), failed: false});
  expect(collapsed.text).toBe('sunny\n'.repeat(20));
});
