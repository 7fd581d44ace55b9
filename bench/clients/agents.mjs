// Has the print modes of Codex and Claude Code work a tool loop against a scripted server: node agents.mjs URL
// The URL is that of bench/scripted-server.ts; the programs come from `npm install --no-save @openai/codex @anthropic-ai/claude-code`.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const [url = 'http://127.0.0.1:8080'] = process.argv.slice(2);
const programs = join(import.meta.dirname, 'node_modules', '.bin');
const folder = mkdtempSync(join(tmpdir(), 'agents-'));
const work = join(folder, 'work');
mkdirSync(work);
const LIMIT_MS = 180_000;
/** The server answers it with a call that runs `echo loop-$((40 + 2))`, and its result with that result. */
const ASK = 'run the command';
const SEEN = 'loop-42';

writeFileSync(
  join(folder, 'config.toml'),
  `model = "mistral"
model_provider = "mistral"
[model_providers.mistral]
name = "mistral"
base_url = "${url}/v1"
wire_api = "responses"
`,
);
const env = {
  PATH: process.env.PATH,
  HOME: folder,
  CODEX_HOME: folder,
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_AUTH_TOKEN: 'none',
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  // The command is ours, and Claude Code asks root for this.
  IS_SANDBOX: '1',
};

/** The stdout of a program that must end well. */
function run(program, ...args) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(join(programs, program), args, {cwd: work, env, stdio, timeout: LIMIT_MS});
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => {
      stdout += bytes;
    });
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`exit ${code}: ${stderr}${stdout}`)),
    );
  });
}

const lines = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const codex = (...args) => run('codex', 'exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access', ...args);
const claude = (...args) => run('claude', '--model', 'mistral', '--allowedTools', 'Bash', '-p', ...args);

const CASES = {
  'codex: a command is asked for, run, and its result told': async () => {
    assert.match(await codex(ASK), /The tool says: .*loop-42/s);
  },
  'codex: the same as events': async () => {
    const items = lines(await codex('--json', ASK)).flatMap(({type, item}) =>
      type === 'item.completed' ? [item] : [],
    );
    const command = items.find(({type}) => type === 'command_execution');
    assert.equal(command.exit_code, 0);
    assert.equal(command.aggregated_output.trim(), SEEN);
    assert.ok(items.at(-1).text.includes(SEEN));
  },
  'codex: the chat goes on, its thought included': async () => {
    await codex('think');
    assert.match(await run('codex', 'exec', 'resume', '--last', '--skip-git-repo-check', 'hello'), /Hello there\./);
  },
  'claude: a command is asked for, run, and its result told': async () => {
    assert.equal((await claude(ASK)).trim(), `The tool says: ${SEEN}`);
  },
  'claude: the same as events': async () => {
    const events = lines(await claude('--output-format', 'stream-json', '--verbose', ASK));
    const result = events.at(-1);
    assert.equal(result.subtype, 'success');
    assert.equal(result.num_turns, 2);
    assert.equal(result.result, `The tool says: ${SEEN}`);
  },
  'claude: the chat goes on, its thought included': async () => {
    await claude('think');
    assert.equal((await claude('--continue', 'hello')).trim(), 'Hello there.');
  },
};

let failed = 0;
for (const [name, tryIt] of Object.entries(CASES)) {
  try {
    await tryIt();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error?.message ?? error}`);
  }
}
rmSync(folder, {recursive: true, force: true});
console.log(`${Object.keys(CASES).length - failed} of ${Object.keys(CASES).length} passed`);
process.exitCode = failed === 0 ? 0 : 1;
