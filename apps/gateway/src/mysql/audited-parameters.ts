import type { AuditedParameter } from '@gatehouse/core'
import type { ParameterList } from '@gatehouse/mysql-wire'

/** The values of an execution, or the attributes of a query, as the trail has them; null where there are none. */
export function auditedParameters(list: ParameterList): readonly AuditedParameter[] | null {
  if (list.count === 0) return null
  const audited: AuditedParameter[] = []
  for (let index = 0; index < list.count; index++) {
    const name = list.name(index)
    const value = list.value(index)
    const plain = value === undefined ? '[sent by COM_STMT_SEND_LONG_DATA]' : audit(value, list.bytes(index))
    audited.push(name === '' || typeof plain !== 'string' ? plain : `${name}=${plain}`)
  }
  return audited
}

/** Texts that are not UTF-8 are kept as bytes: two that differ must not look the same to whoever approves one. */
function audit(value: bigint | number | string | Buffer | null, bytes: Buffer): AuditedParameter {
  if (typeof value === 'string' && value.includes('\uFFFD') && !Buffer.from(value).equals(bytes))
    return Buffer.from(bytes)
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}
