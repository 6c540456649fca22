import { Socket } from 'node:net'

/** What this process tried to reach beside this machine, as `host:port`. */
export interface Strays {
  readonly tried: readonly string[]
  restore(): void
}

/** A port that nobody listens at. */
const NOBODY = 1
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/** Keeps connections of this process on this machine, until `restore`; one to any other place is refused, and told. */
export function loopbackOnly(): Strays {
  const tried: string[] = []
  const connect = Reflect.get(Socket.prototype, 'connect')
  function guarded(this: Socket, ...args: unknown[]): unknown {
    const place = placeOf(args)
    if (place === null || LOOPBACK.has(place.host)) return Reflect.apply(connect, this, args)
    tried.push(`${place.host}:${place.port}`)
    return Reflect.apply(connect, this, [{ host: '127.0.0.1', port: NOBODY }])
  }
  Reflect.set(Socket.prototype, 'connect', guarded)
  return { tried, restore: () => void Reflect.set(Socket.prototype, 'connect', connect) }
}

/** Null: no address of a network. */
function placeOf(args: readonly unknown[]): { readonly host: string; readonly port: number } | null {
  // net.connect hands over its arguments as an array of options and callback.
  const [first] = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args
  if (typeof first === 'number') return { host: typeof args[1] === 'string' ? args[1] : 'localhost', port: first }
  if (typeof first !== 'object' || first === null || ('path' in first && typeof first.path === 'string')) return null
  const host = 'host' in first && typeof first.host === 'string' ? first.host : 'localhost'
  return { host, port: 'port' in first ? Number(first.port) : 0 }
}
