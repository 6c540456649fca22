/**
 * What may not stand in a record as it is: what JSON forbids, and what a terminal or a viewer would act on or hide
 * (C1 controls, zero-width and bidirectional characters, line separators). Surrogates are here for the lone ones.
 */
const MUST_ESCAPE =
  /["\\\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

/** The part of `MUST_ESCAPE` that `JSON.stringify` leaves alone. */
const INVISIBLE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

const escapeInvisible = (character: string): string => {
  let escaped = ''
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  }
  return escaped
}

/**
 * A text as a JSON string, quotes included, safe to print: control, invisible and bidirectional characters are written
 * as `\uXXXX`, so a record is always one line and shows what it holds. Reading it back gives the same text.
 */
export function jsonText(text: string): string {
  return MUST_ESCAPE.test(text) ? JSON.stringify(text).replace(INVISIBLE, escapeInvisible) : `"${text}"`
}

/** Texts as a JSON array of strings; `[]` when there are none. */
export function jsonTexts(texts: Iterable<string>): string {
  let list = ''
  for (const text of texts) list += list === '' ? jsonText(text) : `,${jsonText(text)}`
  return `[${list}]`
}
