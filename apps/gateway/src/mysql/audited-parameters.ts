import type { AuditedParameter } from '@gatehouse/core'
import type { ParameterList } from '@gatehouse/mysql-wire'

/** The values of an execution, or the attributes of a query, as the trail has them; null where there are none. */
export function auditedParameters(list: ParameterList): readonly AuditedParameter[] | null {
  if (list.count === 0) return null
  const audited: AuditedParameter[] = []
  for (let index = 0; index < list.count; index++) {
    const name = list.name(index)
    const value = list.value(index)
    const plain = value === undefined ? '[sent by COM_STMT_SEND_LONG_DATA]' : audit(value)
    audited.push(name === '' || typeof plain !== 'string' ? plain : `${name}=${plain}`)
  }
  return audited
}

function audit(value: bigint | number | string | Buffer | null): AuditedParameter {
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}
