// Where the characters of other scripts stand on the keyboard, by the characters of a US one.

/**
 * Each key with the characters that 15 layouts have on it, from the layouts of xkeyboard-config: Russian, Ukrainian, Belarusian,
 * Greek, Hebrew, Arabic, Persian, Georgian, Armenian, Thai (Kedmanee), Hindi (Inscript), Serbian, Macedonian, Kazakh and
 * Mongolian. Where they differ, the first of them counts.
 */
const CHARACTERS_ON_KEY: Readonly<Record<string, string>> = {
  q: 'йљճض\u094cๆქ',
  w: 'ςцњփص\u0948ไწ',
  e: 'εуբקث\u093eำე',
  r: 'ρкսרق\u0940พრ',
  t: 'τеմאف\u0942ะტ',
  y: 'υнѕոטغब\u0e31ყ',
  u: 'θгւוعह\u0e35უ',
  i: 'ιшկןهगรი',
  o: 'οщўըםخदนო',
  p: 'πзթפحजยპ',
  '[': 'хծجडบ',
  ']': 'ъђѓїցدچ\u093cล',
  '\\': '»ґ\u0949ฃ',
  a: 'αфջשش\u094bฟა',
  s: 'σыіվדس\u0947หს',
  d: 'δвգגيی\u094dกდ',
  f: 'φаեכب\u093fดფ',
  g: 'γпաעل\u0941เგ',
  h: 'ηрնיاप\u0e49ჰ',
  j: 'ξојիחتर\u0e48ჯ',
  k: 'κлտלنकาკ',
  l: 'λдհךمतสლ',
  ';': 'жպףكکचว',
  "'": 'эєћќրطگटง',
  z: 'ζяժזئ\u0946ผზ',
  x: 'χчџդסء\u0902ปხ',
  c: 'ψсչבؤमแც',
  v: 'ωмյהرनอვ',
  b: 'βиզנव\u0e34ბﻻ',
  n: 'νтլמىल\u0e37ნ',
  m: 'μьքצةپसทმ',
  ',': 'бխתوม',
  '.': 'юշץزใ',
  '/': 'ռظयฝ№',
};

const KEY_OF = new Map(
  Object.entries(CHARACTERS_ON_KEY).flatMap(([key, characters]) => [...characters].map((each) => [each, key] as const)),
);

/** The US key on which a character of another script stands; undefined for one that none of the layouts has. */
export function keyOfCharacter(character: string): string | undefined {
  return KEY_OF.get(character.toLowerCase());
}
