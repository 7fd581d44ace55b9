// Methods: what a path takes, told by 405 and OPTIONS, and bodies in an encoding this server does not read.
import {type ErrorStyle, HttpError} from '../http-error.ts';
import type {App} from '../route.ts';

/** A path as the router writes it, `/v1/models/:id`, as an expression for those it means. */
function pattern(path: string): RegExp {
  const parts = path.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

interface KnownPath {
  readonly test: RegExp;
  readonly methods: Set<string>;
  readonly style: ErrorStyle | undefined;
}

/**
 * Before a body is read: OPTIONS is answered with the methods of a path, another method than those is a 405 that lists them,
 * and a compressed body a 415. Must come before the routes are added, and behind what refuses strangers.
 */
export function useMethods(app: App): void {
  const paths = new Map<string, KnownPath>();
  app.addHook('onRoute', ({method, path, config}) => {
    const known = paths.get(path) ?? {test: pattern(path), methods: new Set(['OPTIONS']), style: config?.errors};
    for (const one of [method].flat()) known.methods.add(one);
    if (path !== '*') paths.set(path, known);
  });
  app.addHook('onRequest', async ({method, url, is404, headers}, reply) => {
    if (is404) {
      const [path = ''] = url.split('?');
      const known = [...paths.values()].filter(({test}) => test.test(path));
      if (known.length === 0) return;
      const allow = [...new Set(known.flatMap(({methods}) => [...methods]))].sort().join(', ');
      if (method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
      throw new HttpError(405, `${path} takes ${allow}, not ${method}`, {
        code: 'method_not_allowed',
        headers: {allow},
        style: known[0]?.style,
      });
    }
    const encoding = headers['content-encoding'];
    if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
    throw new HttpError(415, `a body encoded as '${encoding.slice(0, 40)}' is not read; send it as it is`, {
      code: 'unsupported_encoding',
      headers: {'accept-encoding': 'identity'},
    });
  });
}
