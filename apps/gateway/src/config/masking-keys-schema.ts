import * as z from 'zod'
import type { GatewayConfig, MaskingKeyConfig } from './gateway-config.ts'
import { nearestName, secret } from '@gatehouse/configuration'

/** The shortest masking key, in characters: 32 hexadecimal digits are 128 bits. */
const MIN_MASKING_KEY_LENGTH = 32

/** A masking key, wherever it stands. */
export const maskingKeySchema: z.ZodType<MaskingKeyConfig['key']> = secret.refine(
  (key) => key.expose().length >= MIN_MASKING_KEY_LENGTH,
  { error: `must be at least ${MIN_MASKING_KEY_LENGTH} characters long` },
)

/** One of several masking keys. */
export const namedMaskingKeySchema: z.ZodType<MaskingKeyConfig> = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
      error: 'may hold up to 63 letters, digits, dots, dashes and underscores',
    })
    .describe('What masks name the key by, such as `k2026`.'),
  key: maskingKeySchema.describe('The key, by reference: at least 32 characters.'),
})

/** The settings that say which keys there are. */
export type MaskingKeySettings = Pick<GatewayConfig, 'maskingKey' | 'maskingKeys' | 'currentMaskingKey'>

/** What is wrong with the settings taken together. */
interface Contradiction {
  readonly path: (string | number)[]
  readonly message: string
}

/** One key without an id, or several with ids of which one is current; never both, never neither. */
export function maskingKeyContradictions(settings: MaskingKeySettings): Contradiction[] {
  const { maskingKey, maskingKeys, currentMaskingKey } = settings
  if (maskingKeys.length === 0) {
    const found: Contradiction[] = []
    if (maskingKey === null) found.push({ path: ['maskingKey'], message: 'is missing' })
    if (currentMaskingKey !== null) {
      found.push({ path: ['currentMaskingKey'], message: 'names one of maskingKeys, of which there are none' })
    }
    return found
  }
  const found = maskingKeys.flatMap((entry, index) => repeated(entry, maskingKeys.slice(0, index), index))
  if (maskingKey !== null) {
    const message = 'is for a single key; with maskingKeys, give it an id and put it there'
    found.push({ path: ['maskingKey'], message })
  }
  const ids = maskingKeys.map(({ id }) => id)
  if (currentMaskingKey === null) {
    found.push({ path: ['currentMaskingKey'], message: `is missing: which of ${ids.join(', ')} new masks use` })
  } else if (!ids.includes(currentMaskingKey)) {
    const nearest = nearestName(currentMaskingKey, ids)
    const hint = nearest === null ? `there are ${ids.join(', ')}` : `did you mean ${nearest}?`
    found.push({ path: ['currentMaskingKey'], message: `there is no such masking key; ${hint}` })
  }
  return found
}

function repeated(entry: MaskingKeyConfig, earlier: readonly MaskingKeyConfig[], index: number): Contradiction[] {
  if (earlier.some(({ id }) => id === entry.id)) {
    return [{ path: ['maskingKeys', index, 'id'], message: 'is listed twice' }]
  }
  const same = earlier.find(({ key }) => key.expose() === entry.key.expose())
  if (same === undefined) return []
  return [{ path: ['maskingKeys', index, 'key'], message: `is the same key as that of ${same.id}` }]
}
