// Texts that drive a terminal which gets them raw, one of each kind.

/** Each stands inside a name, a title, a message or an answer. */
export const HOSTILE: readonly string[] = [
  '\u001b[31m', // a style
  '\u001b[2J\u001b[H', // clear the screen
  '\u001b]0;title\u0007', // the window's title
  '\u001b]52;c;aGk=\u0007', // the clipboard
  '\u001b]8;;https://evil.example\u001b\\', // a link
  '\u001bP+q544e\u001b\\', // a request that the terminal answers as if it were typed
  '\u009b31m', // CSI as one C1 character
  '\u009d0;title\u009c', // OSC and ST as C1 characters
  '\u0085\u0090\u0098\u009e', // NEL, DCS, SOS, PM
  '\u0000\u0007\u0008\u000b\u000c\u000e\u007f', // NUL, BEL, BS, VT, FF, SO, DEL
  'over\rwrite', // back to the start of the row
  '\u202edesrever\u202c', // bidi override
  '\u2066isolate\u2069', // bidi isolate
  'one\u2028two\u2029three', // line and paragraph separator
  '\u{E0041}\u{E007F}', // tags
  '\ud83d\u001b[31m', // half a surrogate pair before a sequence
  '\u001b\ud800[31m', // and inside one
];

/** What drives a terminal: none of it may be in a text that goes to one, but line ends and tabs. */
export const DRIVES =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u206f\u2028\u2029\u{E0000}-\u{E007F}]/u;
