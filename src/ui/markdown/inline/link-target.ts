// Where a link leads: which targets a terminal is given, and when the reader has to see them.
import {percentEncoded} from '../style.ts';

/** Other schemes may start programs or read files: such a target is text. */
const SCHEME = /^(?:https?:\/\/|mailto:)/i;
/** VTE ignores a longer one. */
const LONGEST = 2083;

/** What becomes of a link: `uri` for the terminal (absent: none), `shown` behind the label where it could mislead. */
export interface LinkTarget {
  readonly uri?: string;
  /** The target as text, its host in ASCII. */
  readonly shown: string;
  /** The label does not say where the link leads, or says that it leads elsewhere. */
  readonly misleads: boolean;
}

/**
 * Judges a target as a model wrote it. A link has http, https or mailto as its scheme and at most 2,083 bytes. It misleads
 * when its label names another host, and when it has a user part, a backslash or a host that is not ASCII, which look like
 * another host.
 */
export function linkTarget(label: string, target: string): LinkTarget {
  const uri = percentEncoded(target);
  const url = SCHEME.test(target) ? parsed(target) : undefined;
  if (url === undefined || uri.length > LONGEST) return {shown: target, misleads: true};
  const host = hostOf(url);
  const {before, name, after} = partsOf(target);
  const foreign = /[^!-~]/.test(name);
  const shown = foreign ? `${before}${host}${after}` : target;
  const misleads =
    foreign || before.includes('@') || target.includes('\\') || (label !== target && namesAnotherHost(label, host));
  return {uri, shown, misleads};
}

function parsed(target: string): URL | undefined {
  try {
    return new URL(target);
  } catch {
    return undefined;
  }
}

/** Host in ASCII without `www.`; of an address for mail the part behind the `@`. */
function hostOf(url: URL): string {
  const host = url.protocol === 'mailto:' ? asciiHost(url.pathname.split('@').at(-1) ?? '') : url.hostname;
  return withoutWww(host.toLowerCase());
}

function withoutWww(host: string): string {
  return host.replace(/^www\./, '').replace(/\.$/, '');
}

function partsOf(target: string): {before: string; name: string; after: string} {
  const mail = /^(mailto:)([^?]*)(.*)$/is.exec(target);
  if (mail !== null) {
    const [, scheme = '', addresses = '', after = ''] = mail;
    const at = addresses.lastIndexOf('@');
    // The user of an address for mail is no disguise.
    return {before: scheme, name: addresses.slice(at + 1), after: at < 0 ? after : `${addresses.slice(0, at)}${after}`};
  }
  const [, before = '', name = '', after = ''] = /^(\w+:\/\/(?:[^/?#]*@)?)([^/?#:]*)(.*)$/s.exec(target) ?? [];
  return {before, name, after};
}

/** Something in a text that a reader takes for an address: a scheme with its host, or a dotted name. */
const ADDRESS =
  /(?:[a-z][a-z0-9+.-]*:\/\/(?:[^\s/?#@]*@)?)?((?:[\p{L}\p{N}_-]+\.)+[\p{L}\p{N}-]*\p{L}[\p{L}\p{N}-]*)/giu;

function namesAnotherHost(label: string, host: string): boolean {
  // Marks of no width, wide letters and ideographic dots would hide a name from the pattern and not from the reader.
  const plain = label
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll('。', '.');
  const names = [...plain.matchAll(ADDRESS)].map(([, name = '']) => withoutWww(asciiHost(name).toLowerCase()));
  return names.length === 0 ? plain.includes('://') : names.some((name) => name !== host);
}

function asciiHost(name: string): string {
  return parsed(`http://${name}`)?.hostname ?? name;
}
