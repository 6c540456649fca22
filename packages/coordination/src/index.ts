export type {
  Approval,
  ApprovalRequest,
  ApprovalState,
  Decision,
  HistoryEntry,
  LeaveReason,
  Ticket,
  Waiter,
} from './approval/approval.ts'
export type {
  ApprovalEvent,
  ApprovalFilter,
  Approvals,
  AskLimits,
  AskOutcome,
  ClaimOutcome,
  DecideOutcome,
  LeaveOutcome,
  NewDecision,
  NewWaiter,
} from './approval/approvals.ts'
export type { Coordination, CoordinationState, CoordinationTraffic } from './coordination.ts'
export { CoordinationLost } from './coordination-lost.ts'
export type { Counters, Taken } from './counters.ts'
export type { Credential, Credentials, NewCredential } from './credentials.ts'
export type { Deliveries, Delivery, DeliveryOutcome, DeliveryPlace } from './deliveries.ts'
export type { Grant, Grants, NewGrant } from './grants.ts'
export { identityKey } from './identity.ts'
export type { Identity } from './identity.ts'
export type { Held, LegalHold, LegalHolds, NewLegalHold, NewLifting } from './legal-holds.ts'
export { openMemoryCoordination } from './memory/memory-coordination.ts'
export { MemoryHub } from './memory/memory-hub.ts'
export type { Message, Messages, Receiver } from './messages.ts'
export type { NewRevocation, Revocation, Revocations, Revoked, RevocableSession } from './revocations.ts'
export type {
  CancelKeyOwner,
  EnterOutcome,
  Gateway,
  GatewayLease,
  SessionFilter,
  SessionPatch,
  SessionRecord,
  Sessions,
} from './sessions.ts'
export { openRedisCoordination } from './redis/redis-coordination.ts'
export type { RedisNode, RedisOptions, RedisPlace } from './redis/redis-options.ts'
