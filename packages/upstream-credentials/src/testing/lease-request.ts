import type { LeaseRequest } from '../credential-source.ts'

/** A session that wants a credential for the target `shop`. */
export function leaseRequest(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    target: 'shop',
    engine: 'postgres',
    session: 'session-1',
    host: 'shop.example.com',
    port: 5432,
    user: null,
    ...changes,
  }
}
