/** Commands to the server itself. MySQL manual, "Other Administrative Statements", "CLONE Statement", "Component, Plugin, and Loadable Function Statements". */
import { TokenKind } from '../../lexer/tokens.ts'
import { unqualified } from '../definitions/account.ts'
import type { Command } from '../../statement-tree.ts'
import { acceptIfExists, acceptIfNotExists, qualifiedName } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { draftCommand, type CommandDraft } from './command-draft.ts'

/** Reads KILL; the cursor stands behind it. */
export function readKill(c: TokenCursor): Command {
  const draft = draftCommand('kill')
  if (c.isMariadb) {
    if (c.acceptAny(['hard', 'soft']) !== null) draft.words.push('hard')
  }
  const what = c.acceptAny(['connection', 'query'])
  draft.words.push(what ?? 'connection')
  if (c.isMariadb) {
    if (what === 'query' && c.accept('id')) draft.words.push('id')
    if (c.accept('user')) {
      draft.words.push('user')
      draft.objects.push(unqualified('user', readKilledUser(c)))
      return draft
    }
  }
  draft.expressions.push(c.grammar.expression(c))
  return draft
}

function readKilledUser(c: TokenCursor): string {
  const name = c.nameOrString()
  return c.kind === TokenKind.userVariable ? `${name}@${c.userVariableName()}` : name
}

/** Reads USE; the cursor stands behind it. */
export function readUse(c: TokenCursor): Command {
  const draft = draftCommand('use')
  draft.objects.push(unqualified('schema', c.name()))
  return draft
}

/** Reads HELP; the cursor stands behind it. */
export function readHelp(c: TokenCursor): Command {
  c.nameOrString()
  return draftCommand('help')
}

/** Reads INSTALL; the cursor stands behind it. */
export function readInstall(c: TokenCursor): Command {
  if (c.accept('plugin')) {
    const draft = draftCommand('install_plugin')
    if (c.isMariadb) acceptIfNotExists(c)
    draft.objects.push(unqualified('plugin', c.name()))
    c.expect('soname')
    draft.files.push(c.string())
    return draft
  }
  if (c.isMariadb) {
    c.expect('soname')
    const draft = draftCommand('install_plugin')
    draft.files.push(c.string())
    return draft
  }
  c.expect('component')
  const draft = draftCommand('install_component')
  do {
    const component = c.string()
    draft.objects.push(unqualified('component', component))
    draft.files.push(component)
  } while (c.accept(','))
  if (c.accept('set')) readComponentVariables(c, draft)
  return draft
}

/** `[GLOBAL | PERSIST] name = value, …`, behind SET of INSTALL COMPONENT. */
function readComponentVariables(c: TokenCursor, draft: CommandDraft): void {
  do {
    if (c.acceptAny(['global', 'persist']) === null && c.isPair('@@', 'global')) {
      c.advance()
      c.advance()
      c.expect('.')
    }
    let variable = c.name()
    if (c.accept('.')) variable += `.${c.name()}`
    draft.words.push(`set ${variable.toLowerCase()}`)
    if (!c.accept('=')) c.expect(':=')
    // ON, ALL and BINARY are values of variables.
    if (c.acceptAny(['on', 'all', 'binary']) === null) draft.expressions.push(c.grammar.expression(c))
  } while (c.accept(','))
}

/** Reads UNINSTALL; the cursor stands behind it. */
export function readUninstall(c: TokenCursor): Command {
  if (c.accept('plugin')) {
    const draft = draftCommand('uninstall_plugin')
    if (c.isMariadb) acceptIfExists(c)
    draft.objects.push(unqualified('plugin', c.name()))
    return draft
  }
  if (c.isMariadb) {
    c.expect('soname')
    const draft = draftCommand('uninstall_plugin')
    acceptIfExists(c)
    draft.files.push(c.string())
    return draft
  }
  c.expect('component')
  const draft = draftCommand('uninstall_component')
  do draft.objects.push(unqualified('component', c.string()))
  while (c.accept(','))
  return draft
}

/** Reads CACHE INDEX; the cursor stands behind CACHE. */
export function readCacheIndex(c: TokenCursor): Command {
  const draft = draftCommand('cache_index')
  c.expect('index')
  do {
    draft.objects.push({ type: 'table', name: qualifiedName(c) })
    readPartitionAndKeys(c)
  } while (c.accept(','))
  c.expect('in')
  draft.objects.push(unqualified('key_cache', c.accept('default') ? 'default' : c.name()))
  return draft
}

/** Reads LOAD INDEX INTO CACHE; the cursor stands behind LOAD. */
export function readLoadIndex(c: TokenCursor): Command {
  const draft = draftCommand('load_index')
  c.expect('index')
  c.expect('into')
  c.expect('cache')
  do {
    draft.objects.push({ type: 'table', name: qualifiedName(c) })
    readPartitionAndKeys(c)
    if (c.accept('ignore')) c.expect('leaves')
  } while (c.accept(','))
  return draft
}

function readPartitionAndKeys(c: TokenCursor): void {
  if (c.accept('partition')) {
    c.expect('(')
    if (!c.accept('all')) c.list((cursor) => cursor.name())
    c.expect(')')
  }
  if (c.acceptAny(['index', 'key']) === null) return
  c.expect('(')
  if (c.accept(')')) return
  do if (!c.accept('primary')) c.name()
  while (c.accept(','))
  c.expect(')')
}

/** Reads CLONE of MySQL; the cursor stands behind it. The directory goes into `files`. */
export function readClone(c: TokenCursor): Command {
  const draft = draftCommand('clone')
  if (c.accept('local')) {
    draft.words.push('local')
    c.expectPair('data', 'directory')
    c.accept('=')
    draft.files.push(c.string())
    return draft
  }
  c.expectPair('instance', 'from')
  draft.objects.push(unqualified('user', readKilledUser(c)))
  c.expect(':')
  c.integer()
  c.expectPair('identified', 'by')
  c.string()
  if (c.acceptPair('data', 'directory')) {
    c.accept('=')
    draft.files.push(c.string())
  }
  if (c.accept('require')) {
    c.accept('no')
    c.expect('ssl')
  }
  return draft
}

/** Reads BACKUP of MariaDB; the cursor stands behind it. */
export function readBackup(c: TokenCursor): Command {
  const draft = draftCommand('backup')
  if (c.accept('stage')) {
    draft.words.push(`stage ${c.name().toLowerCase()}`)
    return draft
  }
  if (c.accept('unlock')) {
    draft.words.push('unlock')
    return draft
  }
  c.expect('lock')
  draft.words.push('lock')
  draft.objects.push({ type: 'table', name: qualifiedName(c) })
  return draft
}

/** Reads IMPORT TABLE of MySQL; the cursor stands behind IMPORT. */
export function readImportTable(c: TokenCursor): Command {
  const draft = draftCommand('import_table')
  c.expectPair('table', 'from')
  do draft.files.push(c.string())
  while (c.accept(','))
  return draft
}

/** Reads BINLOG; the cursor stands behind it. */
export function readBinlog(c: TokenCursor): Command {
  const draft = draftCommand('binlog')
  if (c.isMariadb && c.kind === TokenKind.userVariable) {
    c.userVariableName()
    c.expect(',')
    c.userVariableName()
  } else c.string()
  return draft
}

/** Reads SHUTDOWN; the cursor stands behind it. */
export function readShutdown(c: TokenCursor): Command {
  if (c.isMariadb && c.acceptPair('wait', 'for')) {
    c.expect('all')
    if (c.acceptAny(['slaves', 'replicas']) === null) throw c.error()
  }
  return draftCommand('shutdown')
}
