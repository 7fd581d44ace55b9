// The exact prompt of a chat, whoever's the template is: one of Mistral's versions, or another model's that is rendered.
import {defined} from '../../base/defined.ts';
import type {Tokenized} from '../contract/prompt.ts';
import type {ChatCompletionRequest} from '../contract/requests.ts';
import type {Tokenizer} from '../contract/tokenizer.ts';
import {type TurnOptions, writeInTurns} from '../tokenizer/write-in-turns.ts';
import {encodeChat} from './encode/encode-chat.ts';
import {ForeignChat, type ForeignPrompt} from './foreign/foreign-chat.ts';
import {HermesOutput} from './foreign/hermes-output.ts';
import type {LoadedTokenizer} from './load-tokenizer.ts';
import {type OutputOptions, OutputParser} from './parse/output-parser.ts';
import {isRendered, requireVersion} from './version/require-version.ts';

export type WriterParts = Pick<LoadedTokenizer, 'tokenizer' | 'template'> &
  Partial<Pick<LoadedTokenizer, 'modelSettings' | 'chosenSettings' | 'fileTokens'>>;

export class PromptWriter {
  /** Undefined where the template is one of Mistral's, or its chats are refused. */
  readonly foreign: ForeignChat | undefined;
  readonly tokenizer: WriterParts['tokenizer'];
  readonly template: WriterParts['template'];
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    const {template, tokenizer, fileTokens} = parts;
    this.#parts = parts;
    this.tokenizer = tokenizer;
    this.template = template;
    if (template.form !== 'foreign' || !isRendered(template)) return;
    const {bos, eos} = tokenizer;
    this.foreign = new ForeignChat(template, tokenizer, fileTokens ?? {bos, eos, ends: [], addsBos: true});
  }

  /**
   * `maxModelInputLen`: tokens the prompt may have without BOS, for requests that ask for truncation.
   * @throws Refusal for what the template cannot say, EngineError `template_unknown` where there is none.
   */
  write(
    request: ChatCompletionRequest,
    maxModelInputLen?: number,
    turns: TurnOptions = {},
  ): Promise<Tokenized | ForeignPrompt> {
    if (this.foreign) return this.foreign.render(request, turns);
    const {modelSettings, chosenSettings} = this.#parts;
    const options = defined({maxModelInputLen, modelSettings, chosenSettings});
    const write = (tokenizer: Tokenizer) => encodeChat(request, tokenizer, requireVersion(this.template), options);
    return writeInTurns(this.tokenizer, write, turns);
  }

  /** Reads an answer as this template's model writes it. @throws EngineError `template_unknown` where there is none. */
  async reader(options: OutputOptions): Promise<OutputParser | HermesOutput> {
    if (!this.foreign) return new OutputParser(this.tokenizer, requireVersion(this.template), options);
    const {tokens: ends} = await this.foreign.answerEnd();
    const {prompt = [], tools = [], newCallId} = options;
    const readsCalls = tools.length > 0 && this.foreign.tools.calls === 'hermes';
    return new HermesOutput(this.tokenizer, {prompt, ends, readsCalls, ...(newCallId && {newCallId})});
  }

  async close(): Promise<void> {
    await this.foreign?.close();
  }
}
