// The events that keys, pastes and terminal replies become.

export type KeyName =
  | 'enter'
  | 'tab'
  | 'escape'
  | 'backspace'
  | 'delete'
  | 'insert'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'home'
  | 'end'
  | 'pageup'
  | 'pagedown'
  | 'space';

/** What a person does. */
export type KeyEvent =
  /** Printable characters; a run that arrives in one chunk is one event. */
  | {readonly type: 'text'; readonly text: string}
  /** A named key, or one character with Ctrl, Alt or Super (`name` is the character then, in lower case). */
  | {
      readonly type: 'key';
      readonly name: KeyName | (string & {});
      readonly ctrl: boolean;
      readonly alt: boolean;
      readonly shift: boolean;
      /** Held too: the Super (Windows, Command) or Hyper key, which no key of this program is bound with. */
      readonly super?: true;
    }
  /** A bracketed paste: line ends are LF. `cut` = it was longer than the decoder keeps. */
  | {readonly type: 'paste'; readonly text: string; readonly cut: boolean};

/** What the terminal says, asked or not. */
export type TerminalEvent =
  /** It speaks the kitty keyboard protocol; `flags` as in `CSI ? flags u`. */
  | {readonly type: 'kitty'; readonly flags: number}
  /** Where the cursor was, counted from 1. Only while a report is awaited: else the same bytes are Shift+F3. */
  | {readonly type: 'cursor'; readonly row: number; readonly column: number}
  /** The background as hex digits, a third of them for each of red, green and blue. */
  | {readonly type: 'background'; readonly rgb: string}
  /** Its name and version, as it writes them. */
  | {readonly type: 'version'; readonly name: string}
  /** The primary device attributes: only while they are awaited. Every terminal answers these. */
  | {readonly type: 'attributes'}
  | {readonly type: 'focus'; readonly focused: boolean};

export type DecodedEvent = KeyEvent | TerminalEvent;

export type KeyPress = Extract<KeyEvent, {type: 'key'}>;

export interface Modifiers {
  readonly ctrl?: boolean;
  readonly alt?: boolean;
  readonly shift?: boolean;
  readonly super?: boolean;
}

/** A key press; absent modifiers are not held. */
export function press(name: string, modifiers: Modifiers = {}): KeyPress {
  return {
    type: 'key',
    name,
    ctrl: modifiers.ctrl ?? false,
    alt: modifiers.alt ?? false,
    shift: modifiers.shift ?? false,
    ...(modifiers.super === true && {super: true}),
  };
}

/** True for what a person does, false for what the terminal says. */
export function isKeyEvent(event: DecodedEvent): event is KeyEvent {
  return event.type === 'text' || event.type === 'key' || event.type === 'paste';
}
