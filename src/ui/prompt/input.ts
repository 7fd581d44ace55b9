// What a key does to the prompt: a pure step from one input state to the next, with the effect it asks for.

import {sanitise} from '../../base/terminal-text.ts';
import type {Item, Picker} from '../chat/picker.ts';
import type {KeyEvent, KeyPress} from '../keys/event.ts';
import {type Action, actionOf} from '../keys/keymap.ts';
import {rank, type Word, wordAt} from './complete.ts';
import {type Editor, EMPTY_EDITOR, edit, insert, moveTo, setText} from './editor.ts';
import {fold, labelled, type Pastes, unfold} from './pastes.ts';
import {cursorByRow} from './prompt-rows.ts';

interface OpenPicker extends Picker {
  readonly query: string;
  readonly shown: readonly Item[];
  readonly selected: number;
}

interface Completion {
  readonly word: Word;
  readonly items: readonly Item[];
  readonly selected: number;
}

export interface Input {
  readonly editor: Editor;
  readonly pastes: Pastes;
  readonly picker: OpenPicker | undefined;
  readonly completion: Completion | undefined;
  /** Completion was closed by Esc while the text was this. */
  readonly dismissed: string | undefined;
  /** Place in the history, counted from its end, and the text that was left for it. */
  readonly recall: {readonly back: number; readonly draft: string} | undefined;
}

export const EMPTY_INPUT: Input = {
  editor: EMPTY_EDITOR,
  pastes: [],
  picker: undefined,
  completion: undefined,
  dismissed: undefined,
  recall: undefined,
};

/** What the prompt knows of the world. */
export interface InputContext {
  readonly history: readonly string[];
  readonly commands: readonly Item[];
  /** Undefined until somebody asks for them. */
  readonly files: readonly Item[] | undefined;
  /** Cells of the terminal, by which the prompt is wrapped. */
  readonly columns: number;
}

/** Actions that only reach beyond the prompt. */
type PromptAction = Extract<
  Action,
  'escape' | 'interrupt' | 'end-of-input' | 'search' | 'editor' | 'expand' | 'redraw' | 'suspend'
>;

export type Effect =
  | {readonly type: 'send'; readonly text: string /** With folded pastes as labels. */; readonly shown: string}
  /** `index` counts in the picker's own items; undefined = closed without a choice. */
  | {readonly type: 'picked'; readonly index: number | undefined}
  | {readonly type: 'list-files'}
  | {readonly type: PromptAction}
  | undefined;

type Step = readonly [Input, Effect?];

/** The input after an event, and what has to be done because of it. */
export function onInput(input: Input, event: KeyEvent, context: InputContext): Step {
  if (input.picker !== undefined) return pickerStep(input, input.picker, event);
  if (event.type === 'text') return typed(input, sanitise(event.text), context);
  if (event.type === 'paste') return typed(input, sanitise(event.text), context);
  const action = actionOf(event);
  return action === undefined ? [input] : act(input, action, context);
}

/** The input with a picker open. */
export function openPicker(input: Input, picker: Picker): Input {
  return {
    ...input,
    completion: undefined,
    picker: {...picker, query: '', shown: picker.items, selected: picker.selected ?? 0},
  };
}

/** The input with another text in it, the cursor at its end. */
export function withText(input: Input, text: string): Input {
  const {pastes, typed: shown} = fold(input.pastes, text);
  return {...input, editor: setText(input.editor, shown), pastes, completion: undefined, recall: undefined};
}

function typed(input: Input, text: string, context: InputContext): Step {
  const {pastes, typed: shown} = fold(input.pastes, text);
  return complete({...input, pastes, editor: insert(input.editor, shown), recall: undefined}, context);
}

function act(input: Input, action: Action, context: InputContext): Step {
  switch (action) {
    case 'submit':
      return submit(input, context);
    case 'complete':
      return input.completion === undefined
        ? complete({...input, dismissed: undefined}, context)
        : accept(input, context);
    case 'escape':
      if (input.completion === undefined) return [input, {type: 'escape'}];
      return [{...input, completion: undefined, dismissed: input.editor.text}];
    case 'interrupt':
      return [input.completion === undefined ? input : {...input, completion: undefined}, {type: 'interrupt'}];
    case 'end-of-input':
      if (input.editor.text === '') return [input, {type: 'end-of-input'}];
      return complete({...input, editor: edit(input.editor, 'delete')}, context);
    case 'previous':
    case 'next':
      return vertical(input, action, context);
    case 'history-previous':
      return recall(input, 1, context);
    case 'history-next':
      return recall(input, -1, context);
    case 'search':
    case 'editor':
    case 'expand':
    case 'redraw':
    case 'suspend':
      return [input, {type: action}];
    default:
      return complete({...input, editor: edit(input.editor, action), recall: undefined}, context);
  }
}

function submit(input: Input, context: InputContext): Step {
  const {editor, completion} = input;
  if (completion?.word.kind === 'file' && completion.items.length > 0) return accept(input, context);
  if (completion?.word.kind === 'command' && completion.items.length > 0) {
    const known = completion.items.some((item) => item.label === editor.text);
    if (!known) return accept(input, context);
  }
  if (editor.text[editor.cursor - 1] === '\\') {
    return [{...input, editor: insert(edit(editor, 'backspace'), '\n')}];
  }
  const text = unfold(editor.text, input.pastes);
  const shown = labelled(editor.text, input.pastes);
  if (text.trim() === '') return [input];
  return [
    {...EMPTY_INPUT, editor: {...EMPTY_EDITOR, kills: editor.kills}},
    {type: 'send', text, shown},
  ];
}

/** Opens, narrows or closes the list of completions after the text has changed. */
function complete(input: Input, context: InputContext): Step {
  const word = wordAt(input.editor);
  if (word === undefined || input.editor.text === input.dismissed) return [{...input, completion: undefined}];
  const candidates = word.kind === 'command' ? context.commands : context.files;
  if (candidates === undefined) return [{...input, completion: undefined}, {type: 'list-files'}];
  const items = rank(word.query, candidates);
  const only = items.length === 1 && items[0]?.label === word.query;
  return [{...input, completion: items.length === 0 || only ? undefined : {word, items, selected: 0}}];
}

/** The file names are known now: the list opens if the cursor is still behind an `@`. */
export function refreshCompletion(input: Input, context: InputContext): Input {
  return complete(input, context)[0];
}

function accept(input: Input, context: InputContext): Step {
  const {completion, editor} = input;
  const item = completion?.items[completion.selected];
  if (completion === undefined || item === undefined) return [input];
  const {from, to, kind} = completion.word;
  const chosen = kind === 'command' ? item.label : `@${item.label}`;
  const after = editor.text.slice(to);
  const text = `${editor.text.slice(0, from)}${chosen}${after.startsWith(' ') ? '' : ' '}${after}`;
  const cursor = from + chosen.length + 1;
  const replaced = {...setText(editor, text), cursor};
  return [{...complete({...input, editor: replaced}, context)[0], completion: undefined}];
}

function vertical(input: Input, action: 'previous' | 'next', context: InputContext): Step {
  const {completion, editor} = input;
  const by = action === 'previous' ? -1 : 1;
  if (completion !== undefined) {
    const selected = (completion.selected + by + completion.items.length) % completion.items.length;
    return [{...input, completion: {...completion, selected}}];
  }
  const cursor = cursorByRow(editor, input.pastes, context.columns, by);
  if (cursor !== undefined) return [{...input, editor: moveTo(editor, cursor)}];
  return recall(input, -by, context);
}

/** Walks `by` entries back in the history; walking past its end brings the draft back. */
function recall(input: Input, by: number, {history}: InputContext): Step {
  const back = (input.recall?.back ?? 0) + by;
  const draft = input.recall?.draft ?? input.editor.text;
  if (back < 0 || back > history.length) return [input];
  const text = back === 0 ? draft : (history[history.length - back] ?? '');
  const shown = {...withText(input, text), recall: back === 0 ? undefined : {back, draft}};
  return [back === 0 ? {...shown, editor: setText(input.editor, draft)} : shown];
}

function pickerStep(input: Input, picker: OpenPicker, event: KeyEvent): Step {
  if (picker.question === true && event.type !== 'key') return answered(input, picker, event);
  if (event.type === 'text') return filterPicker(input, picker, picker.query + sanitise(event.text));
  if (event.type !== 'key') return [input];
  const close = (item: Item | undefined): Step => {
    const index = item === undefined ? undefined : picker.items.indexOf(item);
    return [
      {...input, picker: undefined},
      {type: 'picked', index},
    ];
  };
  const move = (by: number): Step => {
    const count = Math.max(1, picker.shown.length);
    return [{...input, picker: {...picker, selected: (picker.selected + by + count) % count}}];
  };
  switch (pickerKey(event)) {
    case 'choose':
      return picker.shown.length === 0 ? [input] : close(picker.shown[picker.selected]);
    case 'cancel':
      return close(undefined);
    case 'up':
      return move(-1);
    case 'down':
      return move(1);
    case 'erase':
      if (picker.question === true) return [{...input, editor: edit(input.editor, 'backspace')}];
      return filterPicker(input, picker, picker.query.slice(0, -1));
    default:
      return [input];
  }
}

function pickerKey(event: KeyPress): 'choose' | 'cancel' | 'up' | 'down' | 'erase' | undefined {
  switch (actionOf(event)) {
    case 'submit':
    case 'complete':
      return 'choose';
    case 'escape':
    case 'interrupt':
    case 'end-of-input':
      return 'cancel';
    case 'previous':
    case 'history-previous':
      return 'up';
    case 'next':
    case 'history-next':
    case 'search':
      return 'down';
    case 'backspace':
      return 'erase';
    default:
      return undefined;
  }
}

/** Text that comes while a question is open. */
function answered(input: Input, picker: OpenPicker, event: KeyEvent): Step {
  if (event.type === 'key') return [input];
  const text = sanitise(event.text);
  const index = picker.items.findIndex((item) => item.label.startsWith(text));
  if (event.type === 'text' && text.length === 1 && index >= 0 && input.editor.text === '') {
    return [
      {...input, picker: undefined},
      {type: 'picked', index},
    ];
  }
  const {pastes, typed: shown} = fold(input.pastes, text);
  return [{...input, pastes, editor: insert(input.editor, shown), recall: undefined}];
}

function filterPicker(input: Input, picker: OpenPicker, query: string): Step {
  return [{...input, picker: {...picker, query, shown: rank(query, picker.items), selected: 0}}];
}
