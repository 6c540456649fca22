import { expect, test } from 'vitest'
import { namesOf } from '../fixtures/catalog-of.ts'
import { SAMPLE } from '../fixtures/sample-catalog.ts'
import { accessesText, decidesText, factsOf, outputText, writesText } from '../fixtures/sheet.ts'

const names = namesOf(SAMPLE)

test('a procedure is read in the place of its call', () => {
  const facts = factsOf('CALL p_read()', names)
  expect(facts).toMatchObject({ action: 'call', complete: true })
  expect(outputText(facts)).toBe('ssn: users.ssn')
  expect(accessesText(facts.beneath)).toBe('select app.users(ssn)')
  expect(accessesText(factsOf('CALL p_wipe()', names).beneath)).toBe('delete app.orders(*)')
})

test('of several result sets each column is among those of its position', () => {
  expect(outputText(factsOf('CALL p_two()', names))).toBe('id: orders.id+orders.note')
})

test('what an OUT parameter brings back is written where no mask stands', () => {
  const facts = factsOf('CALL p_out(1, @o)', names)
  expect(facts.output).toBe(null)
  expect(writesText(facts)).toBe('?<-users.ssn')
})

test('a procedure that runs text, or is not known, returns what cannot be told', () => {
  expect(factsOf('CALL p_text()', names).functions).toEqual([{ schema: 'app', name: 'p_text', trust: 'user' }])
  expect(outputText(factsOf('CALL p_text()', names))).toBe('*: !')
  expect(factsOf('CALL nosuch()', names).functions).toEqual([{ schema: 'app', name: 'nosuch', trust: 'unknown' }])
})

function routine(body: string): ReturnType<typeof namesOf> {
  return namesOf(`${SAMPLE}; ${body}`)
}

test('a variable can hold anything that is ever assigned to it, in a loop too', () => {
  const looped = routine(`CREATE FUNCTION f () RETURNS varchar(20) READS SQL DATA BEGIN
    DECLARE a, b varchar(20) DEFAULT '';
    WHILE a = '' DO SET a = b; SELECT ssn INTO b FROM users LIMIT 1; END WHILE;
    RETURN a; END`)
  expect(outputText(factsOf('SELECT f() x', looped))).toBe('x: users.ssn')
})

test('cursors, conditions and handlers are followed', () => {
  const cursor = routine(`CREATE FUNCTION f () RETURNS varchar(20) READS SQL DATA BEGIN
    DECLARE a varchar(20); DECLARE c CURSOR FOR SELECT ssn FROM users;
    DECLARE EXIT HANDLER FOR NOT FOUND RETURN 'none';
    OPEN c; FETCH c INTO a; CLOSE c; RETURN a; END`)
  expect(outputText(factsOf('SELECT f() x', cursor))).toBe('x: users.ssn')
  const decided = routine(`CREATE FUNCTION f () RETURNS int READS SQL DATA
    BEGIN IF (SELECT MAX(ssn) FROM users) > '5' THEN RETURN 1; END IF; RETURN 0; END`)
  expect(outputText(factsOf('SELECT f() x', decided))).toBe('x: ')
  expect(decidesText(factsOf('SELECT f() x', decided))).toBe('users.ssn')
})

test('a variable hides a column of its name', () => {
  const hidden = routine(
    `CREATE FUNCTION f (ssn int) RETURNS varchar(20) READS SQL DATA RETURN (SELECT ssn FROM users LIMIT 1)`,
  )
  expect(outputText(factsOf('SELECT f(7) x', hidden))).toBe('x: ')
})

test('names in a body are of its own schema, whatever the current one', () => {
  expect(outputText(factsOf('SELECT app.f_ssn(1) x', { ...names, schema: 'other' }))).toBe('x: users.ssn')
  const facts = factsOf('SELECT app.f_ssn(1) x', { ...names, schema: 'other' })
  expect(facts.output?.[0]?.sources[0]?.column.schema).toBe('app')
})

test('bodies that run themselves, run text, or set variables of the session are not followed', () => {
  const itself = routine('CREATE FUNCTION f (i int) RETURNS int RETURN f(i)')
  expect(factsOf('SELECT f(1)', itself).beneath.functions).toContainEqual({ schema: 'app', name: 'f', trust: 'user' })
  const session = routine('CREATE FUNCTION f (i int) RETURNS int BEGIN SET sql_mode = 1; RETURN 1; END')
  expect(factsOf('SELECT f(1)', session).functions).toContainEqual({ schema: 'app', name: 'f', trust: 'user' })
})

test('a definition says what its body will do', () => {
  const facts = factsOf('CREATE PROCEDURE p () DELETE FROM vault', names)
  expect(accessesText(facts.beneath)).toBe('delete app.vault(*)')
  const trigger = factsOf(
    'CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = (SELECT ssn FROM users LIMIT 1)',
    names,
  )
  expect(accessesText(trigger)).toBe('create_trigger app.t(*); create_trigger app.orders(*)')
  expect(accessesText(trigger.beneath)).toBe('select app.users(ssn)')
})

test('DROP TRIGGER names the table that the trigger is on', () => {
  const known = namesOf(`${SAMPLE};
    CREATE TRIGGER Noted BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = 1`)
  expect(accessesText(factsOf('DROP TRIGGER IF EXISTS noted', known))).toBe(
    'drop_trigger app.noted(*); drop_trigger app.orders(*)',
  )
  expect(accessesText(factsOf('DROP TRIGGER nowhere', known))).toBe('drop_trigger app.nowhere(*)')
})

test('a function of the name of syntax that this server does not have is a function', () => {
  for (const name of ['nvl', 'nextval', 'field']) {
    const own = routine(
      `CREATE FUNCTION ${name} (i int) RETURNS varchar(20) READS SQL DATA RETURN (SELECT ssn FROM users WHERE id = i)`,
    )
    expect(outputText(factsOf(`SELECT ${name}(1) x`, own))).toBe('x: users.ssn')
  }
  expect(factsOf('SELECT nvl(1, 2)', names).functions).toEqual([{ schema: null, name: 'nvl', trust: 'unknown' }])
})
