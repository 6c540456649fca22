import { anyMatches, type Principal } from '@gatehouse/core'
import type { AdminConfig, Role, RoleMembers } from '../config/admin-config.ts'

/**
 * What a route may be open for; `public` needs nobody to be known, `signed_in` anybody who is,
 * `token_holder` also whoever has a token for the gateway alone, `known` anybody with a role.
 */
export type Permission =
  | 'public'
  | 'signed_in'
  | 'token_holder'
  | 'known'
  | 'approvals:read'
  | 'approvals:decide'
  | 'grants:read'
  | 'grants:revoke'
  | 'sessions:read'
  | 'sessions:end'
  /** Those of others. */
  | 'credentials:read'
  | 'credentials:revoke'
  | 'revocations:read'
  | 'revocations:write'
  | 'legal-holds:read'
  | 'legal-holds:write'
  | 'policy:read'
  | 'trail:read'
  /** What clients got to see: more than the trail says. */
  | 'recording:read'

/** What needs no role. */
const ROLELESS = ['public', 'signed_in', 'token_holder'] as const
type Roleless = (typeof ROLELESS)[number]

/** Which roles have which permission. */
const HOLDERS: Readonly<Record<Exclude<Permission, Roleless>, readonly Role[]>> = {
  known: ['approver', 'operator', 'auditor'],
  'approvals:read': ['approver', 'auditor'],
  'approvals:decide': ['approver'],
  'grants:read': ['approver', 'operator', 'auditor'],
  'grants:revoke': ['approver', 'operator'],
  'sessions:read': ['operator', 'auditor'],
  'sessions:end': ['operator'],
  'credentials:read': ['operator', 'auditor'],
  'credentials:revoke': ['operator'],
  'revocations:read': ['operator', 'auditor'],
  'revocations:write': ['operator'],
  'legal-holds:read': ['operator', 'auditor'],
  'legal-holds:write': ['operator'],
  'policy:read': ['operator', 'auditor'],
  'trail:read': ['auditor'],
  'recording:read': ['auditor'],
}

const ROLES: readonly Role[] = ['approver', 'operator', 'auditor']

/** The roles of a principal, by its groups and its subject. */
export function rolesOf(
  { subject, groups }: Pick<Principal, 'subject' | 'groups'>,
  roles: AdminConfig['roles'],
): readonly Role[] {
  return ROLES.filter((role) => isMember(subject, groups, roles[role]))
}

/** True when one of the roles has the permission. */
export function isPermitted(roles: readonly Role[], permission: Permission): boolean {
  return isRoleless(permission) || HOLDERS[permission].some((role) => roles.includes(role))
}

/** The roles that have a permission, for a message to one who has it not. */
export function holdersOf(permission: Permission): readonly Role[] {
  return isRoleless(permission) ? [] : HOLDERS[permission]
}

function isRoleless(permission: Permission): permission is Roleless {
  return ROLELESS.some((one) => one === permission)
}

function isMember(subject: string, groups: readonly string[], members: RoleMembers): boolean {
  return anyMatches(members.subjects, subject) || groups.some((group) => anyMatches(members.groups, group))
}
