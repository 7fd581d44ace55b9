// A thought that a model writes as text, <think>...</think>, at the very beginning of its answer.

const OPEN = '<think>';
const CLOSE = '</think>';

export interface ThoughtStep {
  readonly reasoning: string;
  readonly content: string;
}

const NOTHING: ThoughtStep = {reasoning: '', content: ''};

/** Holds back no more than what may still be a tag, and the newline beside one. */
export class PlainThought {
  private phase: 'start' | 'thought' | 'behind' | 'text' = 'start';
  private held = '';
  /** Nothing of the thought was told yet: one newline at its beginning is none of it. */
  private isFirst = true;

  get isThinking(): boolean {
    return this.phase === 'thought';
  }

  /** None can begin any more. */
  get isOver(): boolean {
    return this.phase === 'behind' || this.phase === 'text';
  }

  /** The end of a thought that may be the beginning of its closing tag. */
  get unsettled(): string {
    return this.isThinking ? this.held : '';
  }

  push(text: string): ThoughtStep {
    switch (this.phase) {
      case 'start':
        return this.readStart(text);
      case 'thought':
        return this.readThought(text);
      case 'behind':
        return this.readBehind(text);
      case 'text':
        return {reasoning: '', content: text};
    }
  }

  /** What was held back: a thought that never ended is one all the same. */
  end(): ThoughtStep {
    const {held, phase} = this;
    this.held = '';
    this.phase = 'text';
    if (phase === 'start') return {reasoning: '', content: held};
    return phase === 'thought' && held !== '\n' ? {reasoning: held, content: ''} : NOTHING;
  }

  private readStart(text: string): ThoughtStep {
    this.held += text;
    const begun = this.held.trimStart();
    if (begun.length < OPEN.length && OPEN.startsWith(begun)) return NOTHING;
    const {held} = this;
    this.held = '';
    this.phase = begun.startsWith(OPEN) ? 'thought' : 'text';
    return this.isThinking ? this.readThought(begun.slice(OPEN.length)) : {reasoning: '', content: held};
  }

  private readThought(text: string): ThoughtStep {
    let thought = this.held + text;
    if (this.isFirst && thought.startsWith('\n')) thought = thought.slice(1);
    else if (thought === '') return NOTHING;
    this.isFirst = false;
    const close = thought.indexOf(CLOSE);
    if (close < 0) {
      const open = openTail(thought);
      this.held = thought.slice(open);
      return {reasoning: thought.slice(0, open), content: ''};
    }
    this.held = '';
    this.phase = 'behind';
    const inside = thought.slice(0, close);
    const {content} = this.readBehind(thought.slice(close + CLOSE.length));
    return {reasoning: inside.endsWith('\n') ? inside.slice(0, -1) : inside, content};
  }

  private readBehind(text: string): ThoughtStep {
    const content = text.replace(/^\n+/, '');
    if (content !== '') this.phase = 'text';
    return {reasoning: '', content};
  }
}

/** A thought as models write it, which `PlainThought` reads. */
export const writtenThought = (thought: string) => `${OPEN}\n${thought}\n${CLOSE}\n`;

/** What ends a thought behind `begun`, a text that may be a part of it: on a line of its own, with the newline behind. */
export function closingText(begun: string): string {
  const whole = begun.startsWith('<') ? `${CLOSE}\n` : `\n${CLOSE}\n`;
  return whole.startsWith(begun) ? whole.slice(begun.length) : whole;
}

/** Where the end of a text begins that may still become a closing tag, with the newline before it. */
function openTail(text: string): number {
  for (const ending of [`\n${CLOSE}`, CLOSE]) {
    for (let length = Math.min(ending.length - 1, text.length); length > 0; length -= 1) {
      if (text.endsWith(ending.slice(0, length))) return text.length - length;
    }
  }
  return text.length;
}
