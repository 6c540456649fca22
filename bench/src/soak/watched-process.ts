import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'

/** What a process holds. */
export interface Held {
  readonly residentBytes: number
  readonly heapBytes: number
  readonly descriptors: number
}

/** Of a gateway that is watched at this port; null: it does not run just now. */
export async function heldBy(pid: number, monitoringPort: number): Promise<Held | null> {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
    const metrics = await (await fetch(`http://127.0.0.1:${String(monitoringPort)}/metrics`)).text()
    return {
      residentBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
      heapBytes: Number(/^nodejs_memory_bytes\{[^}]*kind="heap_used"[^}]*\} (\S+)$/m.exec(metrics)?.[1] ?? 0),
      descriptors: readdirSync(`/proc/${String(pid)}/fd`).length,
    }
  } catch {
    return null
  }
}

/** How many keys a Redis has. */
export function keysOf(redis: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(redis.port, redis.host, () => socket.write('DBSIZE\r\n'))
    socket.on('error', reject)
    socket.once('data', (answer: Buffer) => {
      socket.destroy()
      resolve(Number(/^:(\d+)/.exec(answer.toString())?.[1] ?? Number.NaN))
    })
  })
}
