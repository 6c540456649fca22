import type { Buffer } from 'node:buffer'

const PRIME = 16777619
const OFFSET_BASIS = 0x811c9dc5 | 0

/** FNV-1a of `bytes[start, end)`, 32 bits signed. */
export function hashOfBytes(bytes: Buffer, start: number, end: number): number {
  let hash = OFFSET_BASIS
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME)
  return hash
}
