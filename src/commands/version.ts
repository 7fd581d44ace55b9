// `--version`: one line, or with --json the versions of every part. Of these the engine's library alone is loaded: whether
// its C functions can be called is for it to say.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {parsePlainJson} from '../base/plain-json.ts';
import {complete, text} from '../base/shape.ts';
import {templateVersions} from '../engine/contract/templates.ts';

const packageShape = complete({version: text});
const releaseShape = complete({release: text});

/** The line `--version` prints for the program called `name`. */
export function versionText(name: string): string {
  return `${name} ${ownVersion()}\n`;
}

/** The object `--version --json` prints. */
export async function versionJson(): Promise<string> {
  const {usualCalls} = await import('../engine/local/engines.ts');
  const facts = {
    name: 'mistral-chat',
    version: ownVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    engine: {...engineVersions(), ...(await usualCalls())},
    templates: templateVersions(),
  };
  return `${JSON.stringify(facts)}\n`;
}

export function ownVersion(): string {
  return packageShape(readJson(new URL('../../package.json', import.meta.url))).version;
}

/** Read from the package's files: importing node-llama-cpp would start its engine. */
export function engineVersions(): {'node-llama-cpp': string; 'llama.cpp': string} {
  const entry = import.meta.resolve('node-llama-cpp');
  const {version} = packageShape(readJson(new URL('../package.json', entry)));
  const {release} = releaseShape(readJson(new URL('../llama/binariesGithubRelease.json', entry)));
  return {'node-llama-cpp': version, 'llama.cpp': release};
}

function readJson(url: URL): unknown {
  return parsePlainJson(readFileSync(fileURLToPath(url)));
}
