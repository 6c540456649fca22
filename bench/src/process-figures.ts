import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU seconds a process has used, all threads; their unit is the kernel's tick: 10 ms. 0 when it is gone. */
export function cpuSeconds(pid: number): { readonly user: number; readonly system: number } {
  const { user, system } = statOf(pid)
  return { user: user / TICKS_PER_SECOND, system: system / TICKS_PER_SECOND }
}

/** The same for a process with all its children, living, and dead where it has waited for them. */
export function cpuSecondsOfFamily(pid: number): number {
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    const candidate = Number(name)
    if (!Number.isInteger(candidate)) continue
    const stat = statOf(candidate)
    if (candidate === pid) ticks += stat.user + stat.system + stat.waited
    else if (stat.parent === pid) ticks += stat.user + stat.system
  }
  return ticks / TICKS_PER_SECOND
}

interface Stat {
  readonly parent: number
  readonly user: number
  readonly system: number
  readonly waited: number
}

/** Fields 4, and 14 to 17, of /proc/<pid>/stat (proc(5)); the command before them may hold blanks and parentheses. */
function statOf(pid: number): Stat {
  let text: string
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  } catch {
    return { parent: 0, user: 0, system: 0, waited: 0 }
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const field = (number: number): number => fields[number - 3] ?? 0
  return { parent: field(4), user: field(14), system: field(15), waited: field(16) + field(17) }
}
