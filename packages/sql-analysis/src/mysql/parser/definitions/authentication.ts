/** How an account proves itself: what stands behind its name. MySQL manual, "CREATE USER Statement", auth_option; MariaDB documentation, "Authentication Options". */
import { readText } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'

/** `create`: there is no password yet that could be named or kept. */
type Verb = 'create' | 'change'

/** Reads IDENTIFIED … and the changes of factors; nothing where none stands. Secrets are not kept. */
export function readAuthentication(c: TokenCursor, verb: Verb = 'change'): void {
  if (c.isMariadb) {
    if (c.accept('identified')) readIdentifiedOfMariadb(c)
    return
  }
  if (c.accept('identified')) {
    readIdentified(c, verb)
    for (let factor = 2; factor <= 3 && c.accept('and'); factor++) {
      c.expect('identified')
      readIdentified(c, verb)
    }
    return
  }
  if (c.acceptPair('discard', 'old')) {
    c.expect('password')
    return
  }
  if (c.is('add') || c.is('modify') || c.is('drop')) {
    readFactorChanges(c)
    return
  }
  if (c.spellingAhead(1) === 'factor') readRegistration(c)
}

/** `BY …`, `WITH plugin …`, and what may follow. */
function readIdentified(c: TokenCursor, verb: Verb): void {
  if (c.accept('with')) {
    c.nameOrString()
    if (c.accept('as')) {
      readText(c)
      if (verb === 'change') readRetain(c)
      return
    }
    if (c.acceptPair('initial', 'authentication')) {
      c.expect('identified')
      if (c.accept('with')) {
        c.nameOrString()
        c.expect('as')
        readText(c)
      } else readBy(c, verb)
      return
    }
    if (!c.is('by')) return
  }
  readBy(c, verb)
}

function readBy(c: TokenCursor, verb: Verb): void {
  c.expect('by')
  if (!c.acceptPair('random', 'password')) readText(c)
  if (verb === 'change' && c.accept('replace')) readText(c)
  if (verb === 'change') readRetain(c)
}

function readRetain(c: TokenCursor): void {
  if (!c.acceptPair('retain', 'current')) return
  c.expect('password')
}

/** `ADD n FACTOR IDENTIFIED …`, `MODIFY …`, `DROP n FACTOR`, once or twice. */
function readFactorChanges(c: TokenCursor): void {
  const verb = c.spelling
  for (let change = 0; change < 2; change++) {
    if (change > 0 && c.spelling !== verb) return
    c.advance()
    c.integer()
    c.expect('factor')
    if (verb === 'drop') continue
    c.expect('identified')
    readIdentified(c, 'change')
  }
}

/** `n FACTOR INITIATE REGISTRATION`, `… FINISH REGISTRATION SET CHALLENGE_RESPONSE AS '…'`, `… UNREGISTER`. */
function readRegistration(c: TokenCursor): void {
  c.integer()
  c.expect('factor')
  if (c.accept('unregister')) return
  if (c.acceptPair('initiate', 'registration')) return
  c.expect('finish')
  c.expect('registration')
  c.expect('set')
  c.expect('challenge_response')
  c.expect('as')
  readText(c)
}

function readIdentifiedOfMariadb(c: TokenCursor): void {
  if (c.accept('by')) {
    c.accept('password')
    c.string()
    return
  }
  if (!c.accept('via')) c.expect('with')
  do {
    c.nameOrString()
    if (!c.accept('using') && !c.accept('as')) continue
    if (c.accept('password')) {
      c.expect('(')
      c.string()
      c.expect(')')
    } else c.string()
  } while (c.accept('or'))
}
