// Sizes and counts as people read them. Bytes are decimal, as disks and download pages count them.

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `36.7 MB`: three significant digits at most after the unit is chosen, decimal units. */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, BYTE_UNITS, ' ');
}

/** `7.25B`: a number of parameters. */
export function formatCount(count: number): string {
  return withUnit(count, ['', 'k', 'M', 'B', 'T'], '');
}

function withUnit(value: number, units: readonly string[], gap: string): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = unit === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)}${gap}${units[unit]}`;
}

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  ki: 2 ** 10,
  m: 1e6,
  mi: 2 ** 20,
  g: 1e9,
  gi: 2 ** 30,
  t: 1e12,
  ti: 2 ** 40,
};

/** `16GB`, `1.5 GiB`, `500M` or a plain number, in bytes; undefined for any other text. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?(|[kmgt]i?)b?$/i.exec(text) ?? [];
  return number === undefined ? undefined : Math.round(Number(number) * (BYTES[unit.toLowerCase()] as number));
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `1 token`, `2 tokens`: a number of things, for a noun that takes an s. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
