import { expect, test } from 'vitest'
import { speaksOfCredentials, unreadStart } from './redaction.ts'

test.each([
  ['select * frm customers', 'select * frm customers'],
  ['select * frm customers where ssn = 123', 'select * frm customers where [redacted]'],
  ["selct 'a' from b", 'selct [redacted]'],
  ['alter role x password hunter', 'alter role x password [redacted]'],
  ["alter role x1 'hunter", 'alter role [redacted]'],
  ['insert into t values (Smith', 'insert into t values [redacted]'],
  ['select "Smith', 'select [redacted]'],
  ['select größe', 'select [redacted]'],
  ['[FunctionCall]', '[FunctionCall]'],
  ['', ''],
])('of the unreadable %s only %s is kept', (text, kept) => expect(unreadStart(text)).toBe(kept))

test.each([
  "do $$ begin execute 'ALTER ROLE x PASSWORD ''y'''; end $$",
  "prepare s from 'create user a identified by ''b'''",
  "create subscription s connection 'host=x' publication p",
  "change replication source to source_password = 'x'",
])('%s speaks of credentials', (text) => expect(speaksOfCredentials(text)).toBe(true))
