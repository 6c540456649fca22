/** Of `known`, the name that was most likely meant by `given`; null when none is near. */
export function nearestName(given: string, known: readonly string[]): string | null {
  // A name this long is no slip of the keyboard, and the distance costs its square.
  if (given.length > 64) return null
  let nearest: string | null = null
  let least = Math.max(2, Math.floor(given.length / 3)) + 1
  for (const name of known) {
    const distance = distanceOf(plain(given), plain(name))
    if (distance < least) {
      least = distance
      nearest = name
    }
  }
  return nearest
}

// A unit left out or cut short (`syncMillis`) is one slip, however many letters it has.
function distanceOf(given: string, name: string): number {
  const [shorter, longer] = given.length < name.length ? [given, name] : [name, given]
  return shorter.length >= 4 && longer.startsWith(shorter) ? 1 : editDistance(given, name)
}

// `max_connections`, `max-connections` and `maxConnections` are one name to a hurried reader.
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}

// Levenshtein, one row at a time.
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
