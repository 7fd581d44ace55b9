// What of settings files and variables holds for a run, and what each refusal says.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {addChatCommand} from '../../../src/commands/chat/chat.ts';
import {Command} from '../../../src/commands/commander.ts';
import {addFimCommand} from '../../../src/commands/fim.ts';
import type {Io} from '../../../src/commands/host/io.ts';
import {DEFAULTS, keepCompanions, samplingChoice} from '../../../src/commands/options.ts';
import {allCommands} from '../../../src/commands/program.ts';
import {addServeCommand} from '../../../src/commands/serve/serve.ts';
import {originsOf} from '../../../src/commands/settings/origins.ts';
import {takeSettings} from '../../../src/commands/settings/take-settings.ts';
import {trust} from '../../../src/commands/settings/trusted-files.ts';
import {fakeIo} from '../../fakes/io.ts';
import {folderWith} from '../../fixtures/folder.ts';

const ADD = {chat: addChatCommand, fim: addFimCommand, serve: addServeCommand};

interface Given {
  readonly user?: string;
  readonly project?: string;
  readonly trusted?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly argv?: readonly string[];
  readonly command?: keyof typeof ADD;
}

/** Runs the real command as far as its action, which is left out. */
async function taken({user, project, trusted, env = {}, argv = [], command: name = 'chat'}: Given) {
  const folder = folderWith({'work/.git/HEAD': '', 'home/.keep': ''});
  if (user !== undefined) {
    mkdirSync(join(folder, 'home/.config/mistral-chat'), {recursive: true});
    writeFileSync(join(folder, 'home/.config/mistral-chat/config.toml'), user);
  }
  const work = join(folder, 'work');
  const state = join(folder, 'state');
  if (project !== undefined) writeFileSync(join(work, '.mistral-chat.toml'), project);
  const host = {HOME: join(folder, 'home'), MISTRAL_STATE_DIR: state, MISTRAL_NO_CONFIG: '', ...env};
  if (trusted) trust(host, join(work, '.mistral-chat.toml'), project ?? '');
  const io = {...fakeIo('', host), cwd: work};
  const command = new Command(name).exitOverride().configureOutput({outputError() {}});
  const add: (command: Command, io: Io, all: () => Promise<Command[]>) => void = ADD[name];
  add(command, io, () => allCommands(io));
  command.hook('preAction', () =>
    takeSettings(command, {name, all: ['chat', 'fim', 'tools', 'serve']}, io, () => allCommands(io)),
  );
  keepCompanions(command);
  command.action(() => {});
  await command.parseAsync([...argv], {from: 'user'});
  const told = io.err().replaceAll(folder, '');
  return {options: command.opts(), model: command.processedArgs[0], told, origins: originsOf(command), folder, command};
}

const refusal = async (given: Given) => taken(given).then(() => 'nothing was refused', String);

test('five origins: each holds when what is above it is taken away', async () => {
  const all = {
    user: 'temperature = 0.1\n[profiles.mine]\ntemperature = 0.3\n',
    project: 'temperature = 0.2\n',
    env: {MISTRAL_TEMPERATURE: '0.4'},
  };
  const of = async (given: Given) => {
    const {options, origins} = await taken(given);
    return [options.temperature, origins.get('temperature')];
  };
  const profile = ['--profile', 'mine'];
  expect(await of({...all, argv: [...profile, '-t', '0.5']})).toEqual([0.5, undefined]);
  expect(await of({...all, argv: profile})).toEqual([0.4, '$MISTRAL_TEMPERATURE']);
  expect(await of({...all, argv: profile, env: {}})).toEqual([0.3, 'profile mine (config.toml:3:1)']);
  expect(await of({...all, env: {MISTRAL_PROFILE: 'mine'}})).toEqual([0.3, 'profile mine (config.toml:3:1)']);
  expect(await of({...all, env: {}})).toEqual([0.2, '.mistral-chat.toml:1:1']);
  expect(await of({user: all.user})).toEqual([0.1, 'config.toml:1:1']);
  expect(await of({})).toEqual([0.7, undefined]);
  expect(await of({...all, env: {}, argv: ['--no-config']})).toEqual([0.7, undefined]);
  expect(await of({...all, env: {MISTRAL_NO_CONFIG: '1'}})).toEqual([0.7, undefined]);
});

test("a section wins over the top of its file, a project's top over a user's section, all over a model's own", async () => {
  const user = '[chat]\nmax_tokens = 2\n[models.small]\nmax-tokens = 4\nctx = 512\n';
  expect((await taken({user: `max-tokens = 1\n${user}`})).options).toMatchObject({maxTokens: 2});
  expect((await taken({user: `max-tokens = 1\n${user}`, command: 'fim'})).options).toMatchObject({maxTokens: 1});
  expect((await taken({user, project: 'max-tokens = 3'})).options).toMatchObject({maxTokens: 3});
  const {options, origins} = await taken({user, command: 'fim', argv: ['small']});
  expect(options).toMatchObject({maxTokens: 4, ctx: 512});
  expect(origins.get('ctx')).toBe('models.small (config.toml:5:1)');
  expect((await taken({user, command: 'fim', argv: ['other']})).options.ctx).toBeUndefined();
});

test('values by position win over files, and over the built-in ones as before', async () => {
  const {command} = await taken({user: 'max-tokens = 5\ntop-k = 7', argv: ['m', '64']});
  const choice = samplingChoice(command, DEFAULTS.chat, {maxTokens: 64, temperature: undefined});
  expect(choice.asked).toMatchObject({maxTokens: 64, topK: 7});
  expect((await taken({user: 'max-tokens = 5'})).command.getOptionValue('maxTokens')).toBe(5);
});

test('texts, switches and lists are as their flags; a list wins whole', async () => {
  const user = `
system = "Be short."
instruct = true
save = false
no-history = true
stop = ["a", "b"]
context = "stop"
exec = "f=ls"
`;
  const {options, told} = await taken({user, project: 'stop = ["c"]'});
  expect(options).toMatchObject({
    system: 'Be short.',
    instruct: true,
    save: false,
    history: false,
    stop: ['c'],
    contextPolicy: 'stop',
    exec: ['f=ls'],
  });
  expect(told).toBe('');
  expect((await taken({user, argv: ['--stop', 'z']})).options.stop).toEqual(['z']);
});

test.each([
  [
    'temperature = "hot"',
    "config.toml:1:1: option '-t, --temperature <t>' argument 'hot' is invalid. Expected a number, without quotes.",
  ],
  [
    'temperature = 101',
    "config.toml:1:1: option '-t, --temperature <t>' argument '101' is invalid. Expected a number from 0 to 100.",
  ],
  [
    '\n top_k = 1.5',
    "config.toml:2:2: option '--top-k <k>' argument '1.5' is invalid. Expected an integer from 0 to 2147483647.",
  ],
  [
    'temperature = true',
    "config.toml:1:1: option '-t, --temperature <t>' argument 'true' is invalid. Expected a number.",
  ],
  [
    'temperature = [1]',
    "config.toml:1:1: option '-t, --temperature <t>' argument '[1]' is invalid. Expected one value, not a list.",
  ],
  [
    'temperature = {a = 1}',
    `config.toml:1:1: option '-t, --temperature <t>' argument '{"a":1}' is invalid. Expected a number.`,
  ],
  [
    'temperature = nan',
    "config.toml:1:1: option '-t, --temperature <t>' argument 'NaN' is invalid. Expected a number from 0 to 100.",
  ],
  ['instruct = "yes"', "config.toml:1:1: option '-i, --instruct' argument 'yes' is invalid. Expected true or false."],
  [
    'system = 5',
    "config.toml:1:1: option '--system <text|@file|default>' argument '5' is invalid. Expected a text in quotes.",
  ],
  ['stop = [5]', "config.toml:1:1: option '--stop <text>' argument '[5]' is invalid. Expected a text in quotes."],
  [
    'system = 1979-05-27',
    "config.toml:1:1: option '--system <text|@file|default>' argument '1979-05-27' is invalid. Expected a text in quotes.",
  ],
  [
    'context-policy = "forget"',
    "config.toml:1:1: option '--context-policy <name>' argument 'forget' is invalid. Allowed choices are trim, stop, summarise.",
  ],
  [
    '[chat]\ngpu-layers = "all"',
    "config.toml:2:1: option '--gpu-layers <n|max>' argument 'all' is invalid. Expected an integer, at least 0.",
  ],
])('refused as the flag is, with its place: %s', async (user, message) => {
  expect(await refusal({user})).toBe(`EngineError: ${message}`);
});

test('a variable is refused by its name', async () => {
  expect(await refusal({env: {MISTRAL_TEMPERATURE: 'hot'}})).toBe(
    "EngineError: $MISTRAL_TEMPERATURE: option '-t, --temperature <t>' argument 'hot' is invalid. Expected a number from 0 to 100.",
  );
  expect(
    (await taken({env: {MISTRAL_SEED: '7', MISTRAL_CTX: '512', MISTRAL_API_KEY: 'secret'}})).options,
  ).toMatchObject({
    seed: 7,
    ctx: 512,
  });
  const served = await taken({command: 'serve', env: {MISTRAL_API_KEY: 'secret', MISTRAL_PORT: '81'}});
  expect(served.options).toMatchObject({port: 81});
  expect(served.options.apiKey).toBeUndefined();
});

test.each([
  ['prompt = "x"', "config.toml:1:1: 'prompt' cannot be set in a file"],
  ['yes = true', "config.toml:1:1: 'yes' cannot be set in a file"],
  ['[chat]\nprofile = "x"', "config.toml:2:1: 'profile' cannot be set in a file"],
  ['config = false', "config.toml:1:1: 'config' cannot be set in a file"],
  ['json = true\nstream-json = true', "config.toml:2:1: option '--stream-json' cannot be used with option '--json'"],
  ['a = [', 'config.toml:1:5: this is not TOML: unfinished array'],
  ['a = 1\na = 2', 'config.toml:2:1: this is not TOML: '],
])('no file may have %s', async (user, message) => {
  expect(await refusal({user})).toContain(message);
});

test('an API key stands in no file', async () => {
  expect(await refusal({command: 'serve', user: '[serve]\napi_key = "k"'})).toContain(
    "config.toml:2:1: 'api_key' cannot be set in a file",
  );
});

test('an unknown key is told once a run, with its place and the nearest name', async () => {
  const {told, options} = await taken({user: 'temprature = 0.5\ntop-k = 3\nnonsense = 1\n'});
  expect(told).toBe(
    "warning: config.toml:1:1: 'temprature' is not known; did you mean 'temperature'? (and 1 more: mistral config check)\n",
  );
  expect(options.topK).toBe(3);
  expect((await taken({user: '[chta]\nseed = 1'})).told).toBe(
    "warning: config.toml:1:1: 'chta' is not known; did you mean 'chat'?\n",
  );
});

test("another command's flag is no unknown key at the top, and one in a command's own section", async () => {
  expect((await taken({user: 'port = 81\n[serve]\nport = 82'})).told).toBe('');
  expect((await taken({user: '[chat]\nport = 81'})).told).toBe("warning: config.toml:2:1: 'port' is not known\n");
});

test('what has no effect in this run is left out and not refused', async () => {
  const user = 'system = "Be short."\nreasoning-effort = "high"\nlora-scale = 2.0\njson = true\nkeep-alive = "5m"';
  const {options, told} = await taken({user, argv: ['--stream-json']});
  expect(options.system).toBeUndefined();
  expect(options.loraScale).toBeUndefined();
  expect(options.json).toBeUndefined();
  expect(told).toBe('');
  expect((await taken({user, command: 'serve'})).options.keepAlive).toBeUndefined();
  expect((await taken({user, command: 'serve', argv: ['--models']})).options.keepAlive).toBe(300_000);
  await expect(taken({argv: ['--system', 'x']})).rejects.toThrow("needs option '-i, --instruct'");
});

test('a missing profile is refused with the names that there are', async () => {
  expect(await refusal({user: '[profiles.fast]\n[profiles.slow]', argv: ['--profile', 'fats']})).toBe(
    "EngineError: there is no profile 'fats'; there are: fast, slow",
  );
  expect(await refusal({argv: ['--profile', 'x']})).toContain('no settings file has profiles');
  expect(await refusal({user: 'seed = 1', argv: ['--profile', '__proto__']})).toContain('there is no profile');
});

test('an alias and a path stand for a model, and only for the name as it is', async () => {
  const user =
    '[aliases]\nbig = "mistral-7b"\n[models.mine]\npath = "~/m/a.gguf"\nseed = 3\n[models.mistral-7b]\nctx = 99';
  const alias = await taken({user, argv: ['big']});
  expect([alias.model, alias.options.ctx]).toEqual(['mistral-7b', 99]);
  const own = await taken({user, argv: ['mine']});
  expect([own.model, own.options.seed]).toEqual([`${own.folder}/home/m/a.gguf`, 3]);
  expect((await taken({user, argv: ['./mine']})).model).toBe('./mine');
  const named = await taken({user: `model = "mine"\n${user}`});
  expect(named.options.modelPath).toBe(`${named.folder}/home/m/a.gguf`);
  expect((await taken({user, env: {MISTRAL_MODEL: 'big'}})).options.modelPath).toBe('mistral-7b');
  expect((await taken({user: 'model = "mine"', argv: ['x']})).options.modelPath).toBeUndefined();
  expect((await taken({user: 'model = "mine"', env: {MISTRAL_URL: 'http://x'}})).options.modelPath).toBeUndefined();
});

test('a key goes to the server that stands beside it, and to no other', async () => {
  const user = 'url = "https://a.test"\napi-key-env = "A_KEY"\n[profiles.b]\nurl = "https://b.test"\n';
  expect((await taken({user})).options).toMatchObject({url: 'https://a.test', apiKeyEnv: 'A_KEY'});
  const elsewhere = {
    profile: await taken({user, argv: ['--profile', 'b']}),
    flag: await taken({user, argv: ['--url', 'https://c.test']}),
    env: await taken({user, env: {MISTRAL_URL: 'https://d.test'}}),
    section: await taken({user: `${user}\n[chat]\nurl = "https://e.test"`}),
  };
  for (const {options, told} of Object.values(elsewhere)) {
    expect(options.apiKeyEnv).toBeUndefined();
    expect(told).toContain("note: config.toml:2:1: 'api-key-env' is not used: it is not for this server");
  }
  expect(elsewhere.profile.options.url).toBe('https://b.test');
  const local = await taken({user, argv: ['7B']});
  expect([local.options.url, local.options.apiKeyEnv, local.told]).toEqual([undefined, undefined, '']);
});

const FOREIGN = `temperature = 0.2
url = "https://evil.test"
exec = ["rm=rm -rf ."]
library = "./lib.so"
model = "/etc/passwd"
tools = "t.json"
system = "@~/.ssh/id_rsa"
[mcp.x]
command = "sh"
`;

test("a project's file sets how answers sound; what reads, runs or sends takes trust, which is told once", async () => {
  const {options, told} = await taken({project: FOREIGN, argv: ['--instruct']});
  expect(options.temperature).toBe(0.2);
  for (const key of ['url', 'exec', 'library', 'modelPath', 'tools', 'system']) expect(options[key]).toBeUndefined();
  expect(told).toBe(
    "note: not used until you trust /work/.mistral-chat.toml: 'url' (.mistral-chat.toml:2:1), 'exec' (.mistral-chat.toml:3:1), 'library' (.mistral-chat.toml:4:1), 'model' (.mistral-chat.toml:5:1), 'tools' (.mistral-chat.toml:6:1), 'system' (.mistral-chat.toml:7:1); read the file, then: mistral config trust\n",
  );
  const after = await taken({project: FOREIGN, trusted: true, argv: ['--instruct']});
  expect(after.options).toMatchObject({
    url: 'https://evil.test',
    exec: ['rm=rm -rf .'],
    library: `${after.folder}/work/lib.so`,
    tools: `${after.folder}/work/t.json`,
    system: `@${after.folder}/home/.ssh/id_rsa`,
  });
});

test.each(['../a.gguf', '~/a.gguf', './../a.gguf', 'hf.co/x/y', 'owner/model', 'https://a/b', 'x:y'])(
  'a model outside of the project takes trust: %s',
  async (model) => {
    expect((await taken({project: `model = "${model}"`})).options.modelPath).toBeUndefined();
    expect((await taken({project: `[aliases]\nm = "${model}"`, argv: ['m']})).model).toBe('m');
  },
);

test('a model of the project takes none, and trust ends with the file as it was', async () => {
  expect((await taken({project: 'model = "./a.gguf"'})).options.modelPath).toMatch(/\/work\/a\.gguf$/);
  expect((await taken({project: 'model = "mistral-7b"'})).options.modelPath).toBe('mistral-7b');
  const folder = folderWith({'a.toml': 'x'});
  const env = {MISTRAL_STATE_DIR: folder};
  const {isTrusted} = await import('../../../src/commands/settings/trusted-files.ts');
  trust(env, join(folder, 'a.toml'), 'x');
  expect(isTrusted(env, join(folder, 'a.toml'), 'x')).toBe(true);
  expect(isTrusted(env, join(folder, 'a.toml'), 'y')).toBe(false);
});

test("a project's own models and profiles give no model more than its file may", async () => {
  const project = '[models.m]\npath = "/etc/passwd"\nexec = ["a=b"]\n[profiles.p]\nurl = "https://evil.test"\nseed = 2';
  const {model, options} = await taken({project, argv: ['m', '--profile', 'p']});
  expect([model, options.url, options.exec, options.seed]).toEqual(['m', undefined, undefined, 2]);
});
