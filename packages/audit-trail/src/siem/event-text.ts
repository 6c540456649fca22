import type { OcsfEvent, OcsfMetadata } from './ocsf-frame.ts'

/** How long a text may be in an event that is cut, in UTF-16 units: first as many as there are bytes, then half of it, at last this. */
const SHORTEST_TEXT_UNITS = 8
/** Before texts are cut to fewer, `unmapped` is left out. */
const SHORTEST_WITH_UNMAPPED_UNITS = 64
/** What an event is called and what it belongs to stays whole up to this. */
const WHOLE_NAME_UNITS = 192
/** A list keeps so many times fewer entries than a text keeps characters, but one always. */
const UNITS_PER_ENTRY = 16

/** No event is cut to fewer bytes: with no more than this it says what it is. */
export const LEAST_EVENT_BYTES = 3_800

/**
 * An event as JSON, in ASCII and on one line: whatever is not printable ASCII is written as `\uXXXX`. So no text in it can
 * end a line, a message or a frame, act on a terminal, or be read in another encoding; it reads back the same.
 */
export function eventText(event: OcsfEvent): string {
  return JSON.stringify(event).replace(/[^\x20-\x7e]/g, escapeUnit)
}

/**
 * The same in at most `bytes` (`LEAST_EVENT_BYTES` at least). An event that is longer is cut: its longest texts end in `…` and its longest lists early, as
 * little as it takes; where that would leave little of them, `unmapped` is left out first. `metadata` says so: `is_truncated`, and in `untruncated_size` how many bytes it were.
 */
export function boundedEventText(event: OcsfEvent, bytes: number): string {
  const whole = eventText(event)
  if (whole.length <= bytes) return whole
  const said = { uid: event.metadata.uid, is_truncated: true, untruncated_size: whole.length }
  const { unmapped: _, ...mapped } = event
  for (const [source, shortest] of [
    [event, SHORTEST_WITH_UNMAPPED_UNITS],
    [mapped, SHORTEST_TEXT_UNITS],
  ] as const) {
    for (let units = bytes; units >= shortest; units /= 2) {
      const metadata = { ...(cut(event.metadata, Math.max(units, WHOLE_NAME_UNITS)) as OcsfMetadata), ...said }
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
