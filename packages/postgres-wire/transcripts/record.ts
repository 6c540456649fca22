// Records exchanges with a real PostgreSQL: node record.ts HOST PORT FILE [COUNT]. The server must trust the user
// postgres. Sends random requests one by one, each with a Flush (not recorded), so that what comes back before the next
// request is known to answer it. Line: direction, tag, body as JSON of its bytes (latin1). A blank line ends an exchange.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const [host = '127.0.0.1', port = '5432', file = 'random.txt', count = '60'] = process.argv.slice(2)
/** Long, because a reply that comes later than this is recorded as the answer to the wrong request. */
const QUIET_MILLISECONDS = 60
const AT_ONCE = 20

let seed = 20_260_101
function below(limit: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
  return (seed >> 8) % limit
}
function pick<V>(...choices: readonly V[]): V {
  const choice = choices[below(choices.length)]
  if (choice === undefined) throw new Error('nothing to pick from')
  return choice
}

/** One message as it goes over the wire. */
function frame(tag: string, body: string): Buffer {
  const bytes = Buffer.from(body, 'latin1')
  const head = Buffer.alloc(5)
  head.write(tag, 'latin1')
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

const NO_COUNT = '\0\0'
let number = 0
function statement(): string {
  number++
  return pick(
    `select ${number}`,
    `select ${number}`,
    `select ${number}`,
    `select ${number}`,
    `select generate_series(1, 3), ${number}`,
    `insert into t values (${number})`,
    'copy t from stdin',
    'copy t from stdin',
    `copy (select ${number}) to stdout`,
    'copy guarded from stdin',
    pick('selec', 'select 1/0'),
    'begin',
    'commit',
    'rollback',
    '',
    `do $$begin raise notice 'n${number}'; end$$`,
    'insert into unique_later values (1), (1)',
    `create temp table if not exists extra (a int)`,
  )
}

type Request = readonly [tag: string, body: string]

/** The next requests; `copying`: the server reads COPY data; `failed`: it waits for a Sync. */
function requests(copying: boolean, failed: boolean): readonly Request[] {
  if (copying)
    return [pick<Request>(['S', ''], ['d', '1\n'], ['d', '2\n'], ['d', 'x\n'], ['c', ''], ['c', ''], ['f', 'no\0'])]
  if (failed && below(3) === 0) return [['S', '']]
  const name = pick('', '', 's')
  const portal = pick('', '', 'p')
  const parse: Request = ['P', `${name}\0${statement()}\0${NO_COUNT}`]
  const bind: Request = ['B', `${portal}\0${name}\0${NO_COUNT.repeat(3)}`]
  const execute: Request = ['E', `${portal}\0\0\0\0${pick('\0', '\0', '\x02')}`]
  const close: Request = ['C', `${pick('S', 'P')}${pick('', 's', 'p')}\0`]
  return pick<readonly Request[]>(
    [['Q', `${statement()}\0`]],
    [
      ['S', ''],
      ['Q', `${statement()}\0`],
    ],
    [
      ['S', ''],
      ['Q', `${statement()}\0`],
    ],
    [
      ['S', ''],
      ['Q', `${statement()}; ${statement()}; ${statement()}\0`],
    ],
    [parse, bind, execute],
    [parse, bind, execute],
    [parse, ['D', `S${name}\0`], bind, ['D', `P${portal}\0`], execute, ['S', '']],
    [parse, bind, execute, execute, ['S', ''], ['C', `S${name}\0`], ['C', `P${portal}\0`]],
    [close, parse, bind, execute, ['S', '']],
    [bind, execute],
    [execute],
    [close],
    [['D', `P${portal}\0`]],
    [
      ['S', ''],
      ['F', `\0\0\x05\x13${NO_COUNT}${NO_COUNT}\0\0`],
    ],
    [
      ['S', ''],
      ['F', `\0\0\0\x01${NO_COUNT}${NO_COUNT}${NO_COUNT}`],
    ],
    [['S', '']],
    [['c', '']],
    [['d', 'stray']],
  )
}

async function exchange(steps: number): Promise<string[]> {
  const lines: string[] = []
  const socket = connect(Number(port), host)
  let unread = Buffer.alloc(0)
  let copying = false
  let failed = false
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk])
    while (unread.length >= 5 && unread.length > unread.readInt32BE(1)) {
      const end = unread.readInt32BE(1) + 1
      const tag = String.fromCharCode(unread[0] ?? 0)
      if (tag === 'G') copying = true
      if (tag === 'E' || tag === 'C') copying = false
      if (tag === 'E') failed = true
      if (tag === 'Z') failed = false
      lines.push(`< ${tag} ${JSON.stringify(unread.subarray(5, end).toString('latin1'))}`)
      unread = unread.subarray(end)
    }
  })
  const start = Buffer.from('\0\x03\0\0user\0postgres\0\0', 'latin1')
  const length = Buffer.alloc(4)
  length.writeInt32BE(start.length + 4)
  socket.write(Buffer.concat([length, start]))
  await pause(500)
  const guard = `create function pg_temp.refuse() returns trigger language plpgsql as $$begin raise 'guarded'; end$$`
  const tables = `create temp table t (a int); create temp table unique_later (a int unique deferrable initially deferred);
    create temp table guarded (a int); ${guard}; create trigger refuse before insert on guarded for each statement
    execute function pg_temp.refuse()`
  socket.write(frame('Q', `${tables}\0`))
  await pause(500)
  lines.length = 0
  let coming: readonly Request[] = []
  for (let left = steps; left > 0; left--) {
    if (coming.length === 0 || copying) coming = requests(copying, failed)
    // INVARIANT: an exchange ends with a Sync that is answered, so that nothing stays open.
    if (left === 1) coming = [copying ? ['c', ''] : ['S', '']]
    const [[tag, body] = ['S', ''], ...rest] = coming
    coming = rest
    lines.push(`> ${tag} ${JSON.stringify(body)}`)
    socket.write(Buffer.concat([frame(tag, body), frame('H', '')]))
    await pause(QUIET_MILLISECONDS)
    if (left === 1 && tag === 'c') left++
  }
  socket.destroy()
  return lines
}

const exchanges: string[] = []
async function work(): Promise<void> {
  while (exchanges.length < Number(count)) {
    const lines = await exchange(8 + below(24))
    if (exchanges.length < Number(count)) exchanges.push(lines.join('\n'))
  }
}
await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count)) }, work))
writeFileSync(file, `${exchanges.join('\n\n')}\n`)
