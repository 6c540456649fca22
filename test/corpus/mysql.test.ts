import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { needlesOf } from './canaries.ts'
import { absence, sqlCases, type SqlCase } from './cases.ts'
import { type CaseNotes, faultsOf, type Outcome, report, sorted } from './judge-case.ts'
import { impossibleCases, Place } from './mysql-place.ts'
import { send } from './mysql-run.ts'
import { MYSQL_CANARIES } from './reference-policy.ts'

const cases = sqlCases('mysql.jsonl')
const needles = needlesOf(MYSQL_CANARIES)

const UNION = 'UNION shows whether a masked value equals another, as grouping does: denied (UNION ALL is masked)'

const NOTES: CaseNotes = {
  answered: new Map(),
  refused: new Map([
    ['MY-016', UNION],
    ['MY-017', UNION],
  ]),
}

/** Who only reads may not delete. */
const READER_NOTES: CaseNotes = { ...NOTES, refused: new Map([...NOTES.refused, ['MY-109', 'a DELETE']]) }

const FORMS = ['text', 'prepared'] as const

describe.each(VERSIONS)('The corpus of SQL in front of $version', ({ version, shared }) => {
  describe.each([
    { role: 'reader', others: READER_NOTES },
    { role: 'writer', others: NOTES },
  ] as const)('for a $role', ({ role, others }) => {
    let place: Place | null = null
    let notes: CaseNotes = others
    const outcomes = new Map<SqlCase, Outcome[]>()
    const why = absence ?? ('absent' in shared ? shared.absent : null)
    const open = async (): Promise<Place> => {
      await place?.close()
      place = null
      return (place = await Place.open(shared, role))
    }
    beforeAll(async () => {
      if (why === null) notes = { ...others, impossible: await impossibleCases(await open(), cases) }
    })
    afterAll(async () => {
      if (outcomes.size > 0) report(`${version}, a ${role}`, outcomes, needles, notes)
      await place?.close()
    })

    test.skipIf(why !== null).each(FORMS)(
      'no value leaks, nothing forbidden runs, and every refusal leaves the connection usable (%s)',
      { timeout: 240_000 },
      async (form) => {
        const failures: string[] = []
        let here = place ?? (await open())
        for (const one of cases) {
          const outcome = await here.run(one, form)
          outcomes.set(one, [...(outcomes.get(one) ?? []), outcome])
          failures.push(...faultsOf(one, outcome, needles, notes, role === 'reader'))
          if (outcome.redefined) here = await open()
        }
        expect(failures).toEqual([])
      },
    )

    test('what is allowed gives the rows that the server gives', async (context) => {
      if (why !== null || place === null) context.skip(why ?? 'the place could not be opened')
      if (place === null) return
      const { local, scene } = place
      const direct = await scene.direct()
      const different: string[] = []
      for (const one of cases.filter(({ expect: wanted }) => wanted === 'ALLOW')) {
        for (const [at, form] of FORMS.entries()) {
          const { rows, errors } = await send(direct, local(one.sql), form)
          const through = outcomes.get(one)?.[at]
          if (through === undefined) continue
          if (sorted(through.rows) !== sorted(JSON.stringify(rows)) || through.errors.join() !== errors.join())
            different.push(`${one.id} ${form}`)
        }
      }
      direct.end()
      expect(different).toEqual([])
    })
  })
})
