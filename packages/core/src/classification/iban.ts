import {
  BLANK,
  DASH,
  digitAt,
  DOT,
  isAlphanumeric,
  isAsciiDigit,
  isLetter,
  isUpperOrDigit,
  separatorAt,
  UNSEEN,
  wordEndsAt,
} from './characters.ts'

/** Characters of an IBAN by country: the SWIFT IBAN registry (ISO 13616), release 99, and the countries that use one unregistered. */
const lengths: Readonly<Record<string, number>> = {
  AD: 24, AE: 23, AL: 28, AO: 25, AT: 20, AZ: 28, BA: 20, BE: 16, BF: 28, BG: 22, BH: 22, BI: 27, BJ: 28, BR: 29, BY: 28,
  CF: 27, CG: 27, CH: 21, CI: 28, CM: 27, CR: 22, CV: 25, CY: 28, CZ: 24, DE: 22, DJ: 27, DK: 18, DO: 28, DZ: 26, EE: 20,
  EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GA: 27, GB: 22, GE: 22, GI: 23, GL: 18, GQ: 27, GR: 27, GT: 28, GW: 25,
  HN: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IR: 26, IS: 26, IT: 27, JO: 30, KM: 27, KW: 30, KZ: 20, LB: 28, LC: 32,
  LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MA: 28, MC: 27, MD: 24, ME: 22, MG: 27, MK: 19, ML: 28, MN: 20, MR: 27, MT: 31,
  MU: 30, MZ: 25, NE: 28, NI: 28, NL: 18, NO: 15, OM: 23, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, RU: 33,
  SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27, SN: 28, SO: 23, ST: 25, SV: 28, TD: 27, TG: 28, TL: 23, TN: 24,
  TR: 26, UA: 29, VA: 22, VG: 24, XK: 20, YE: 30,
} // prettier-ignore

/** The same by the two letters: (first - A) * 26 + (second - A). */
const lengthByCountry = new Uint8Array(26 * 26)
for (const [country, length] of Object.entries(lengths)) {
  lengthByCountry[(country.charCodeAt(0) - 0x41) * 26 + country.charCodeAt(1) - 0x41] = length
}

/** Fewer digits than this in the whole are a word, not an account. */
const fewestDigits = 8

/**
 * Where the IBAN ends whose check digits begin at `at`; -1 where there is none. Country, length and remainder (ISO 7064
 * MOD 97-10) must fit; capitals and small letters do not mix. Blanks, dashes and dots may part it.
 */
export function ibanEnd(source: Buffer, at: number, start: number, end: number): number {
  const countryAt = at - 2
  if (countryAt < start || wordEndsAt(source, countryAt, start)) return -1
  const first = source[countryAt] ?? 0
  const second = source[countryAt + 1] ?? 0
  if (!isLetter(first) || !isLetter(second) || isUpperOrDigit(first) !== isUpperOrDigit(second)) return -1
  const upper = isUpperOrDigit(first)
  const length = lengthByCountry[((first & 0x1f) - 1) * 26 + (second & 0x1f) - 1] ?? 0
  if (length === 0) return -1
  let taken = 2
  let digits = 0
  let remainder = 0
  let check = 0
  while (taken < length) {
    const byte = at < end ? (source[at] ?? 0) : 0
    const decimal = isAsciiDigit(byte) ? ((byte - 0x30) << 3) | 1 : byte >= 0xd9 ? digitAt(source, at, end) : -1
    if (decimal !== -1) {
      if (taken < 4) check = check * 10 + (decimal >> 3)
      else remainder = (remainder * 10 + (decimal >> 3)) % 97
      digits++
      taken++
      at += decimal & 7
    } else if (taken >= 4 && isLetter(byte) && isUpperOrDigit(byte) === upper) {
      remainder = (remainder * 100 + (byte & 0x1f) + 9) % 97
      taken++
      at++
    } else {
      const separator = separatorAt(source, at, end)
      const kind = separator >> 3
      if (separator === -1 || (kind !== BLANK && kind !== DASH && kind !== DOT && kind !== UNSEEN)) return -1
      at += separator & 7
      // One separator at a time.
      if (kind !== UNSEEN && at < end && !isAlphanumeric(source[at] ?? 0) && digitAt(source, at, end) === -1) return -1
    }
  }
  if (digits < fewestDigits || (at < end && isAlphanumeric(source[at] ?? 0))) return -1
  remainder = (remainder * 100 + (first & 0x1f) + 9) % 97
  remainder = (remainder * 100 + (second & 0x1f) + 9) % 97
  return (remainder * 100 + check) % 97 === 1 ? at : -1
}
