import { parseSync } from 'libpg-query'
import { describe, expect, it } from 'vitest'
import type { StatementFacts } from '@gatehouse/core'
import { Catalog, type RelationDescription } from '../../catalog.ts'
import { readFacts } from '../../read-facts.ts'
import { SAMPLE_PARTS, relation } from '../fixtures/sample-catalog.ts'

const view: Partial<RelationDescription> = {
  kind: 'view',
  viewDefinition: 'SELECT people.id, people.ssn FROM public.people',
}

/** What is read in a statement on the view `v (id, ssn)` over `people` that has these rules. */
function read(sql: string, ...rules: readonly string[]): StatementFacts {
  const relations = [...SAMPLE_PARTS.relations, relation('public', 'v', 'id ssn', { ...view, rules })]
  const catalog = new Catalog({ ...SAMPLE_PARTS, relations })
  const [facts] = readFacts(parseSync(sql), { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync })
  if (facts === undefined) throw new Error('no statement')
  return facts
}

function touched(facts: StatementFacts): string[] {
  return facts.accesses.map(({ action, relation: one }) => `${action} ${one?.name ?? ''}`).toSorted()
}

const INSERT =
  'CREATE RULE r AS ON INSERT TO public.v DO INSTEAD INSERT INTO public.notes (id, body) VALUES (new.id, new.ssn)'

describe('a rewrite rule', () => {
  it('does what its statements do, with the values that were to be written', () => {
    const facts = read('insert into v select id, ssn from people', INSERT)
    expect(facts.complete).toBe(true)
    expect(touched(facts)).toEqual(['insert notes', 'insert v', 'select people'])
    const body = facts.writes.filter((write) => write.target?.relation === 'notes' && write.target.column === 'body')
    expect(body[0]?.sources.some(({ column }) => column.column === 'ssn')).toBe(true)
  })

  it('acts on its own event alone', () => {
    expect(touched(read('delete from v where id = 1', INSERT))).toEqual(['delete v', 'select v'])
    const gone =
      'CREATE RULE r AS ON DELETE TO public.v DO ALSO UPDATE public.notes SET body = old.ssn WHERE notes.id = old.id'
    const facts = read('delete from v where id = 1', gone)
    expect(touched(facts)).toEqual(['delete v', 'select notes', 'select v', 'update notes'])
    expect(facts.unboundedWrite).toBe(false)
    expect(facts.writes[0]).toMatchObject({ target: { relation: 'notes' }, sources: [{ column: { column: 'ssn' } }] })
  })

  it('acts on what is changed through a view that is updated by itself', () => {
    const gone = 'CREATE RULE r AS ON DELETE TO public.v DO INSTEAD UPDATE public.notes SET body = old.ssn'
    const above = { kind: 'view', viewDefinition: 'SELECT v.id AS i FROM public.v' } as const
    const relations = [
      ...SAMPLE_PARTS.relations,
      relation('public', 'v', 'id ssn', { ...view, rules: [gone] }),
      relation('public', 'w', 'i', above),
    ]
    const catalog = new Catalog({ ...SAMPLE_PARTS, relations })
    const environment = { catalog, searchPath: ['pg_catalog', 'public'], parse: parseSync }
    const [facts] = readFacts(parseSync('delete from w where i = 1'), environment)
    expect(facts && touched(facts)).toEqual(['delete w', 'select w', 'update notes'])
    expect(facts?.complete).toBe(true)
  })

  it('that would answer with a SELECT of its own makes the statement incomplete', () => {
    const rule = 'CREATE RULE r AS ON UPDATE TO public.v DO ALSO SELECT people.ssn FROM public.people'
    expect(read('update v set id = 2 where id = 1', rule)).toMatchObject({ complete: false })
  })

  it('may answer with rows of its own, and look at what its author chose', () => {
    const rule = `CREATE RULE r AS ON UPDATE TO public.v WHERE old.id > 0 DO INSTEAD
      UPDATE public.notes SET body = 'x' WHERE notes.id = new.id RETURNING notes.id, notes.body`
    const facts = read('update v set id = 2 where id = 1 returning ssn', rule)
    const sources = facts.output?.[0]?.sources.map(({ column }) => `${column.relation}.${column.column}`)
    expect(sources?.toSorted()).toEqual(['notes.body', 'people.ssn'])
  })

  it('that does nothing adds nothing; one that is not understood makes the statement incomplete', () => {
    expect(
      touched(read('insert into v values (1)', 'CREATE RULE r AS ON INSERT TO public.v DO INSTEAD NOTHING')),
    ).toEqual(['insert v'])
    expect(read('insert into v values (1)', 'SELECT 1')).toMatchObject({
      complete: false,
      reason: expect.stringMatching(/rule/),
    })
    const tells = 'CREATE RULE r AS ON INSERT TO public.v DO ALSO SELECT ssn FROM public.people'
    expect(read('insert into v values (1)', tells)).toMatchObject({
      complete: false,
      reason: 'a rule of the table returns rows of its own',
    })
    const loop = 'CREATE RULE r AS ON INSERT TO public.v DO ALSO INSERT INTO public.v VALUES (new.id)'
    expect(read('insert into v values (1)', loop)).toMatchObject({
      complete: false,
      reason: 'rules are nested too deep',
    })
  })
})
