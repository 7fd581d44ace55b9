// `--version`: one line, or with --json the versions of every part, without loading any of them.
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {templateVersions} from '../engine/contract/templates.ts';

/** The text `--version` prints for the program called `name`. */
export function versionText(name: string, json: boolean): string {
  const {version} = readJson(new URL('../../package.json', import.meta.url)) as {version: string};
  if (!json) return `${name} ${version}\n`;
  const facts = {
    name: 'mistral-chat',
    version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    engine: engineVersions(),
    templates: templateVersions(),
  };
  return `${JSON.stringify(facts)}\n`;
}

/** Read from the package's files: importing node-llama-cpp would start its engine. */
export function engineVersions(): {'node-llama-cpp': string; 'llama.cpp': string} {
  const entry = import.meta.resolve('node-llama-cpp');
  const {version} = readJson(new URL('../package.json', entry)) as {version: string};
  const {release} = readJson(new URL('../llama/binariesGithubRelease.json', entry)) as {release: string};
  return {'node-llama-cpp': version, 'llama.cpp': release};
}

function readJson(url: URL): unknown {
  return JSON.parse(readFileSync(fileURLToPath(url), 'utf8'));
}
