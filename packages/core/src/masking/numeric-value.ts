/** A value of type `numeric` in decimal. */
export interface NumericValue {
  readonly negative: boolean
  /** Before the point, without leading zeros: empty for a value below 1. */
  readonly whole: string
  /** Behind the point, as many as the value's scale. */
  readonly fraction: string
}

export type SpecialNumeric = 'NaN' | 'Infinity' | '-Infinity'

/** Values with more decimal digits on either side of the point are not read: arithmetic on them would take long. */
const maxDigits = 1000
/** `NBASE` is 10000: four decimal digits in each of the binary form's. */
const groupDigits = 4
const headerBytes = 8

/** `NUMERIC_POS`, `NUMERIC_NEG`, `NUMERIC_NAN`, `NUMERIC_PINF`, `NUMERIC_NINF` of PostgreSQL's numeric.c. */
const negativeSign = 0x4000
const specialSigns: ReadonlyMap<number, SpecialNumeric> = new Map<number, SpecialNumeric>([
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
])

/** Reads the text form; null where it is not one. */
export function parseNumeric(text: string): NumericValue | SpecialNumeric | null {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return text
  const parts = text.length <= maxDigits ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) : null
  if (parts === null) return null
  const [, sign, whole = '', fraction = ''] = parts
  return { negative: sign === '-', whole: whole.replace(/^0+/, ''), fraction }
}

/** Reads the binary form (`numeric_send` in PostgreSQL's numeric.c); null where it is not one. */
export function readNumericBinary(source: Buffer, start: number, end: number): NumericValue | SpecialNumeric | null {
  if (end > source.length || end - start < headerBytes) return null
  const groups = source.readUInt16BE(start)
  const weight = source.readInt16BE(start + 2)
  const sign = source.readUInt16BE(start + 4)
  const scale = source.readUInt16BE(start + 6)
  if (end - start !== headerBytes + groups * 2) return null
  const special = specialSigns.get(sign)
  if (special !== undefined) return groups === 0 ? special : null
  if ((sign !== 0 && sign !== negativeSign) || scale > maxDigits || groups > maxDigits / groupDigits) return null
  if (Math.abs(weight) > maxDigits / groupDigits) return null

  let whole = ''
  let fraction = weight < -1 ? '0'.repeat((-1 - weight) * groupDigits) : ''
  for (let index = 0; index < Math.max(groups, weight + 1); index++) {
    const group = index < groups ? source.readUInt16BE(start + headerBytes + index * 2) : 0
    if (group > 9999) return null
    const digits = String(group).padStart(groupDigits, '0')
    if (index <= weight) whole += digits
    else fraction += digits
  }
  return {
    negative: sign === negativeSign,
    whole: whole.replace(/^0+/, ''),
    fraction: fraction.slice(0, scale).padEnd(scale, '0'),
  }
}

/** The text form. Zero has no sign. */
export function numericText(value: NumericValue | SpecialNumeric): string {
  if (typeof value === 'string') return value
  const digits = (value.whole === '' ? '0' : value.whole) + (value.fraction === '' ? '' : `.${value.fraction}`)
  return value.negative && /[1-9]/.test(digits) ? `-${digits}` : digits
}

/** The binary form. */
export function numericBinary(value: NumericValue | SpecialNumeric): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.alloc(headerBytes)
    for (const [sign, special] of specialSigns) if (special === value) bytes.writeUInt16BE(sign, 4)
    return bytes
  }
  const whole = value.whole.padStart(Math.ceil(value.whole.length / groupDigits) * groupDigits, '0')
  const fraction = value.fraction.padEnd(Math.ceil(value.fraction.length / groupDigits) * groupDigits, '0')
  const groups = (whole + fraction).match(/\d{4}/g)?.map(Number) ?? []
  let weight = whole.length / groupDigits - 1
  while (groups[0] === 0) {
    groups.shift()
    weight--
  }
  while (groups.at(-1) === 0) groups.pop()
  const bytes = Buffer.alloc(headerBytes + groups.length * 2)
  bytes.writeUInt16BE(groups.length)
  bytes.writeInt16BE(groups.length === 0 ? 0 : weight, 2)
  bytes.writeUInt16BE(value.negative && groups.length > 0 ? negativeSign : 0, 4)
  bytes.writeUInt16BE(value.fraction.length, 6)
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, headerBytes + index * 2)
  return bytes
}

/** Precision and scale of `numeric(p,s)`; null where the modifier is -1. The scale may be below zero (PostgreSQL 15). */
export function numericModifier(modifier: number): { readonly precision: number; readonly scale: number } | null {
  if (modifier < 4) return null
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024
  return { precision: ((modifier - 4) >> 16) & 0xffff, scale }
}
