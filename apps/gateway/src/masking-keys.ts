import { MaskingKeys } from '@gatehouse/core'
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
