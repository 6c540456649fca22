import { createHmac } from 'node:crypto'
import { MaskingKeys, Secret } from '@gatehouse/core'
import type { MaskingKeySettings } from './config/index.ts'

/** The keys of keyed masks as the configuration has them. */
export function maskingKeysOf({ maskingKey, maskingKeys, currentMaskingKey }: MaskingKeySettings): MaskingKeys {
  if (maskingKey !== null) return MaskingKeys.single(maskingKey)
  return new MaskingKeys(new Map(maskingKeys.map(({ id, key }) => [id, key])), currentMaskingKey ?? '')
}

/** The ids a mask may name; none where there is a single key. */
export function maskingKeyIds({ maskingKeys }: MaskingKeySettings): readonly string[] {
  return maskingKeys.map(({ id }) => id)
}

/**
 * What the verifiers of session credentials that there are not are made from: of the one secret that is the same on every
 * replica, by a label that no mask has.
 */
export function unknownNamesSeed({ maskingKey, maskingKeys, currentMaskingKey }: MaskingKeySettings): Secret<Buffer> {
  const key = maskingKey ?? maskingKeys.find(({ id }) => id === currentMaskingKey)?.key
  if (key === undefined) throw new Error('there is no current masking key')
  return new Secret(createHmac('sha256', key.expose()).update('gatehouse unknown session credentials').digest())
}
