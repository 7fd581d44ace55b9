// Every key and value of the settings files, for all commands, profiles and models at once.
import type {Command} from 'commander';
import {EngineError} from '../../base/errors.ts';
import {homeFolder} from '../host/folders.ts';
import type {Io} from '../host/io.ts';
import {ReportedError} from '../host/report.ts';
import {settingsOf} from '../settings/setting-layers.ts';
import {optionNamed} from '../settings/setting-value.ts';
import {findSettingsFiles, readSettingsFiles, type SettingsFile} from '../settings/settings-files.ts';
import {type AllCommands, takesSettings} from '../settings/take-settings.ts';
import {tableAt} from '../settings/toml-table.ts';

/** Prints what is wrong. @throws ReportedError with exit code 2 if anything is; EngineError `usage` for what is no TOML. */
export async function checkSettings(io: Io, json: boolean, all: AllCommands): Promise<void> {
  const files = await readSettingsFiles(io, findSettingsFiles(io));
  const problems = problemsIn(io, files, await all());
  const paths = files.map(({path}) => path);
  if (json) io.json({files: paths, problems});
  else {
    for (const problem of problems) io.show(`${problem}\n`);
    if (problems.length === 0)
      io.show(
        paths.length === 0 ? 'there are no settings files\n' : paths.map((path) => `${path}: no faults\n`).join(''),
      );
  }
  if (problems.length > 0) throw new ReportedError(2);
}

function problemsIn(io: Io, files: readonly SettingsFile[], commands: readonly Command[]): string[] {
  const namesIn = (table: string) => files.flatMap(({document}) => Object.keys(tableAt(document.root, [table]) ?? {}));
  const takers = commands.filter(takesSettings);
  /** By place, or by itself. */
  const problems = new Map<string, string>();
  // Trust is not asked for: what a file would do then is to be right, too.
  const trusted = files.map((file) => ({...file, isTrusted: true}));
  const tries = [
    {},
    ...namesIn('profiles').map((profile) => ({profile})),
    ...[...namesIn('models'), ...namesIn('aliases')].map((model) => ({model})),
  ];
  for (const command of takers) {
    for (const one of tries) {
      try {
        const {unknown} = settingsOf({
          command,
          name: command.name(),
          sections: commands.map((other) => other.name()),
          files: trusted,
          env: {},
          home: () => homeFolder(io.env),
          given: new Set(),
          ...one,
        });
        for (const {at, key, name, nearest, isOfSection} of unknown) {
          if (!isOfSection && takers.some((other) => optionNamed(other, name))) continue;
          if (nearest !== undefined) problems.set(at, `${at}: '${key}' is not known; did you mean '${nearest}'?`);
          else if (!problems.has(at)) problems.set(at, `${at}: '${key}' is not known`);
        }
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        problems.set(error.message, error.message);
      }
    }
  }
  return [...problems.values()];
}
