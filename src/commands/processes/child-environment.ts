// What programs started for a person or a model see of this program's environment: everything but its secrets.
import {EngineError} from '../../base/errors.ts';

/**
 * Names of variables that hold a secret, in upper case: one table for tools and the editor. A tool's output goes to the
 * model, and with --url to its server. `AWS_*` is taken but for a few names that are known to hold none.
 */
const SECRET_NAMES: readonly RegExp[] = [
  /(^|_)TOKEN$/,
  /AUTH_?TOKEN/,
  /(^|_)(API_?)?KEY$/,
  /(API|ACCESS|PRIVATE|ENCRYPTION|SIGNING)_?KEY/,
  /SECRET/,
  /PASSW(OR)?D/,
  /PASSPHRASE/,
  /(^|_)(PASS|PAT|JWT|AUTH|DSN)$/,
  /CREDENTIAL/,
  /CONNECTION_?STRING/,
  /WEBHOOK/,
  /^AWS_(?!CA_BUNDLE$|(DEFAULT_)?(REGION|OUTPUT)$|PAGER$)/,
  /^PGPASSFILE$/,
  /^MYSQL_PWD$/,
  /^(DATABASE|POSTGRES(QL)?|PG|MYSQL|MONGO(DB)?|REDIS|AMQP|RABBITMQ|SENTRY)_(URL|URI)$/,
];

/** True for the name of a variable that programs started from here do not see. */
export function isSecretName(name: string): boolean {
  return SECRET_NAMES.some((secret) => secret.test(name.toUpperCase()));
}

/** The environment without its secrets; the names in `allowed` are passed on whatever they are called. */
export function childEnvironment(env: NodeJS.ProcessEnv, allowed: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => allowed.includes(name) || !isSecretName(name)));
}

/** The names that `childEnvironment` leaves out, in order; those without a value are not worth a word. */
export function withheldNames(env: NodeJS.ProcessEnv, allowed: readonly string[] = []): string[] {
  const names = Object.keys(env).filter((name) => env[name] && isSecretName(name) && !allowed.includes(name));
  return names.sort();
}

/**
 * The names given with --env.
 * @throws EngineError `usage` for what is not a name, and for a variable that is not set.
 */
export function allowedNames(names: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  for (const name of names) {
    if (name.includes('=') || name === '') {
      // The value may be a secret: it is not repeated.
      throw new EngineError('usage', `--env takes the name of a variable, not '${name.replace(/=.*/s, '=…')}'`, {
        hint: 'Set the variable in the environment, and give its name alone.',
      });
    }
    if (env[name] === undefined) {
      throw new EngineError('usage', `--env ${name}: there is no such variable in the environment`, {
        hint: `Set it first: export ${name}=…`,
      });
    }
  }
  return names;
}
