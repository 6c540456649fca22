/** The people and agents of the demonstration: the claims their tokens carry. */
export const DEVELOPMENT_PRINCIPALS = {
  /** Copilot, working for Alice of the support desk. */
  agent: { sub: 'alice@shop.example', azp: 'copilot', client_id: 'copilot', groups: ['ai-agents'], desk: 'support' },
  /** An agent nobody gave any right to. */
  otherAgent: { sub: 'bob@shop.example', azp: 'other-agent', client_id: 'other-agent', groups: [] },
  /** Two administrators, so that four eyes can be shown. */
  approver: { sub: 'dana@shop.example', azp: 'admin-page', client_id: 'admin-page', groups: ['dba'] },
  otherApprover: { sub: 'erin@shop.example', azp: 'admin-page', client_id: 'admin-page', groups: ['dba'] },
  /** Sees and ends sessions, and revokes. */
  operator: { sub: 'olga@shop.example', azp: 'admin-page', client_id: 'admin-page', groups: ['sre'] },
  /** Reads everything, and changes nothing. */
  auditor: { sub: 'aidan@shop.example', azp: 'admin-page', client_id: 'admin-page', groups: ['audit'] },
} as const

export type DevelopmentPrincipal = keyof typeof DEVELOPMENT_PRINCIPALS

/** The admin page, as the development issuer knows it. */
export const ADMIN_CLIENT = 'admin-page'

/** `gatehouse login`, as the development issuer knows it. */
export const CLI_CLIENT = 'gatehouse-cli'
