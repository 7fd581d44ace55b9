// `mistral tokenize`: the exact tokens of a text or a request, and texts and calls from tokens. No weights are read.
import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';
import type {TemplateVersion} from '../../engine/contract/requests.ts';
import {templateVersions} from '../../engine/contract/templates.ts';
import {Option} from '../commander.ts';
import type {Io} from '../host/io.ts';
import {collect, modelArgument} from '../options.ts';

interface TokenizeFlags {
  readonly modelPath?: string;
  readonly template?: TemplateVersion;
  readonly chatTemplate?: string;
  readonly setting?: readonly string[];
  readonly reasoningEffort?: string;
  readonly text?: string;
  readonly request?: string;
  readonly fim?: string;
  readonly jsonl?: true;
  readonly decode?: true;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  mistral tokenize model.gguf --text 'Hello world'
  mistral tokenize tekken.json --request request.json --json
  mistral tokenize tokenizer.model.v3 --fim - --template v3 < fim.json
  mistral tokenize model.gguf --jsonl < requests.jsonl > tokens.jsonl
  echo '{"id": 1, "ids": [23325, 2294]}' | mistral tokenize model.gguf --decode

--text is plain text: no BOS, no template. A request is the body of a chat completion or fill-in-the-middle call.
--jsonl reads one object a line: {"id", "text" | "request" | "fim"}, with "max_model_input_len" where a request asks
for truncation, and answers {"id", "tokens"} or {"id", "error": {"code", "message"}}.
--decode reads {"id", "ids"} and answers {"id", "text", "message": {"content", "reasoning", "tool_calls"}}; ids that
do not end with </s> may end in the middle of a call, which then stands under "incomplete". The "tools" that were
offered and the ids of the "prompt" may be given too: they settle what an answer means.`;

export function addTokenizeCommand(command: Command, io: Io): void {
  command
    .description('Show the exact tokens of a text or a request, or turn tokens back into text.')
    .argument('[model]', 'folder, GGUF, tokenizer file or name (default: $MISTRAL_MODEL, else the embedded model)')
    .addOption(new Option('--model-path <path>').hideHelp())
    .addOption(
      new Option('--template <version>', 'prompt format, instead of the detected one').choices(templateVersions()),
    )
    .addOption(
      new Option('--chat-template <file>', "chat template in Jinja, in place of the file's own").conflicts('template'),
    )
    .option(
      '--setting <name=value>',
      'a setting of the model that its tokenizer file names; repeatable',
      collect(String),
    )
    .option('--reasoning-effort <level>', "for chat requests that name none: one of the model's own levels")
    .option('--text <text>', 'plain text')
    .option('--request <file>', 'chat request as JSON; - is stdin')
    .option('--fim <file>', 'fill-in-the-middle request as JSON; - is stdin')
    .option('--jsonl', 'one object a line from stdin, one answer a line to stdout')
    .option('--decode', 'token ids a line from stdin, text and message a line to stdout')
    .option('--json', 'ids, pieces and version as one object instead of a list')
    .addHelpText('after', EXAMPLES);
  command.action(async (positional?: string) => {
    const flags = command.opts<TokenizeFlags>();
    refuseSeveralInputs(flags);
    const {openTokenizer} = await import('../open-model/open-tokenizer.ts');
    const {localModel} = await import('../open-model/meant.ts');
    const loaded = await openTokenizer(io, localModel(io, modelArgument(positional, flags)), flags);
    if (flags.jsonl || flags.decode) {
      const {answerLines} = await import('./tokenize-lines.ts');
      return answerLines(io, loaded, flags.decode ? 'decode' : 'encode');
    }
    const {readTextFile} = await import('../host/text-input.ts');
    const {encodeInput} = await import('./tokenize-input.ts');
    const {printTokens} = await import('./print-tokens.ts');
    if (flags.text !== undefined) return printTokens(io, loaded, loaded.tokenizer.encode(flags.text), flags);
    const kind = flags.request === undefined ? 'fim' : 'request';
    const {parseJson} = await import('../../base/json.ts');
    const body = parseJson(await readTextFile(io, flags[kind] ?? '-'));
    const {PromptWriter} = await import('../../engine/template/prompt-writer.ts');
    const writer = new PromptWriter(loaded);
    const tokens = await encodeInput(writer, kind, body).finally(() => writer.close());
    return printTokens(io, loaded, tokens, flags);
  });
}

function refuseSeveralInputs(flags: TokenizeFlags): void {
  const inputs = [flags.text, flags.request, flags.fim, flags.jsonl ?? flags.decode];
  const given = inputs.filter((input) => input !== undefined).length;
  if (given === 1) return;
  throw new EngineError('usage', given === 0 ? 'nothing to tokenize' : 'several inputs at once', {
    hint: 'Give one of --text, --request, --fim, --jsonl and --decode.',
  });
}
