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

export type KeyEvent =
  /** Printable characters; a run that arrives in one chunk is one event. */
  | {readonly type: 'text'; readonly text: string}
  /** A named key, or one character with Ctrl or Alt (`name` is the character then, in lower case). */
  | {
      readonly type: 'key';
      readonly name: KeyName | (string & {});
      readonly ctrl: boolean;
      readonly alt: boolean;
      readonly shift: boolean;
    }
  /** A bracketed paste: line ends are LF. `cut` = it was longer than the decoder keeps. */
  | {readonly type: 'paste'; readonly text: string; readonly cut: boolean}
  /** The terminal says that it speaks the kitty keyboard protocol. */
  | {readonly type: 'kitty'};

export type KeyPress = Extract<KeyEvent, {type: 'key'}>;

/** A key press; absent modifiers are not held. */
export function press(name: string, modifiers: {ctrl?: boolean; alt?: boolean; shift?: boolean} = {}): KeyPress {
  return {
    type: 'key',
    name,
    ctrl: modifiers.ctrl ?? false,
    alt: modifiers.alt ?? false,
    shift: modifiers.shift ?? false,
  };
}
