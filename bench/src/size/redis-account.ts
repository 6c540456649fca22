import { connect } from 'node:net'

/** What a Redis has done since it began, by its own account. */
export interface RedisAccount {
  /** Of every command, those within scripts included. */
  readonly calls: ReadonlyMap<string, number>
  readonly cpuSeconds: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** Asks for it (INFO). What is asked here itself counts for nothing. */
export async function accountOf(redis: { readonly host: string; readonly port: number }): Promise<RedisAccount> {
  const info = await infoOf(redis)
  const calls = new Map<string, number>()
  for (const [, name = '', times] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    if (name !== 'info') calls.set(name, Number(times))
  const number = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  return {
    calls,
    cpuSeconds: number('used_cpu_sys') + number('used_cpu_user'),
    bytesIn: number('total_net_input_bytes'),
    bytesOut: number('total_net_output_bytes'),
  }
}

/** Commands between two looks: all of them, and each by its name. */
export function commandsBetween(
  before: RedisAccount,
  after: RedisAccount,
): { readonly all: number; readonly byName: ReadonlyMap<string, number> } {
  const byName = new Map<string, number>()
  let all = 0
  for (const [name, times] of after.calls) {
    const more = times - (before.calls.get(name) ?? 0)
    if (more === 0) continue
    byName.set(name, more)
    all += more
  }
  return { all, byName }
}

function infoOf(redis: { readonly host: string; readonly port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let length = Infinity
    const socket = connect(redis.port, redis.host, () => socket.write('INFO everything\r\n'))
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (length === Infinity && text.includes('\r\n'))
        length = Number(/^\$(\d+)/.exec(text)?.[1] ?? 0) + text.indexOf('\r\n')
      if (text.length < length) return
      socket.destroy()
      resolve(text)
    })
  })
}
