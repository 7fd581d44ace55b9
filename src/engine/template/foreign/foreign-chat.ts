// The chats of a model with a template of another kind: rendered by that template, encoded piece by piece.
import {EngineError} from '../../../base/errors.ts';
import {type Token, type Tokenized, textPrompt} from '../../contract/prompt.ts';
import {Refusal} from '../../contract/refusal.ts';
import type {ChatCompletionRequest} from '../../contract/requests.ts';
import type {Tokenizer} from '../../contract/tokenizer.ts';
import {type TurnOptions, writeInTurns} from '../../tokenizer/write-in-turns.ts';
import {validateTools} from '../encode/check-tools.ts';
import {type Rendered, TemplateRenderer} from '../jinja/template-renderer.ts';
import type {ForeignTemplate} from '../version/detect.ts';
import {WORD} from '../version/probes.ts';
import {chatVariables, isContinued, turnsProbe} from './chat-variables.ts';
import type {FileTokens} from './file-tokens.ts';
import {freshMark, type Part, SpecialTexts} from './marked-text.ts';
import {type ToolForm, toolForm} from './tool-form.ts';

/** How an answer ends. */
export interface AnswerEnd {
  readonly tokens: ReadonlySet<Token>;
  readonly stops: readonly string[];
}

export interface ForeignPrompt extends Tokenized {
  readonly end: AnswerEnd;
}

export class ForeignChat {
  readonly tools: ToolForm;
  readonly #tokenizer: Tokenizer;
  readonly #template: string;
  readonly #tokens: FileTokens;
  readonly #specials: SpecialTexts;
  readonly #renderer: TemplateRenderer;
  readonly #names: Readonly<Record<string, string>>;
  #end: Promise<AnswerEnd> | undefined;

  constructor(template: ForeignTemplate, tokenizer: Tokenizer, tokens: FileTokens) {
    this.tools = toolForm(template.printed);
    this.#tokenizer = tokenizer;
    this.#template = template.text;
    this.#tokens = tokens;
    this.#specials = new SpecialTexts([
      ...tokenizer.specials.keys(),
      ...[tokens.bos, tokens.eos].map((id) => tokenizer.piece(id)),
    ]);
    this.#renderer = new TemplateRenderer(template.text);
    const unknown = tokenizer.specials.has('<pad>') ? '<pad>' : '';
    this.#names = {
      bos_token: tokenizer.piece(tokens.bos),
      eos_token: tokenizer.piece(tokens.eos),
      unk_token: '<unk>',
      pad_token: unknown,
    };
  }

  /** @throws Refusal for what the template refuses or cannot say, with its own words. */
  async render(request: ChatCompletionRequest, turns: TurnOptions = {}): Promise<ForeignPrompt> {
    this.#check(request);
    const texts = [this.#template, JSON.stringify([request.messages, request.tools ?? []], mapsToo)];
    const mark = freshMark(texts);
    const endMark = freshMark([...texts, mark]);
    const variables = chatVariables(request, {
      mark: (text) => this.#specials.mark(text, mark),
      argumentsAs: this.tools.argumentsAs,
      endMark,
      tokens: this.#names,
    });
    const printed = textOf(await this.#renderer.render(variables));
    const whole = isContinued(request) ? upTo(printed, endMark) : printed;
    const parts = this.#specials.split(whole, mark);
    const tokens = await writeInTurns(this.#tokenizer, (tokenizer) => this.#encode(parts, tokenizer), turns);
    return {...textPrompt(tokens), version: 'foreign', end: await this.answerEnd()};
  }

  close(): Promise<void> {
    return this.#renderer.close();
  }

  #check(request: ChatCompletionRequest): void {
    const {messages, tools = [], toolChoice = 'auto'} = request;
    const last = messages.at(-1);
    if (last === undefined) {
      throw new Refusal('InvalidMessageStructureException', 'A conversation needs at least one message.', {
        param: 'messages',
      });
    }
    if (last.role === 'assistant' && last.prefix !== true) {
      const message = 'The last message is the assistant’s: there is nothing to answer.';
      throw new Refusal('InvalidMessageStructureException', message, {param: `messages[${messages.length - 1}]`});
    }
    if (request.truncateForContextLength) throw unsupported('drops no old messages', 'truncate_for_context_length');
    if (request.reasoningEffort !== undefined) throw unsupported('takes no reasoning effort', 'reasoning_effort');
    if (request.modelSettings !== undefined) throw unsupported('takes no model settings', 'model_settings');
    if (tools.length > 0 && !this.tools.isOffered) throw unsupported('has no tools', 'tools');
    if (toolChoice !== 'auto' && toolChoice !== 'none') {
      throw unsupported('has no form in which a call can be demanded', 'tool_choice');
    }
    validateTools(tools);
  }

  #encode(parts: readonly Part[], tokenizer: Tokenizer): Token[] {
    const {bos, addsBos} = this.#tokens;
    const tokens = parts.flatMap((part) =>
      'special' in part ? [this.#special(part.special)] : tokenizer.encode(part.text),
    );
    return addsBos && tokens[0] !== bos ? [bos, ...tokens] : tokens;
  }

  #special(text: string): Token {
    const {bos, eos} = this.#tokens;
    const around = [bos, eos].find((token) => this.#tokenizer.piece(token) === text);
    return around ?? (this.#tokenizer.controlId(text) as Token);
  }

  /** How its answers end, found once. */
  answerEnd(): Promise<AnswerEnd> {
    this.#end ??= this.#findEnd();
    return this.#end;
  }

  /** By what the file says, and by what the template prints directly behind an answer. */
  async #findEnd(): Promise<AnswerEnd> {
    const {eos, ends} = this.#tokens;
    const tokens = new Set([eos, ...ends]);
    const rendered = await this.#renderer.render(turnsProbe([WORD.user, WORD.answer, WORD.nextUser], this.#names));
    const [, behind = ''] = 'text' in rendered ? rendered.text.split(WORD.answer) : [];
    const between = behind.split(WORD.nextUser)[0]?.trimStart() ?? '';
    const special = this.#specials.first(between);
    if (special !== undefined) return {tokens: tokens.add(this.#special(special)), stops: []};
    const line = /^[^\n]*/.exec(between)?.[0].trimEnd() ?? '';
    return {tokens, stops: line.length < SHORTEST_STOP ? [] : [line]};
  }
}

/** A shorter beginning of the next turn occurs in answers. */
const SHORTEST_STOP = 3;

const mapsToo = (_: string, value: unknown) => (value instanceof Map ? [...value] : value);

function unsupported(what: string, param: string): Refusal {
  return new Refusal('UnsupportedTokenizerFeatureException', `This model's chat template ${what}.`, {param});
}

function textOf(rendered: Rendered): string {
  if ('text' in rendered) return rendered.text;
  const {fault, message} = rendered;
  if (fault === 'unfaithful' || fault === 'syntax') {
    throw new EngineError('template_unknown', `the model's chat template cannot be used: ${message}`, {
      hint: 'If one of Mistral’s templates fits, name it with --template; or give another with --chat-template FILE.',
    });
  }
  const what = fault === 'raised' ? 'refuses this conversation' : 'failed';
  throw new Refusal('InvalidRequestException', `The model's chat template ${what}: ${message}`, {param: 'messages'});
}

/** What stands before the end of the text that is to be continued. */
function upTo(printed: string, mark: string): string {
  const at = printed.lastIndexOf(mark);
  if (at >= 0) return printed.slice(0, at);
  throw unsupported('does not print the beginning of an answer as it is', 'messages');
}
