// Requests as nobody writes them by hand: valid ones, nearly valid ones and wrong ones, the same for the same seed.
import {parseJson} from '../../src/base/json.ts';
import type {Question} from './mistral-common.ts';

/** Numbers from 0 to 1, excluded. (mulberry32) */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TEXTS = [
  '',
  'a',
  ' b ',
  'Hi',
  '[INST]',
  '</s>',
  'é\n',
  '日本',
  '🙂',
  '{"a": 1.0}',
  '[1, 2e3]',
  '"q"',
  'null',
  '5',
  'x\u0000y',
  '  ',
];
const NAMES = ['f', 'get_weather', 'a-b', 'N9', 'no name', '', 'x'.repeat(64), 'x'.repeat(65), 'f\n'];
const IDS = ['abcdefghi', '123456789', 'AAAAAAAAA', 'call_1', 'null', '', 'é', 'abcdefghi\n', ' '];
const ARGUMENTS = [
  '{}',
  '',
  '{"a": 1}',
  '{"n": [1.0, 1e5, -0.0]}',
  'x',
  '[1]',
  '"t"',
  '{"é": null}',
  '{"a": {"b": "\\u007f"}}',
];
const SCHEMAS = [
  '{}',
  '{"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}',
  '{"type": "objekt"}',
  '{"b": 1, "a": {"z": [1e5], "é": null}}',
  '{"pattern": "["}',
  '{"enum": []}',
  '{"minimum": "1"}',
  '{"items": [{}, true]}',
  '{"maxLength": 2.0}',
  '{"multipleOf": 0}',
];
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'lots', ''];

export class RandomRequests {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  next(): Question {
    if (this.#chance(0.06)) return this.#fim();
    const messages = this.#messages();
    const members = [`"messages": [${messages.join(', ')}]`];
    if (this.#chance(0.3)) members.push(`"tools": [${this.#list(1, 3, () => this.#tool()).join(', ')}]`);
    if (this.#chance(0.12)) members.push(`"reasoning_effort": ${JSON.stringify(this.#pick(EFFORTS))}`);
    if (this.#chance(0.25)) members.push(`"response_format": ${this.#format()}`);
    if (this.#chance(0.1))
      members.push(`"continue_final_message": ${this.#pick(['true', 'true', 'false', '1', '"no"', 'null'])}`);
    if (this.#chance(0.05))
      members.push(
        `"tool_choice": ${this.#pick(['"auto"', '"any"', '"none"', '{"type": "function", "function": {"name": "f"}}', 'null', '"some"'])}`,
      );
    if (this.#chance(0.04))
      members.push(
        this.#pick([
          '"temperature": 0.5',
          '"temperature": 2',
          '"top_p": "0.1"',
          '"max_tokens": 0',
          '"random_seed": -1',
          '"stop": []',
          '"model": "m"',
          '"model": 5',
          '"parallel_tool_calls": false',
        ]),
      );
    const isCut = this.#chance(0.12);
    if (isCut) members.push('"truncate_for_context_length": true');
    const request = parseJson(`{${members.join(', ')}}`);
    return {kind: 'chat', request, ...(isCut && this.#chance(0.9) && {max: this.#whole(1, 400)})};
  }

  #fim(): Question {
    const suffix = this.#chance(0.7) ? `, "suffix": ${this.#chance(0.1) ? 'null' : this.#text()}` : '';
    return {kind: 'fim', request: parseJson(`{"prompt": ${this.#text()}${suffix}}`)};
  }

  /** Mostly a conversation in order: system messages, then turns of which some call tools. */
  #messages(): string[] {
    if (this.#chance(0.05))
      return this.#list(0, 5, () => this.#message(this.#pick(['system', 'user', 'assistant', 'tool'])));
    const messages = this.#chance(0.3) ? [this.#message('system')] : [];
    for (let turn = this.#whole(1, 3); turn > 0; turn -= 1) {
      messages.push(...this.#list(1, this.#chance(0.1) ? 2 : 1, () => this.#message('user')));
      if (turn > 1 || this.#chance(0.3)) messages.push(...this.#answer());
    }
    return messages;
  }

  /** An answer, perhaps with calls and their results. */
  #answer(): string[] {
    if (this.#chance(0.55)) return [this.#message('assistant')];
    const ids = this.#list(1, 2, () => (this.#chance(0.9) ? this.#pick(IDS.slice(0, 3)) : this.#pick(IDS)));
    const calls = ids.map((id) => this.#call(id)).join(', ');
    const content = this.#chance(0.2) ? `"content": ${this.#content('assistant')}, ` : '';
    const results = this.#chance(0.85) ? ids : this.#list(0, 3, () => this.#pick(IDS));
    if (this.#chance(0.3)) results.reverse();
    return [
      `{"role": "assistant", ${content}"tool_calls": [${calls}]${this.#chance(0.1) ? ', "prefix": true' : ''}}`,
      ...results.map((id) => this.#result(id)),
      ...(this.#chance(0.6) ? [this.#message('assistant')] : []),
    ];
  }

  #message(role: string): string {
    if (role === 'tool') return this.#result(this.#pick(IDS));
    const prefix =
      role === 'assistant' && this.#chance(0.3) ? `, "prefix": ${this.#pick(['true', 'true', 'false', 'null'])}` : '';
    return `{"role": "${role}", "content": ${this.#content(role)}${prefix}}`;
  }

  #content(role: string): string {
    if (this.#chance(0.75)) return this.#text();
    if (this.#chance(0.05)) return 'null';
    return `[${this.#list(0, 3, () => this.#chunk(role)).join(', ')}]`;
  }

  #chunk(role: string): string {
    const isThought = role === 'user' ? 0.03 : 0.35;
    if (!this.#chance(isThought)) return `{"type": "text", "text": ${this.#text()}}`;
    return `{"type": "thinking", "thinking": ${this.#text()}${this.#chance(0.3) ? `, "closed": ${this.#chance(0.5)}` : ''}}`;
  }

  #call(id: string): string {
    const args = this.#chance(0.85)
      ? JSON.stringify(this.#pick(ARGUMENTS))
      : this.#pick(['{"a": 1.0}', 'null', '5', '{"é": [1]}']);
    const name = this.#chance(0.9) ? 'f' : this.#pick(NAMES);
    const own = this.#chance(0.95) ? `"id": ${JSON.stringify(id)}, ` : '';
    return `{${own}"type": "function", "function": {"name": ${JSON.stringify(name)}, "arguments": ${args}}}`;
  }

  #result(id: string): string {
    const own = this.#chance(0.95) ? `, "tool_call_id": ${JSON.stringify(id)}` : '';
    const name = this.#chance(0.3) ? `, "name": ${JSON.stringify(this.#pick(NAMES))}` : '';
    return `{"role": "tool", "content": ${this.#content('tool')}${own}${name}}`;
  }

  #tool(): string {
    const description = this.#chance(0.5) ? `, "description": ${this.#text()}` : '';
    const parameters = this.#chance(0.95) ? `, "parameters": ${this.#schema()}` : '';
    const name = this.#chance(0.9) ? 'f' : this.#pick(NAMES);
    return `{"type": "function", "function": {"name": ${JSON.stringify(name)}${description}${parameters}}}`;
  }

  #format(): string {
    const schema = `{"name": "n", "schema": ${this.#schema()}${this.#chance(0.3) ? ', "strict": true' : ''}}`;
    return this.#pick([
      '{"type": "text"}',
      '{"type": "json_object"}',
      '{}',
      `{"type": "json_schema", "json_schema": ${schema}}`,
      `{"type": "json_object", "json_schema": ${schema}}`,
      '{"type": "json_schema"}',
    ]);
  }

  #schema(): string {
    return this.#chance(0.9) ? this.#pick(SCHEMAS.slice(0, 2)) : this.#pick(SCHEMAS);
  }

  #text(): string {
    return JSON.stringify(this.#list(1, 3, () => this.#pick(TEXTS)).join(''));
  }

  #list<Item>(least: number, most: number, make: () => Item): Item[] {
    return Array.from({length: this.#whole(least, most)}, make);
  }

  #whole(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }
}
