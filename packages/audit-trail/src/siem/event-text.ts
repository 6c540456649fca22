import type { OcsfEvent } from './ocsf-frame.ts'

/** How long a text may be in an event that is cut, in UTF-16 units, from the first try on; each next one is half of it. */
const LONGEST_TEXT_UNITS = 32_768
const SHORTEST_TEXT_UNITS = 8
/** A list keeps so many times fewer entries than a text keeps characters, but one always. */
const UNITS_PER_ENTRY = 16

/** No event is cut to fewer bytes: with no more than this it says what it is. */
export const LEAST_EVENT_BYTES = 3_584

/**
 * An event as JSON, in ASCII and on one line: whatever is not printable ASCII is written as `\uXXXX`. So no text in it can
 * end a line, a message or a frame, act on a terminal, or be read in another encoding; it reads back the same.
 */
export function eventText(event: OcsfEvent): string {
  return JSON.stringify(event).replace(/[^\x20-\x7e]/g, escapeUnit)
}

/**
 * The same in at most `bytes` (`LEAST_EVENT_BYTES` at least). An event that is longer is cut: its longest texts end in `…` and its longest lists early, as
 * little as it takes, at last `unmapped` is left out. `metadata` is whole, and says so: `is_truncated`, and in `untruncated_size` how many bytes it were.
 */
export function boundedEventText(event: OcsfEvent, bytes: number): string {
  const whole = eventText(event)
  if (whole.length <= bytes) return whole
  const metadata = { ...event.metadata, is_truncated: true, untruncated_size: whole.length }
  const { unmapped: _, ...mapped } = event
  for (const source of [event, mapped]) {
    for (let units = LONGEST_TEXT_UNITS; units >= SHORTEST_TEXT_UNITS; units /= 2) {
      const text = eventText({ ...(cut(source, units) as OcsfEvent), metadata })
      if (text.length <= bytes) return text
    }
  }
  throw new RangeError(`an event does not fit into ${String(bytes)} bytes`)
}

function cut(value: unknown, units: number): unknown {
  if (typeof value === 'string') return value.length <= units ? value : `${value.slice(0, units)}…`
  if (Array.isArray(value)) {
    return value.slice(0, Math.max(1, units / UNITS_PER_ENTRY)).map((entry) => cut(entry, units))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cut(member, units)]))
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
