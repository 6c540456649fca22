import { ParameterList, PayloadReader } from '@gatehouse/mysql-wire'
import { expect, test } from 'vitest'
import { auditedParameters } from './audited-parameters.ts'

/** As the one VAR_STRING of an execution. */
function audited(hex: string): ReturnType<typeof auditedParameters> {
  const value = Buffer.from(hex, 'hex')
  const payload = Buffer.concat([Buffer.from([0, 1, 253, 0, value.length]), value])
  const list = new ParameterList()
  list.read(new PayloadReader(payload), payload, 1, false, undefined)
  return auditedParameters(list)
}

test('a text is told as a text, U+FFFD too; what is not UTF-8 as its bytes, so that no two look the same', () => {
  expect(audited('c3a4')).toEqual(['ä'])
  expect(audited('efbfbd')).toEqual(['\uFFFD'])
  expect(audited('61ff')).toEqual([Buffer.from('61ff', 'hex')])
  expect(audited('61fe')).toEqual([Buffer.from('61fe', 'hex')])
})
